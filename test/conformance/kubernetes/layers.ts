import { basename, dirname, join } from 'node:path';
import type { LayerEntry } from '@gantry/node-agent/images/image.ts';

/** A folder and those above it, from the top down. */
export function parents(path: string): LayerEntry[] {
  const above = dirname(path);
  return [...(above === '.' ? [] : parents(above)), { kind: 'directory', path: join(above, basename(path)) }];
}

/** A file that everybody may read. */
export function file(path: string, content: Uint8Array | string): LayerEntry {
  return { kind: 'file', path, content };
}

/** A file that everybody may run. */
export function program(path: string, content: Uint8Array): Extract<LayerEntry, { kind: 'file' }> {
  return { kind: 'file', path, content, mode: 0o755 };
}

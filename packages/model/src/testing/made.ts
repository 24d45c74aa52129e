import { builtIn } from '../built-in.ts';
import { printedColumns } from '../columns.ts';
import { decodeManifest } from '../decode.ts';
import type { Kind, KubeObject } from '../kind.ts';

/** An object as the api makes it of a manifest: decoded, with its defaults and what the server sets. */
export function made(text: string): { readonly kind: Kind; readonly object: KubeObject } {
  const object = decodeManifest(text);
  const kind = builtIn.kindOfObject(object);
  kind.setDefaults(object);
  kind.prepareForCreate?.(object);
  return { kind, object };
}

/** Problems of the object of a manifest, each as `field: message`. */
export function problemsOf(text: string): string[] {
  const { kind, object } = made(text);
  return kind.validate(object).map(({ field, message }) => `${field}: ${message}`);
}

/** The cells that `get` prints of a manifest's object that was made ten minutes ago, by column. */
export function printed(text: string, wide = false): Record<string, string> {
  const { kind, object } = made(text);
  return printedObject(kind, object, wide);
}

/** The same of an object that is there already. */
export function printedObject(kind: Kind, object: KubeObject, wide = false): Record<string, string> {
  object.metadata.creationTimestamp = '2026-01-01T00:00:00Z';
  const nowMs = Date.parse('2026-01-01T00:10:00Z');
  return Object.fromEntries(printedColumns(kind, wide).map(({ name, cell }) => [name, cell(object, nowMs)]));
}

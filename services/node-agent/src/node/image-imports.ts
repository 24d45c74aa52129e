import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '@gantry/runtime/clock.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import type { Images } from '../runtime/runtime.ts';

/** Milliseconds between looks at the directory. */
const lookMs = 2_000;

/**
 * Imports image tars from a directory, at the start and whenever one is added or changed: local images come to nodes without
 * a registry.
 */
export function importImages(
  directory: string,
  deps: { readonly images: Pick<Images, 'importTar'>; readonly clock: Clock; readonly log: Logger },
): AsyncDisposable & { readonly imported: Promise<void> } {
  const stop = new AbortController();
  /** Size and time of each file that was imported, or could not be, by file name. */
  const seen = new Map<string, string>();
  const first = Promise.withResolvers<void>();
  const run = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      await importNew(directory, seen, deps, stop.signal);
      first.resolve();
      await deps.clock.sleep(lookMs, stop.signal).catch(() => {});
    }
  };
  const done = run();
  return {
    imported: first.promise,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await done;
    },
  };
}

async function importNew(
  directory: string,
  seen: Map<string, string>,
  { images, log }: { readonly images: Pick<Images, 'importTar'>; readonly log: Logger },
  signal: AbortSignal,
): Promise<void> {
  const names = (await readdir(directory).catch(() => [])).filter((name) => name.endsWith('.tar'));
  for (const name of names) {
    if (signal.aborted) return;
    const path = join(directory, name);
    const { size, mtimeMs } = await stat(path).catch(() => ({ size: -1, mtimeMs: 0 }));
    const mark = `${size} ${mtimeMs}`;
    if (size < 0 || seen.get(name) === mark) continue;
    try {
      const tags = await images.importTar(path, signal);
      log.info({ file: name, images: tags }, 'images imported');
      seen.set(name, mark);
    } catch (error) {
      if (signal.aborted) return;
      // It is tried again once it changes: a file that is being written is no image yet.
      log.warn({ error, file: name }, 'a file in the images directory could not be imported');
      seen.set(name, mark);
    }
  }
}

import { rename, stat } from 'node:fs/promises';
import type { Clock } from '@gantry/runtime/clock.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import type { Containers } from '../runtime/runtime.ts';
import { rotatedPath } from './files.ts';

/** Size at which a log is rotated, in bytes; a container's logs take about twice as much (Kubernetes: 10 MiB a file). */
export const maxLogBytes = 10 * 1024 * 1024;
/** Interval between two checks of all logs, in milliseconds. */
const lookMs = 10_000;

/** A running container and its log file. */
export interface GrowingLog {
  readonly containerId: string;
  readonly path: string;
}

/** Rotates a log that is too large, replacing the file of the rotation before. Returns whether it did. */
export async function rotateIfLarge(
  { containerId, path }: GrowingLog,
  containers: Pick<Containers, 'reopenLog'>,
  maxBytes: number = maxLogBytes,
): Promise<boolean> {
  const size = (await stat(path).catch(() => undefined))?.size ?? 0;
  if (size <= maxBytes) return false;
  await rename(path, rotatedPath(path));
  // Until this the runtime goes on writing into the renamed file: nothing is lost.
  await containers.reopenLog(containerId);
  return true;
}

/** Keeps the logs of running containers from growing without end. */
export function rotateLogs(
  growing: () => Iterable<GrowingLog>,
  deps: { readonly containers: Pick<Containers, 'reopenLog'>; readonly clock: Clock; readonly log: Logger },
): AsyncDisposable {
  const stop = new AbortController();
  const run = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      await deps.clock.sleep(lookMs, stop.signal).catch(() => {});
      if (stop.signal.aborted) return;
      try {
        for (const log of [...growing()]) {
          await rotateIfLarge(log, deps.containers).catch((error: unknown) => {
            deps.log.warn({ error, path: log.path }, 'a log could not be rotated');
          });
        }
      } catch (error) {
        deps.log.error({ error }, 'the logs could not be listed for rotation');
      }
    }
  };
  const done = run();
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await done;
    },
  };
}

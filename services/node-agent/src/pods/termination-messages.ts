import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { terminationMessagePath } from '../containers/mounts.ts';
import { LogFormatter, parseEntry } from '../logs/line.ts';
import type { ObservedContainer } from '../runtime/runtime.ts';
import type { PodPaths } from './paths.ts';
import { plannedContainers, podUid } from './spec.ts';
import type { PodView } from './view.ts';

/** Kubernetes' bounds: bytes of a termination message, and of the log's end if it stands in for one. */
const maxMessageBytes = 4_096;
const maxLogTailBytes = 2_048;

/**
 * Termination messages of containers: each is read once, when the container's end was observed, and at once: whoever sees that a
 * container ended sees its message. They are some kilobytes of local files.
 */
export class TerminationMessages {
  readonly #paths: PodPaths;
  /** By container id. */
  readonly #messages = new Map<string, string>();
  readonly #byPod = new Map<string, readonly string[]>();

  constructor(paths: PodPaths) {
    this.#paths = paths;
  }

  /** The container's termination message; empty if it wrote none. */
  of(containerId: string): string {
    return this.#messages.get(containerId) ?? '';
  }

  /** Reads the termination message of containers of the pod that ended, and forgets those that are gone. */
  sync(view: PodView): void {
    const uid = podUid(view.pod);
    const ended = view.sandboxes
      .flatMap((sandbox) => sandbox.containers)
      .filter(({ state }) => state.kind === 'exited');
    const ids = ended.map(({ id }) => id);
    for (const id of this.#byPod.get(uid) ?? []) if (!ids.includes(id)) this.#messages.delete(id);
    if (ids.length > 0) this.#byPod.set(uid, ids);
    else this.#byPod.delete(uid);
    for (const container of ended) {
      if (!this.#messages.has(container.id)) this.#messages.set(container.id, this.#read(view, container));
    }
  }

  #read(view: PodView, container: ObservedContainer): string {
    const uid = podUid(view.pod);
    const spec = plannedContainers(view.pod).find(({ name }) => name === container.name)?.spec;
    const path = terminationMessagePath(this.#paths, uid, container.name, container.attempt);
    const message = readTail(path, maxMessageBytes);
    const failed = container.state.kind === 'exited' && container.state.exitCode !== 0;
    if (message === '' && failed && spec?.terminationMessagePolicy === 'FallbackToLogsOnError') {
      return textOfLog(readTail(container.logPath, maxLogTailBytes));
    }
    return message;
  }
}

/** Messages of containers that write none. */
export const noMessages: Pick<TerminationMessages, 'of' | 'sync'> = { of: () => '', sync: () => {} };

/** The text that the end of a log's file holds. Of an entry whose beginning was cut off, all that is left is taken for text. */
export function textOfLog(tail: string): string {
  const formatter = new LogFormatter({ timestamps: false });
  const entries = tail.split('\n').filter((line) => line !== '');
  return entries
    .map((line) => {
      const entry = parseEntry(Buffer.from(line));
      return entry === undefined ? `${line}\n` : formatter.format(entry);
    })
    .join('');
}

/** The last bytes of a file; empty if there is none. */
function readTail(path: string, maxBytes: number): string {
  let file: number | undefined;
  try {
    // A link or a pipe that took the place of the file is not followed and not waited for.
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const { size } = fstatSync(file);
    const buffer = Buffer.alloc(Math.min(size, maxBytes));
    return buffer.subarray(0, readSync(file, buffer, 0, buffer.length, size - buffer.length)).toString('utf8');
  } catch {
    return '';
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Logger } from '@gantry/runtime/log.ts';
import { contain } from '../contain.ts';
import { terminationMessagePath } from '../containers/mounts.ts';
import { LogFormatter, parseEntry } from '../logs/line.ts';
import type { ObservedContainer } from '../runtime/runtime.ts';
import type { PodPaths } from './paths.ts';
import { plannedContainers, podUid } from './spec.ts';
import type { PodView } from './view.ts';

/** Kubernetes' bounds: bytes of a termination message, and of the log's end if it stands in for one. */
const maxMessageBytes = 4_096;
const maxLogTailBytes = 2_048;

/** Termination messages of containers: each is read once, after the container's end was observed. */
export class TerminationMessages {
  readonly #log: Logger;
  readonly #paths: PodPaths;
  readonly #onRead: (podUid: string) => void;
  /** By container id; empty while it is read. */
  readonly #messages = new Map<string, string>();
  readonly #byPod = new Map<string, readonly string[]>();

  /** @param onRead Called when there is something to show of a pod. */
  constructor(paths: PodPaths, onRead: (podUid: string) => void, log: Logger) {
    this.#log = log;
    this.#paths = paths;
    this.#onRead = onRead;
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
      if (this.#messages.has(container.id)) continue;
      this.#messages.set(container.id, '');
      contain(this.#log, 'reading a termination message', () => this.#read(view, container));
    }
  }

  async #read(view: PodView, container: ObservedContainer): Promise<void> {
    const uid = podUid(view.pod);
    const spec = plannedContainers(view.pod).find(({ name }) => name === container.name)?.spec;
    const path = terminationMessagePath(this.#paths, uid, container.name, container.attempt);
    let message = await readTail(path, maxMessageBytes);
    const failed = container.state.kind === 'exited' && container.state.exitCode !== 0;
    if (message === '' && failed && spec?.terminationMessagePolicy === 'FallbackToLogsOnError') {
      message = textOfLog(await readTail(container.logPath, maxLogTailBytes));
    }
    if (message === '' || !this.#messages.has(container.id)) return;
    this.#messages.set(container.id, message);
    this.#onRead(uid);
  }
}

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
async function readTail(path: string, maxBytes: number): Promise<string> {
  try {
    // A link or a pipe that took the place of the file is not followed and not waited for.
    await using file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const { size } = await file.stat();
    const length = Math.min(size, maxBytes);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
    return buffer.subarray(0, bytesRead).toString('utf8');
  } catch {
    return '';
  }
}

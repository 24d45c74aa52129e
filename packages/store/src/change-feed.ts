import { checkWatch } from './limits.ts';
import { revisionTooLarge, watchExpired } from './problems.ts';
import type { Change, WatchOptions } from './store.ts';

/** Changes read back from the store's history. */
export interface HistoryPage {
  /** Matching changes, in revision order. */
  readonly changes: readonly Change[];
  /** Every matching change up to this revision is in the page. */
  readonly through: number;
}

/** Source of the changes that a feed no longer holds, and of the store's position. */
export interface HistorySource {
  /** The changes after a revision with keys that start with the prefix, a bounded page; undefined where compacted. */
  readHistory(prefix: string, after: number): Promise<HistoryPage | undefined>;
  /** The store's revision now, and the one up to which it was compacted. */
  position(): Promise<{ readonly revision: number; readonly compacted: number }>;
}

/** Most changes and characters of values that a feed holds, so that its memory is bounded whatever watchers do. */
const maxHeldChanges = 8192;
const maxHeldCharacters = 16 * 1024 * 1024;
/** Most changes that a watcher gets at a time. */
const maxBatch = 1024;

/**
 * The newest changes of a store, shared by all of its watchers. A watcher is only a revision: it takes what is held
 * after that revision, and reads the history where it is further behind. A slow watcher costs no memory.
 *
 * Revisions are consecutive, so that `held[i]` is the change with revision `first + i`.
 */
export class ChangeFeed {
  readonly #source: HistorySource;
  #held: Change[] = [];
  #heldCharacters = 0;
  /** Revision of the newest change that was published. */
  #last = 0;
  #failure: Error | undefined;
  #generation = 0;
  #wake = Promise.withResolvers<void>();

  constructor(source: HistorySource) {
    this.#source = source;
  }

  /** Revision of the newest change that was published. */
  get last(): number {
    return this.#last;
  }

  /** Starts over at a revision: forgets what is held; watchers before it read the history. */
  reset(revision: number): void {
    this.#held = [];
    this.#heldCharacters = 0;
    this.#last = revision;
    this.#wakeAll();
  }

  /** Adds changes in revision order. A gap before them (some were trimmed unseen) makes the feed start over there. */
  publish(changes: readonly Change[]): void {
    for (const change of changes) {
      if (change.revision <= this.#last) continue;
      if (change.revision !== this.#last + 1) this.reset(change.revision - 1);
      this.#held.push(change);
      this.#heldCharacters += size(change);
      this.#last = change.revision;
    }
    this.#trim();
    this.#wakeAll();
  }

  /** Ends every watch that runs now with the error; later watches start afresh. */
  endWatches(error: Error): void {
    this.#failure = error;
    this.#generation += 1;
    this.#wakeAll();
  }

  /** See Store.watch. */
  async *watch(options: WatchOptions): AsyncGenerator<readonly Change[], void, undefined> {
    checkWatch(options);
    const { prefix, signal, until = Number.POSITIVE_INFINITY } = options;
    const generation = this.#generation;
    const position = await unlessAborted(this.#source.position(), signal);
    if (position === undefined) return;
    if (options.after > position.revision) throw revisionTooLarge(options.after, position.revision);
    // The held changes may reach back further, but whether a watch can start must not depend on luck.
    if (options.after < position.compacted) throw watchExpired();
    let after = options.after;
    while (!signal.aborted && after < until) {
      if (generation !== this.#generation) throw this.#failure;
      const wake = this.#wake.promise;
      const page = this.#take(prefix, after) ?? (await unlessAborted(this.#source.readHistory(prefix, after), signal));
      if (signal.aborted) return;
      if (page === undefined) throw watchExpired();
      const changes = page.through <= until ? page.changes : page.changes.filter(({ revision }) => revision <= until);
      if (changes.length > 0) yield changes;
      else if (page.through === after) await unlessAborted(wake, signal);
      after = page.through;
    }
  }

  /** The held changes after a revision; undefined where the feed does not reach back so far. */
  #take(prefix: string, after: number): HistoryPage | undefined {
    if (after >= this.#last) return { changes: [], through: after };
    const start = after + 1 - (this.#last - this.#held.length + 1);
    if (start < 0) return undefined;
    const slice = this.#held.slice(start, start + maxBatch);
    const changes = prefix === '' ? slice : slice.filter((change) => change.key.startsWith(prefix));
    return { changes, through: after + slice.length };
  }

  #trim(): void {
    let drop = Math.max(0, this.#held.length - maxHeldChanges);
    // The newest change always stays. Half is dropped at a time, so that trimming is not paid for with every change.
    if (drop > 0) drop = Math.floor(this.#held.length / 2);
    for (let index = 0; index < drop; index += 1) this.#heldCharacters -= size(this.#held[index]!);
    while (this.#heldCharacters > maxHeldCharacters && drop < this.#held.length - 1) {
      this.#heldCharacters -= size(this.#held[drop]!);
      drop += 1;
    }
    if (drop > 0) this.#held.splice(0, drop);
  }

  #wakeAll(): void {
    this.#wake.resolve();
    this.#wake = Promise.withResolvers<void>();
  }
}

function size(change: Change): number {
  return change.key.length + change.value.length + (change.previous?.length ?? 0);
}

/** Awaits a promise; resolves with undefined as soon as the signal fires. Leaves no listener behind. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  const { promise: settled, resolve, reject } = Promise.withResolvers<T | undefined>();
  const stop = (): void => resolve(undefined);
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  promise.then(resolve, reject);
  return settled.finally(() => signal.removeEventListener('abort', stop));
}

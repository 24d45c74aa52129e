import type { Kind } from '@gantry/model/kind.ts';
import { type Registry, resourceOf } from '@gantry/model/registry.ts';
import { backoffMs, defaultBackoff } from '@gantry/runtime/backoff.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { GantryError, isError } from '@gantry/runtime/errors.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import { Semaphore } from '@gantry/runtime/semaphore.ts';
import type { Change, Store } from '@gantry/store/store.ts';
import { damagedObject } from '../core/damage.ts';
import type { Limits } from '../core/limits.ts';
import { Backlog } from './backlog.ts';
import { catchUp } from './catch-up.ts';
import { type DecodeDeps, type HubChange, type Selection, toHubChange, type WatchEvent } from './change.ts';
import { FieldIndex } from './field-index.ts';
import { type ChangeObserver, loadObservers } from './observers.ts';
import { RecentChanges } from './recent.ts';
import { concerns, deliver, type Watcher, Watchers } from './watchers.ts';

export interface HubDeps extends DecodeDeps {
  readonly kinds: Pick<Registry, 'kinds' | 'onChange'>;
  readonly store: Pick<Store, 'list' | 'watch'>;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly log: Logger;
  readonly observers: readonly ChangeObserver[];
}

const bookmarkEveryMs = 60_000;
/** The same for watches that ask for prompt ones, while there are changes. */
const progressEveryMs = 500;
/** Recent changes that a watch takes at a time while it catches up. */
const recentBatch = 512;
/** Longest time that a watch waits for its revision where this process has not seen it yet. */
const maxAheadMs = 5_000;

/**
 * The process's one tail of the change stream, fanned out to watchers. A change is decoded once; each watcher's selectors
 * decide on its event; a watcher that does not keep up is never waited for: it reads what it missed from memory or the store's history.
 *
 * The hub lives in generations. A generation fans out every change after the revision at which it began. It ends when
 * changes are compacted unseen or an observer throws: then every watcher ends with Expired, the state is loaded anew, and new
 * watchers wait for the next generation. So a watcher gets every change or an error.
 */
export class WatchHub implements AsyncDisposable {
  readonly #deps: HubDeps;
  readonly #stop = new AbortController();
  readonly #index: FieldIndex;
  readonly #observers: readonly ChangeObserver[];
  readonly #watchers = new Watchers();
  readonly #catchUps: Semaphore;
  readonly #kindChanges: Disposable;
  readonly #waiters = new Set<{ readonly revision: number; readonly wake: () => void }>();
  /** Fires when the present generation ends. */
  #generation = new AbortController();
  /** False between generations, while the state is loaded. */
  #loaded = false;
  #recent = new RecentChanges(0);
  /** The last ends of kinds by resource, for watches that were catching up. */
  readonly #ends = new Map<string, Error>();
  #revision = 0;
  #open = 0;
  #following = false;
  #running: Promise<void> = Promise.resolve();

  constructor(deps: HubDeps) {
    this.#deps = deps;
    this.#index = new FieldIndex(deps.kinds.kinds);
    this.#observers = [this.#index, ...deps.observers];
    this.#catchUps = new Semaphore(deps.limits.maxCatchUps);
    this.#kindChanges = deps.kinds.onChange(({ type, kind, isSucceeded }) => {
      if (type === 'removed' && !isSucceeded) this.#endOf(kind);
    });
  }

  /** Loads the observers' state and starts to follow the store. Rejects when the store cannot be read. */
  async start(): Promise<void> {
    await this.#load();
    this.#running = Promise.all([this.#follow(), this.#sendBookmarks(), this.#sendProgress()]).then(() => undefined);
  }

  /** All changes up to this revision were fanned out. */
  get revision(): number {
    return this.#revision;
  }

  /** Open watches. */
  get watcherCount(): number {
    return this.#open;
  }

  /** Calls of `reached` that wait. */
  get waiterCount(): number {
    return this.#waiters.size;
  }

  /** True while changes arrive from the store. */
  get following(): boolean {
    return this.#following;
  }

  /**
   * Resolves when all changes up to `revision` were fanned out. Rejects with Timeout after `timeoutMs`, and with the reason
   * of the signal when that fires first.
   */
  async reached(revision: number, timeoutMs: number, signal?: AbortSignal): Promise<void> {
    if (this.#hasReached(revision)) return;
    signal?.throwIfAborted();
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiter = { revision, wake: resolve };
    const settled = new AbortController();
    const ended = AbortSignal.any([settled.signal, this.#stop.signal, ...(signal ? [signal] : [])]);
    const timeout = this.#deps.clock.sleep(timeoutMs, ended).then(
      () => Promise.reject(new GantryError('Timeout', `revision ${revision} was not seen in time`)),
      (error: unknown) => Promise.reject(signal?.aborted ? signal.reason : error),
    );
    this.#waiters.add(waiter);
    try {
      await Promise.race([promise, timeout]);
    } finally {
      this.#waiters.delete(waiter);
      settled.abort();
    }
  }

  /**
   * The keys that were in the scope of an indexed field at a revision that this process has reached, each with the revision
   * of its object; a key that changed since has an unknown one, and may never have been in the scope at all. Undefined
   * where the revision is too old to tell.
   */
  keysAt(scope: string, revision: number): Map<string, number | undefined> | undefined {
    if (!this.#hasReached(revision) || revision < this.#recent.since) return undefined;
    const keys = new Map<string, number | undefined>(this.#index.find(scope));
    for (const change of this.#recent.after(revision)) {
      if (change.fieldScopes?.includes(scope)) keys.set(change.key, undefined);
    }
    return keys;
  }

  /**
   * Events for a selection after a revision, without gap or duplicate, until the signal fires.
   * @param prompt Bookmarks follow changes within half a second.
   */
  async *watch(selection: Selection, after: number, signal: AbortSignal, prompt = false): AsyncGenerator<WatchEvent> {
    if (this.#open >= this.#deps.limits.maxWatches) {
      throw new GantryError('TooManyRequests', `too many watches are open, at most ${this.#deps.limits.maxWatches}`);
    }
    this.#open++;
    try {
      // The generation may end between the moment at which the revision was reached and our turn.
      do await this.#awaitRevision(after, signal);
      while (!this.#hasReached(after));
      yield* this.#attach(selection, after, signal, prompt);
    } finally {
      this.#open--;
    }
  }

  /** A revision that no change will ever reach is one of another store's life: the client must list again. */
  async #awaitRevision(after: number, signal: AbortSignal): Promise<void> {
    try {
      await this.reached(after, maxAheadMs, signal);
    } catch (error) {
      if (!isError(error, 'Timeout')) throw error;
      if (!this.#loaded) throw new GantryError('ServiceUnavailable', 'the state is being loaded', { cause: error });
      throw new GantryError('Expired', `Too large resource version: ${after}, current: ${this.#revision}`);
    }
  }

  async *#attach(
    selection: Selection,
    after: number,
    signal: AbortSignal,
    prompt: boolean,
  ): AsyncGenerator<WatchEvent> {
    const generation = this.#generation.signal;
    const ends = this.#ends.get(selection.resource);
    for (let position = after; ; ) {
      position = yield* this.#catchUp(selection, position, signal, generation);
      if (signal.aborted) return;
      generation.throwIfAborted();
      const error = this.#ends.get(selection.resource);
      if (error !== ends) throw error;
      // No await from here to the registration, so that no change falls between the recent and the live ones.
      const backlog = new Backlog<WatchEvent>(this.#deps.limits.maxWatchBacklog);
      const stop = (): void => backlog.end();
      signal.addEventListener('abort', stop, { once: true });
      const watcher: Watcher = { selection, after: position, backlog, prompt };
      for (const change of this.#recent.after(position)) deliver(change, watcher);
      this.#watchers.add(watcher);
      try {
        yield* backlog;
      } finally {
        this.#watchers.delete(watcher);
        signal.removeEventListener('abort', stop);
      }
      if (!backlog.overflowed) return;
      position = backlog.taken?.resourceVersion ?? position;
    }
  }

  /**
   * Older changes from the store first, then recent ones from memory a few at a time, until the rest fits into a backlog: none
   * fills meanwhile. Returns the revision up to which it came.
   */
  async *#catchUp(
    selection: Selection,
    after: number,
    signal: AbortSignal,
    generation: AbortSignal,
  ): AsyncGenerator<WatchEvent, number> {
    const most = Math.min(recentBatch, this.#deps.limits.maxWatchBacklog);
    for (let position = after; ; ) {
      if (position < this.#recent.since) {
        const until = this.#revision;
        const range = { after: position, until };
        const either = AbortSignal.any([signal, generation]);
        yield* catchUp({ ...this.#deps, slots: this.#catchUps }, selection, range, either);
        position = until;
      } else {
        const changes = this.#recent.after(position).take(most).toArray();
        if (changes.length < most) return position;
        for (const change of changes) {
          const event = concerns(change, selection) ? change.eventFor(selection) : undefined;
          if (event !== undefined) yield event;
        }
        position = changes.at(-1)!.revision;
      }
      if (signal.aborted || generation.aborted) return position;
    }
  }

  async #follow(): Promise<void> {
    const { store, clock, log } = this.#deps;
    const signal = this.#stop.signal;
    for (let failures = 0; !signal.aborted; ) {
      try {
        if (!this.#loaded) await this.#load();
        this.#following = true;
        for await (const changes of store.watch({ prefix: '', after: this.#revision, signal })) {
          this.#fanOut(changes);
          failures = 0;
        }
        // The stream ends when the signal fires; one that ends by itself is broken.
        if (!signal.aborted) throw new GantryError('ServiceUnavailable', 'the stream of changes ended');
      } catch (error) {
        this.#following = false;
        if (signal.aborted) return;
        failures++;
        log.warn({ error, failures }, 'the tail of the store broke; reading on');
        if (isError(error, 'Expired')) this.#endGeneration();
        await clock.sleep(backoffMs(defaultBackoff, failures), signal).catch(() => undefined);
      }
    }
    this.#following = false;
  }

  /** Ends the watches of a kind that is served no more, or from now on in another form. */
  #endOf(kind: Kind): void {
    const error = new GantryError('Expired', `the definition of ${resourceOf(kind)} changed; list again`);
    this.#ends.set(resourceOf(kind), error);
    this.#watchers.endOf(resourceOf(kind), error);
  }

  /** Ends every watch with Expired. The state is loaded anew before a watch can join again. */
  #endGeneration(): void {
    const lost = new GantryError('Expired', 'changes since the watch began may have been missed; list again');
    this.#loaded = false;
    this.#generation.abort(lost);
    this.#watchers.endAll(lost);
  }

  async #load(): Promise<void> {
    const revision = await loadObservers({ ...this.#deps, observers: this.#observers }, this.#stop.signal);
    this.#revision = revision;
    this.#recent = new RecentChanges(revision);
    this.#generation = new AbortController();
    this.#loaded = true;
    this.#wake();
  }

  #fanOut(changes: readonly Change[]): void {
    for (const change of changes) {
      this.#deps.damaged.forget(change.key, change.revision);
      if (change.type === 'delete') this.#deps.cache.forget(change.key, change.revision);
      const event = toHubChange(change, this.#deps);
      try {
        this.#observe(change, event);
      } catch (error) {
        this.#endGeneration();
        throw error;
      }
      this.#revision = change.revision;
      if (event === undefined) continue;
      this.#recent.add(event);
      this.#watchers.deliver(event);
      event.settle();
    }
    this.#wake();
  }

  #observe(change: Change, event: HubChange | undefined): void {
    this.#contained(change, event, () => {
      if (event !== undefined) event.fieldScopes = this.#index.scopesOf(event);
    });
    for (const observer of this.#observers) this.#contained(change, event, () => observer.onChange(change, event));
  }

  /** Runs what reads a change. A field of another type makes the object a damaged one; a reload would meet it again. */
  #contained(change: Change, event: HubChange | undefined, read: () => void): void {
    try {
      read();
    } catch (error) {
      if (event === undefined || !(error instanceof TypeError)) throw error;
      this.#deps.damaged.note(damagedObject(change, error));
    }
  }

  #hasReached(revision: number): boolean {
    return this.#loaded && revision <= this.#revision;
  }

  #wake(): void {
    for (const waiter of this.#waiters) if (this.#hasReached(waiter.revision)) waiter.wake();
  }

  async #sendProgress(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await this.#deps.clock.sleep(progressEveryMs, this.#stop.signal).catch(() => undefined);
      if (!this.#stop.signal.aborted && this.#loaded) this.#watchers.progress(this.#revision);
    }
  }

  async #sendBookmarks(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await this.#deps.clock.sleep(bookmarkEveryMs, this.#stop.signal).catch(() => undefined);
      if (!this.#stop.signal.aborted) this.#watchers.bookmark(this.#revision);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#kindChanges[Symbol.dispose]();
    this.#watchers.endAll();
    await this.#running;
  }
}

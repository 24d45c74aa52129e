import { backoffMs, defaultBackoff } from '@gantry/runtime/backoff.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { GantryError, isError } from '@gantry/runtime/errors.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import type { Change, Store } from '@gantry/store/store.ts';
import type { Limits } from '../core/limits.ts';
import type { ObjectCache } from '../core/stored-object.ts';
import { Backlog } from './backlog.ts';
import { type HubChange, type Selection, toHubChange, type WatchEvent } from './change.ts';
import { RecentChanges } from './recent.ts';
import { Semaphore } from './semaphore.ts';

/** Something in this process that keeps state derived from all changes. Called in revision order; must not throw. */
export interface ChangeObserver {
  /** Reads the state to start from; returns the revision that it is the state of. Called again after a compaction was missed. */
  load(signal: AbortSignal): Promise<number>;
  /** @param event The same change, where it is that of an object. */
  onChange(change: Change, event: HubChange | undefined): void;
}

export interface HubDeps {
  readonly store: Store;
  readonly cache: ObjectCache;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly log: Logger;
  readonly observer: ChangeObserver;
}

interface Watcher {
  readonly selection: Selection;
  /** Changes up to this revision are not for it. */
  readonly after: number;
  readonly backlog: Backlog<WatchEvent>;
}

const bookmarkEveryMs = 60_000;
/** How long a watch from a revision that this process has not seen yet waits for it. */
const maxAheadMs = 5_000;

/**
 * The process's one tail of the store's changes, fanned out to watchers. A change is decoded once, each watcher's
 * selectors decide what it is told, and a watcher that does not keep up is ended rather than waited for.
 */
export class WatchHub implements AsyncDisposable {
  readonly #deps: HubDeps;
  readonly #stop = new AbortController();
  readonly #byResource = new Map<string, Set<Watcher>>();
  readonly #catchUps: Semaphore;
  readonly #waiters = new Set<{ readonly revision: number; readonly wake: () => void }>();
  #recent = new RecentChanges(0);
  #revision = 0;
  #watchers = 0;
  #following = false;
  #running: Promise<void> = Promise.resolve();

  constructor(deps: HubDeps) {
    this.#deps = deps;
    this.#catchUps = new Semaphore(deps.limits.maxCatchUps);
  }

  /** Loads the observer's state and starts to follow the store. Rejects when the store cannot be read. */
  async start(): Promise<void> {
    await this.#reload();
    this.#running = Promise.all([this.#follow(), this.#sendBookmarks()]).then(() => undefined);
  }

  /** All changes up to this revision were fanned out. */
  get revision(): number {
    return this.#revision;
  }

  /** Open watches. */
  get watcherCount(): number {
    return this.#watchers;
  }

  /** True while changes arrive from the store. */
  get following(): boolean {
    return this.#following;
  }

  /** Resolves when all changes up to `revision` were fanned out; rejects with Timeout after `timeoutMs`. */
  async reached(revision: number, timeoutMs: number, signal?: AbortSignal): Promise<void> {
    if (revision <= this.#revision) return;
    const timeout = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(timeoutMs), ...(signal ? [signal] : [])]);
    await new Promise<void>((resolve, reject) => {
      const waiter = { revision, wake: resolve };
      this.#waiters.add(waiter);
      timeout.addEventListener('abort', () => {
        this.#waiters.delete(waiter);
        reject(
          signal?.aborted ? signal.reason : new GantryError('Timeout', `revision ${revision} was not seen in time`),
        );
      });
    });
  }

  /** Events for a selection after a revision, without gap or duplicate, until the signal fires. */
  async *watch(selection: Selection, after: number, signal: AbortSignal): AsyncGenerator<WatchEvent> {
    if (this.#watchers >= this.#deps.limits.maxWatches) {
      throw new GantryError('TooManyRequests', `too many watches are open, at most ${this.#deps.limits.maxWatches}`);
    }
    this.#watchers++;
    try {
      await this.#awaitRevision(after, signal);
      yield* this.#attach(selection, after, signal);
    } finally {
      this.#watchers--;
    }
  }

  /** A revision that no change will ever reach is one of another store's life: the client must list again. */
  async #awaitRevision(after: number, signal: AbortSignal): Promise<void> {
    try {
      await this.reached(after, maxAheadMs, signal);
    } catch (error) {
      if (!isError(error, 'Timeout')) throw error;
      throw new GantryError('Expired', `Too large resource version: ${after}, current: ${this.#revision}`);
    }
  }

  async *#attach(selection: Selection, after: number, signal: AbortSignal): AsyncGenerator<WatchEvent> {
    const backlog = new Backlog<WatchEvent>(this.#deps.limits.maxWatchBacklog, tooSlow);
    const stop = (): void => backlog.end();
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    const watchers = this.#watchersOf(selection.resource);
    // From here to the registration nothing waits, so no change can fall between the recent ones and the live ones.
    const joinedAt = this.#revision;
    const recent = after >= this.#recent.since;
    const watcher: Watcher = { selection, after, backlog };
    if (recent) for (const change of this.#recent.after(after)) deliver(change, watcher);
    watchers.add(watcher);
    try {
      if (!recent) yield* this.#catchUp(watcher, joinedAt, signal);
      yield* backlog;
    } finally {
      watchers.delete(watcher);
      signal.removeEventListener('abort', stop);
    }
  }

  /** Reads changes after the watcher's revision up to `until` from the store. `until` is the revision of a change, so the read ends. */
  async *#catchUp(watcher: Watcher, until: number, signal: AbortSignal): AsyncGenerator<WatchEvent> {
    using _slot = await this.#catchUps.acquire(signal);
    const reading = new AbortController();
    const either = AbortSignal.any([signal, this.#stop.signal, reading.signal]);
    try {
      for await (const changes of this.#deps.store.watch({ prefix: '', after: watcher.after, signal: either })) {
        for (const change of changes) {
          if (change.revision > until) return;
          const event = toHubChange(change, this.#deps.cache);
          const told = event && concerns(event, watcher.selection) ? event.eventFor(watcher.selection) : undefined;
          if (told) yield told;
          if (change.revision === until) return;
        }
      }
    } finally {
      reading.abort();
    }
  }

  async #follow(): Promise<void> {
    const { store, clock, log } = this.#deps;
    const signal = this.#stop.signal;
    for (let failures = 0; !signal.aborted; ) {
      try {
        this.#following = true;
        for await (const changes of store.watch({ prefix: '', after: this.#revision, signal })) {
          failures = 0;
          this.#fanOut(changes);
        }
        // It ends when it is told to; one that ends by itself is broken like one that throws.
        if (!signal.aborted) throw new GantryError('ServiceUnavailable', 'the stream of changes ended');
      } catch (error) {
        this.#following = false;
        if (signal.aborted) return;
        failures++;
        log.warn({ error, failures }, 'the tail of the store broke; reading on');
        await clock.sleep(backoffMs(defaultBackoff, failures), signal).catch(() => undefined);
        if (isError(error, 'Expired')) await this.#restart();
      }
    }
    this.#following = false;
  }

  /** Changes were compacted before this process saw them: everybody starts anew. */
  async #restart(): Promise<void> {
    const lost = new GantryError('Expired', 'the changes since the watch began were compacted; list again');
    for (const watchers of this.#byResource.values()) for (const watcher of watchers) watcher.backlog.end(lost);
    await this.#reload().catch((error) => this.#deps.log.warn({ error }, 'the state could not be loaded'));
  }

  async #reload(): Promise<void> {
    this.#revision = await this.#deps.observer.load(this.#stop.signal);
    this.#recent = new RecentChanges(this.#revision);
  }

  #fanOut(changes: readonly Change[]): void {
    for (const change of changes) {
      if (change.type === 'delete') this.#deps.cache.forget(change.key, change.revision);
      const event = toHubChange(change, this.#deps.cache);
      this.#revision = change.revision;
      this.#deps.observer.onChange(change, event);
      if (event === undefined) continue;
      this.#recent.add(event);
      for (const watcher of this.#byResource.get(event.parts.resource) ?? []) deliver(event, watcher);
    }
    for (const waiter of this.#waiters) {
      if (waiter.revision > this.#revision) continue;
      this.#waiters.delete(waiter);
      waiter.wake();
    }
  }

  async #sendBookmarks(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await this.#deps.clock.sleep(bookmarkEveryMs, this.#stop.signal).catch(() => undefined);
      const bookmark: WatchEvent = { type: 'BOOKMARK', resourceVersion: this.#revision };
      for (const watchers of this.#byResource.values()) {
        for (const watcher of watchers) if (watcher.after <= this.#revision) watcher.backlog.push(bookmark);
      }
    }
  }

  #watchersOf(resource: string): Set<Watcher> {
    const known = this.#byResource.get(resource);
    if (known !== undefined) return known;
    const made = new Set<Watcher>();
    this.#byResource.set(resource, made);
    return made;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    for (const watchers of this.#byResource.values()) for (const watcher of watchers) watcher.backlog.end();
    await this.#running;
  }
}

function concerns(change: HubChange, selection: Selection): boolean {
  return (
    change.parts.resource === selection.resource &&
    (selection.namespace === '' || selection.namespace === change.parts.namespace)
  );
}

function deliver(change: HubChange, watcher: Watcher): void {
  if (change.revision <= watcher.after || !concerns(change, watcher.selection)) return;
  const event = change.eventFor(watcher.selection);
  if (event !== undefined) watcher.backlog.push(event);
}

function tooSlow(): GantryError {
  return new GantryError('Expired', 'the watcher did not keep up with the changes; list again');
}

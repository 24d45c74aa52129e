import { setTimeout as delay } from 'node:timers/promises';
import { backoffMs } from '@gantry/runtime/backoff.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import type { ChangeFeed } from './change-feed.ts';
import { callUntilAnswered } from './redis-calls.ts';
import { type RedisAddress, RedisConnection } from './redis-connection.ts';
import type { RedisKeys } from './redis-keys.ts';
import { decodePosition, decodeStreamed, type Position, type StreamedChange } from './redis-records.ts';
import { scripts } from './redis-scripts.ts';
import type { StoreLoss } from './store.ts';

/**
 * Most changes of one read: many where they are small, as a tail that is behind would never catch up in small reads. A
 * change can hold two of the largest values, so that the fewest bound memory.
 */
const fewestChanges = 64;
const mostChanges = 512;
/** About what a read may hold, in characters of values, going by the largest change of the read before. */
const readCharacters = 4 * 1024 * 1024;
/** Longest wait of one read, in milliseconds, and how long the server may be silent, which must be longer. */
const blockMs = 2000;
const silenceMs = 3 * blockMs;
/** Longest wait for the connection before the loop logs and tries again, in milliseconds. */
const connectMs = 10_000;
/** The server is asked at least so often whether it still has what was read, in milliseconds. */
const verifyEveryMs = 2000;
const retryBackoff = { initialMs: 20, maxMs: 2000, factor: 2, jitter: 0.2 };

/** Callbacks of a tail to its store. */
export interface TailObserver {
  /** The server has not got all that it had at this revision. Resolves when the rest is consistent. */
  recover(seen: number): Promise<void>;
  /** The loss is over: everybody starts anew. */
  lost(loss: StoreLoss): void;
}

/**
 * Follows the change stream on a connection of its own and publishes what it reads to the feed. It goes on after the
 * last change that it read, so that a broken connection costs time and nothing else.
 */
export class RedisTail implements AsyncDisposable {
  readonly #connection: RedisConnection;
  readonly #keys: RedisKeys;
  readonly #feed: ChangeFeed;
  readonly #observer: TailObserver;
  readonly #log: Logger | undefined;
  readonly #stop = new AbortController();
  #started: Promise<void> | undefined;
  #running = Promise.resolve();
  /** Batch that made the newest change in the feed; tells when the server's history is not the one we read. */
  #token = '';
  #life = '';
  #count = fewestChanges;

  constructor(address: RedisAddress, keys: RedisKeys, feed: ChangeFeed, observer: TailObserver, log?: Logger) {
    this.#connection = new RedisConnection(address, silenceMs);
    this.#keys = keys;
    this.#feed = feed;
    this.#observer = observer;
    this.#log = log;
  }

  /** Starts at the newest change, once. Rejects with ServiceUnavailable when the server cannot be reached; try again then. */
  start(): Promise<void> {
    this.#started ??= this.#begin().catch((error: unknown) => {
      this.#started = undefined;
      throw error;
    });
    return this.#started;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#connection[Symbol.asyncDispose]();
    await this.#running;
  }

  async #begin(): Promise<void> {
    this.#startAt(await callUntilAnswered(this.#connection, () => this.#position(''), connectMs));
    this.#running = this.#follow();
  }

  async #follow(): Promise<void> {
    let mustVerify = false;
    let verifiedMs = performance.now();
    let failures = 0;
    while (!this.#stop.signal.aborted) {
      try {
        await this.#connection.ready(connectMs);
        const isDue: boolean = mustVerify || performance.now() - verifiedMs >= verifyEveryMs;
        if (isDue) {
          await this.#verify();
          verifiedMs = performance.now();
        }
        const changes = await this.#read();
        const isGap = changes.length > 0 && changes[0]!.change.revision !== this.#feed.last + 1;
        // Silence is no proof: after a loss of data there may be nothing to read. A gap was trimmed unseen, or lost.
        mustVerify = changes.length === 0 || (isGap && !isDue);
        this.#count = nextCount(changes);
        failures = 0;
        if (isGap && !isDue) continue;
        this.#token = changes.at(-1)?.token ?? this.#token;
        this.#feed.publish(changes.map(({ change }) => change));
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        mustVerify = true;
        failures += 1;
        this.#log?.warn({ error, failures }, 'following the changes in Redis was interrupted');
        await delay(backoffMs(retryBackoff, failures), undefined, { signal: this.#stop.signal }).catch(() => {});
      }
    }
  }

  async #read(): Promise<StreamedChange[]> {
    const after = `${this.#feed.last}-0`;
    const args = ['COUNT', this.#count, 'BLOCK', blockMs, 'STREAMS', this.#keys.changes, after];
    const reply = (await this.#connection.command('XREAD', ...args)) as [string, unknown[]][] | null;
    return (reply?.[0]?.[1] ?? []).map(decodeStreamed);
  }

  /** Ends the watches where the server lost changes that they have seen: their revisions mean something else now. */
  async #verify(): Promise<void> {
    const last = this.#feed.last;
    const { revision, token, isWhole, life } = await this.#position(last);
    const isToken = token === '' || this.#token === '' || token === this.#token;
    if (isWhole && isToken && revision >= last && life === this.#life) return;
    await this.#observer.recover(last);
    this.#log?.error({ last, revision, isWhole }, 'Redis lost changes that were acknowledged; all watches start over');
    this.#startAt(await this.#position(''));
    this.#feed.endWatches(new GantryError('Expired', `the store lost changes; it had revision ${last}`));
    this.#observer.lost({ revision: last });
  }

  #startAt({ revision, token, life }: Position): void {
    this.#token = token;
    this.#life = life;
    this.#feed.reset(revision);
  }

  async #position(revision: number | ''): Promise<Position> {
    const keys = [this.#keys.state, this.#keys.changes, this.#keys.values, this.#keys.keys];
    return decodePosition(await this.#connection.run(scripts.position, keys, [revision]));
  }
}

/** How many changes the next read may take. */
function nextCount(changes: readonly StreamedChange[]): number {
  let largest = 1;
  for (const { change } of changes) {
    largest = Math.max(largest, change.value.length + (change.previous?.length ?? 0));
  }
  return Math.max(fewestChanges, Math.min(mostChanges, Math.floor(readCharacters / largest)));
}

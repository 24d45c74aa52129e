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
const retryBackoff = { initialMs: 20, maxMs: 2000, factor: 2, jitter: 0.2 };

/**
 * Follows the change stream on a connection of its own and publishes what it reads to the feed. It goes on after the
 * last change that it read, so that a broken connection costs time and nothing else.
 */
export class RedisTail implements AsyncDisposable {
  readonly #connection: RedisConnection;
  readonly #keys: RedisKeys;
  readonly #feed: ChangeFeed;
  readonly #log: Logger | undefined;
  readonly #stop = new AbortController();
  #started: Promise<void> | undefined;
  #running = Promise.resolve();
  /** Batch that made the newest change in the feed; tells when the server's history is not the one we read. */
  #token = '';
  #count = fewestChanges;

  constructor(address: RedisAddress, keys: RedisKeys, feed: ChangeFeed, log?: Logger) {
    this.#connection = new RedisConnection(address, silenceMs);
    this.#keys = keys;
    this.#feed = feed;
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
    const { revision, token } = await callUntilAnswered(this.#connection, () => this.#position(''), connectMs);
    this.#token = token;
    this.#feed.reset(revision);
    this.#running = this.#follow();
  }

  async #follow(): Promise<void> {
    let mustVerify = false;
    let failures = 0;
    while (!this.#stop.signal.aborted) {
      try {
        await this.#connection.ready(connectMs);
        if (mustVerify) await this.#verify();
        const changes = await this.#read();
        // Silence is no proof: after a loss of data new changes have lower revisions, and a read never sees them.
        mustVerify = changes.length === 0;
        this.#count = nextCount(changes);
        failures = 0;
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
    const { revision, token } = await this.#position(last);
    const isSame = revision >= last && (token === '' || this.#token === '' || token === this.#token);
    if (isSame) return;
    this.#log?.error({ last, revision }, 'Redis lost changes that were acknowledged; all watches start over');
    const newest = await this.#position('');
    this.#token = newest.token;
    this.#feed.reset(newest.revision);
    this.#feed.endWatches(new GantryError('Expired', `the store lost its newest changes; it had revision ${last}`));
  }

  async #position(revision: number | ''): Promise<Position> {
    const keys = [this.#keys.state, this.#keys.changes];
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

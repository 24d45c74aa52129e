import { randomUUID } from 'node:crypto';
import { systemClock } from '@gantry/runtime/clock.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import { ChangeFeed, type HistoryPage } from './change-feed.ts';
import { prefixEnd } from './keys.ts';
import { checkKey, checkList, checkOperations, checkRevision, limits } from './limits.ts';
import { PageBuilder } from './page-builder.ts';
import { listExpired, revisionTooLarge, storeClosed } from './problems.ts';
import { callUntilAnswered, outcomeUnknown } from './redis-calls.ts';
import { type RedisAddress, RedisConnection } from './redis-connection.ts';
import { checkDurability, evictionProblem, type RedisDurability, requireDurability } from './redis-durability.ts';
import { RedisEphemeral, type RunScript } from './redis-ephemeral.ts';
import { type RedisKeys, redisKeys } from './redis-keys.ts';
import { KeptPasts, type Past } from './redis-past.ts';
import {
  type ChangesPage,
  decodeChanges,
  decodeCommit,
  decodePage,
  decodePosition,
  decodeStored,
  type Position,
  type StatePage,
} from './redis-records.ts';
import { scripts } from './redis-scripts.ts';
import { RedisTail } from './redis-tail.ts';
import { SlotPool } from './slot-pool.ts';
import type {
  Change,
  CommitResult,
  Compactor,
  Entry,
  Health,
  ListOptions,
  ListResult,
  Operation,
  Store,
  StoreLoss,
  WatchOptions,
} from './store.ts';
import { Watchdog } from './watchdog.ts';

/** Settings of a Redis store. */
export interface RedisOptions {
  readonly address: RedisAddress;
  /** Keeps several stores apart on one server; `gantry` by default. */
  readonly prefix?: string;
  /** Refuse to open where the server's settings promise less than this; only warn by default. */
  readonly durability?: 'always' | 'everysec';
  /** Takes warnings; they are dropped by default. */
  readonly log?: Logger;
  /**
   * How long a request goes on through lost connections, in milliseconds, and how long a server may be silent; 10 s
   * by default. A request to a server that hangs can take twice as long.
   */
  readonly timeoutMs?: number;
}

const defaultTimeoutMs = 10_000;
/** Commits on their way at a time, which is how many outcomes the server remembers for each client. */
const commitSlots = 1024;
/** How long the server remembers outcomes after a client's last commit, in milliseconds: far longer than any retry. */
const sessionTtlMs = 60 * 60 * 1000;
/** How far revisions go on beyond the last that a client has seen, when the server lost data: further than any other has. */
const revisionsSkipped = 1_000_000;
/** Bounds of one script call, so that Redis, which does one thing at a time, serves others in between. */
const pageEntries = 1000;
const pageChanges = 1024;
const pageBytes = 4 * 1024 * 1024;
const compactionStep = 2000;
/** Bounds of what is known of the past between the pages of lists. */
const keptPasts = { lists: 16, chars: 64 * 1024 * 1024, keepMs: 30_000 };

/**
 * Opens the store in a Redis server. Warns about settings under which acknowledged commits can be lost. Rejects with
 * ServiceUnavailable when the server cannot be reached, and with FailedPrecondition when it is not fit.
 */
export async function openRedis(options: RedisOptions): Promise<RedisStore> {
  const timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
  await using stack = new AsyncDisposableStack();
  const connection = stack.use(new RedisConnection(options.address, timeoutMs));
  await connection.ready(timeoutMs);
  const durability = await checkDurability(connection);
  for (const problem of durability.problems) options.log?.warn({ level: durability.level }, `Redis: ${problem}`);
  if (options.durability !== undefined) requireDurability(durability, options.durability);
  stack.move();
  return new RedisStore(options, connection, durability);
}

/**
 * The store in Redis. Any number of clients share one. A commit is one script, which Redis runs as one step; a commit
 * whose answer was lost is sent again, and the server, which remembers what each client's commits did, applies it once.
 */
export class RedisStore implements Store, Compactor, Health, AsyncDisposable {
  /** Durability of acknowledged commits. */
  readonly durability: RedisDurability;
  /** Heartbeats and leases, shared by all clients. */
  readonly ephemeral: RedisEphemeral;
  readonly #connection: RedisConnection;
  readonly #timeoutMs: number;
  readonly #keys: RedisKeys;
  readonly #feed: ChangeFeed;
  readonly #tail: RedisTail;
  readonly #pasts = new KeptPasts(keptPasts);
  readonly #slots = new SlotPool(commitSlots, limits.waitingCommits);
  readonly #watchdog: Watchdog;
  readonly #lossCallbacks = new Set<(loss: StoreLoss) => void>();
  readonly #client = randomUUID();
  #sequence = 0;
  /** Highest revision that the server has named: none of up to here may ever be used again. */
  #seen = 0;
  #isClosed = false;

  /** Use openRedis; the store owns the connection. */
  constructor(options: RedisOptions, connection: RedisConnection, durability: RedisDurability) {
    this.durability = durability;
    this.#connection = connection;
    this.#timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
    this.#keys = redisKeys(options.prefix ?? 'gantry');
    this.#feed = new ChangeFeed({
      readHistory: (prefix, after) => this.#readHistory(prefix, after),
      position: () => this.#position(),
    });
    const observer = {
      recover: (seen: number) => this.#recover(seen),
      lost: (loss: StoreLoss) => {
        for (const callback of [...this.#lossCallbacks]) callback(loss);
      },
    };
    this.#tail = new RedisTail(options.address, this.#keys, this.#feed, observer, options.log);
    this.#watchdog = new Watchdog(() => evictionProblem(connection), systemClock, options.log);
    this.ephemeral = new RedisEphemeral(this.#keys, this.#run);
  }

  async get(key: string): Promise<Entry | undefined> {
    checkKey(key);
    const stored = await this.#ask(() => this.#connection.command('HGET', this.#keys.values, key));
    return typeof stored === 'string' ? decodeStored(key, stored) : undefined;
  }

  /** Entries of the state now come in pages, each at a later revision; they are put back to the first one's. */
  async list(options: ListOptions): Promise<ListResult> {
    checkList(options);
    const { prefix } = options;
    const page = new PageBuilder(options);
    let { revision, after } = options;
    let past = revision === undefined ? undefined : this.#pasts.take({ revision, prefix }, after ?? '');
    let counted: Pick<ListResult, 'count'> = {};
    for (;;) {
      const counts = options.count === true && revision === undefined;
      const step = await this.#readPage(prefix, after, page, counts);
      if (counts) counted = { count: step.count };
      revision ??= step.revision;
      if (revision > step.revision) throw revisionTooLarge(revision, step.revision);
      if (revision < step.compacted) throw listExpired(options.after !== undefined);
      past ??= this.#pasts.take({ revision, prefix }, after ?? '');
      await this.#undoThrough(past, step.revision, options.after !== undefined);
      const last = step.more ? step.entries.at(-1)!.key : undefined;
      for (const entry of past.asOf(step.entries, after ?? '', last)) {
        if (page.isFull) {
          this.#pasts.put(past, page.entries.at(-1)!.key);
          return { entries: page.entries, revision, more: true, ...counted };
        }
        page.add(entry);
      }
      if (last === undefined) return { entries: page.entries, revision, more: false, ...counted };
      after = last;
    }
  }

  async commit(operations: readonly Operation[]): Promise<CommitResult> {
    checkOperations(operations);
    if (this.#isClosed) throw storeClosed();
    if (this.problem !== undefined) throw new GantryError('ServiceUnavailable', this.problem);
    return this.#slots.use(async (slot) => {
      this.#sequence += 1;
      const { state, values, keys, changes } = this.#keys;
      const scriptKeys = [state, values, keys, changes, this.#keys.session(this.#client)];
      const token = `${this.#client}:${this.#sequence}`;
      const sequence = this.#sequence;
      const encoded = operations.flatMap(encodeOperation);
      for (let losses = 0; ; losses += 1) {
        const args = [slot, sequence, sessionTtlMs, token, this.#seen, ...encoded];
        const result = decodeCommit(await this.#run(scripts.commit, scriptKeys, args));
        if (result === 'superseded') throw outcomeUnknown(undefined);
        if (result !== 'lost') return this.#see(result);
        if (losses >= 3) throw new GantryError('ServiceUnavailable', 'the Redis server loses its data again and again');
        await this.#recover(this.#seen);
      }
    });
  }

  /** See Health.problem. */
  get problem(): string | undefined {
    return this.#watchdog.problem;
  }

  /** See Health.onLoss. Losses are noticed while changes are watched. */
  onLoss(callback: (loss: StoreLoss) => void): () => void {
    const own = (loss: StoreLoss): void => callback(loss);
    this.#lossCallbacks.add(own);
    return () => this.#lossCallbacks.delete(own);
  }

  watch(options: WatchOptions): AsyncIterable<readonly Change[]> {
    return this.#feed.watch(options);
  }

  async compact(revision: number): Promise<number> {
    checkRevision(revision, 'revision');
    for (let compacted = -1; ; ) {
      const keys = [this.#keys.state, this.#keys.changes];
      const reached = (await this.#run(scripts.compact, keys, [revision, compactionStep])) as number;
      if (reached >= revision || reached === compacted) return reached;
      compacted = reached;
    }
  }

  /** Closes the connections. Watches end with an error; calls that wait for an answer are refused. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#feed.endWatches(storeClosed());
    this.#pasts[Symbol.dispose]();
    await this.#watchdog[Symbol.asyncDispose]();
    await this.#tail[Symbol.asyncDispose]();
    await this.#connection[Symbol.asyncDispose]();
  }

  readonly #run: RunScript = (script, keys, args) => this.#ask(() => this.#connection.run(script, keys, args));

  async #ask<T>(send: () => Promise<T>): Promise<T> {
    if (this.#isClosed) throw storeClosed();
    return callUntilAnswered(this.#connection, send, this.#timeoutMs);
  }

  /** Notes a revision that the server named. */
  #see<T extends object>(answer: T): T {
    if ('revision' in answer) this.#seen = Math.max(this.#seen, answer.revision as number);
    return answer;
  }

  /** Goes on after a loss of data with revisions that nobody can have seen, where the server has not reached `seen`. */
  async #recover(seen: number): Promise<void> {
    const { state, values, keys, changes } = this.#keys;
    const beyond = Math.max(seen, this.#seen);
    await this.#run(scripts.recover, [state, values, keys, changes], [beyond, revisionsSkipped]);
  }

  async #position(): Promise<Position> {
    if (this.#isClosed) throw storeClosed();
    await this.#tail.start();
    const { state, changes, values, keys } = this.#keys;
    return this.#see(decodePosition(await this.#run(scripts.position, [state, changes, values, keys], [''])));
  }

  async #readHistory(prefix: string, after: number): Promise<HistoryPage | undefined> {
    const page = await this.#readChanges(prefix, after);
    if (after < page.compacted) return undefined;
    return { changes: page.changes.map(({ change }) => change), through: page.through };
  }

  /** Reads the state now for the rest of a page, and one entry more, which tells that more follow. */
  async #readPage(prefix: string, after: string | undefined, page: PageBuilder, counts: boolean): Promise<StatePage> {
    const { state, values, keys } = this.#keys;
    const range = lexicalRange(prefix, after);
    const most = Math.min(page.entriesLeft + 1, pageEntries);
    // A character is at least one byte, so that this is never more than the page takes.
    const mostBytes = Math.min(page.charsLeft, pageBytes);
    return this.#see(
      decodePage(await this.#run(scripts.page, [state, values, keys], [...range, most, mostBytes, counts ? 1 : 0])),
    );
  }

  /** Undoes the changes up to a revision that were not undone yet. */
  async #undoThrough(past: Past, revision: number, isLaterPage: boolean): Promise<void> {
    while (past.through < revision) {
      const { through, compacted, changes } = await this.#readChanges(past.of.prefix, past.through);
      if (past.of.revision < compacted) throw listExpired(isLaterPage);
      past.undo(changes, through);
    }
  }

  async #readChanges(prefix: string, after: number): Promise<ChangesPage> {
    const keys = [this.#keys.state, this.#keys.changes];
    const args = [after, prefix, pageChanges, pageBytes];
    const page = this.#see(decodeChanges(await this.#run(scripts.changes, keys, args)));
    const isStuck = page.through === after && page.revision > after && after >= page.compacted;
    if (isStuck) throw new GantryError('InternalError', `Redis has no change ${after + 1}, and should have`);
    return page;
  }
}

function encodeOperation(operation: Operation): [string, string, string | number, string] {
  const { type, key, expected = '' } = operation;
  switch (type) {
    case 'put':
      return ['p', key, expected, operation.value];
    case 'delete':
      return ['d', key, expected, ''];
    case 'check':
      return ['c', key, expected, ''];
  }
}

/** The keys with a prefix after a key, as ZRANGEBYLEX takes a range. */
function lexicalRange(prefix: string, after: string | undefined): [string, string] {
  const end = prefixEnd(prefix);
  const start =
    after !== undefined && Buffer.compare(Buffer.from(after), Buffer.from(prefix)) >= 0 ? `(${after}` : `[${prefix}`;
  return [start, end === undefined ? '+' : `(${end}`];
}

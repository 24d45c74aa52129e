import { DatabaseSync } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Clock, systemClock } from '@gantry/runtime/clock.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import { ChangeFeed } from './change-feed.ts';
import { checkKey, checkList, checkOperations, checkRevision, limits } from './limits.ts';
import { MemoryEphemeral } from './memory-ephemeral.ts';
import { PageBuilder } from './page-builder.ts';
import { storeClosed, tooManyWaiting } from './problems.ts';
import { inlineExecutor, type SqliteExecutor, threadExecutor } from './sqlite-executor.ts';
import { fileCheck, prepareFiles } from './sqlite-file.ts';
import { SqliteReader } from './sqlite-reader.ts';
import { openForReading, openForWriting, type Synchronous } from './sqlite-schema.ts';
import type { BatchOutcome } from './sqlite-writer.ts';
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
  WatchOptions,
} from './store.ts';
import { Watchdog } from './watchdog.ts';

/** Settings of a SQLite store. */
export interface SqliteOptions {
  /** When a commit counts as durable; `full` by default. */
  readonly synchronous?: Synchronous;
  /** Time for ephemeral values and leases; the machine's by default. */
  readonly clock?: Clock;
  /** Takes warnings about the file; they are dropped by default. */
  readonly log?: Logger;
}

/**
 * Most operations and characters of values that are written in one transaction. Waiting commits share one flush of the
 * disk; the bound keeps the first of them from waiting for all.
 */
const groupOperations = 2048;
const groupCharacters = 8 * 1024 * 1024;

/** Bounds of one read of a list: other work of the thread goes in between. */
const stepEntries = 1000;
const stepChars = 4 * 1024 * 1024;

interface Waiting {
  readonly batch: readonly Operation[];
  readonly answer: PromiseWithResolvers<CommitResult>;
}

/**
 * Opens the store in a SQLite file, or in memory for the path `:memory:`. One process has a file at a time: while
 * another one has it, this rejects with FailedPrecondition. The parent folder is made where it is missing.
 */
export async function openSqlite(path: string, options: SqliteOptions = {}): Promise<SqliteStore> {
  if (path === '') throw new GantryError('BadRequest', 'path: must name a file, or be :memory:');
  await using stack = new AsyncDisposableStack();
  if (path === ':memory:') {
    const database = openForWriting(path, 'normal');
    stack.defer(() => database.close());
    const executor = stack.use(inlineExecutor(database));
    return new SqliteStore(executor, new SqliteReader(database), stack.move(), options);
  }
  prepareFiles(path, options.log);
  const lock = lockFile(path);
  stack.defer(() => lock.close());
  const executor = stack.use(await threadExecutor({ path, synchronous: options.synchronous ?? 'full' }));
  const database = openForReading(path);
  const checkFile = fileCheck(path);
  stack.defer(() => database.close());
  return new SqliteStore(
    executor,
    new SqliteReader(database),
    stack.move(),
    options,
    async () => executor.failure ?? checkFile(),
  );
}

/**
 * Takes the file for this process. The lock is one of the operating system's (SQLite's own, on a file beside the
 * store's), so that it ends with the process however that ends.
 */
function lockFile(path: string): DatabaseSync {
  const lock = new DatabaseSync(`${path}.lock`);
  try {
    lock.exec('PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock.close();
    throw new GantryError('FailedPrecondition', `the store file ${path} is in use by another process`, {
      cause: error,
    });
  }
}

/**
 * The store in a SQLite database. Commits that come while the disk is busy are written together after it: with 100 in
 * flight that made 15,700 commits a second of the 3,000 of one after another (bench/src/store.ts, 2 cores, full).
 */
export class SqliteStore implements Store, Compactor, Health, AsyncDisposable {
  /** Heartbeats and leases of this process. */
  readonly ephemeral: MemoryEphemeral;
  readonly #executor: SqliteExecutor;
  readonly #reader: SqliteReader;
  readonly #owned: AsyncDisposableStack;
  readonly #feed: ChangeFeed;
  readonly #watchdog: Watchdog | undefined;
  #waiting: Waiting[] = [];
  #writing = Promise.resolve();
  #isWriting = false;
  #isClosed = false;

  /**
   * Use openSqlite; the store owns what is on the stack.
   * @param check What is wrong with the file, see Watchdog; absent where there is none.
   */
  constructor(
    executor: SqliteExecutor,
    reader: SqliteReader,
    owned: AsyncDisposableStack,
    { clock = systemClock, log }: Pick<SqliteOptions, 'clock' | 'log'>,
    check?: () => Promise<string | undefined>,
  ) {
    this.#executor = executor;
    this.#reader = reader;
    this.#owned = owned;
    this.#watchdog = check && new Watchdog(check, clock, log);
    this.#feed = new ChangeFeed({
      readHistory: async (prefix, after) => {
        // Pages of a long history follow one another, and other work of the thread goes in between.
        await nextTurn();
        return this.#open().readHistory(prefix, after);
      },
      position: async () => this.#open().state(),
    });
    this.#feed.reset(reader.state().revision);
    this.ephemeral = new MemoryEphemeral(clock, async (key) => {
      this.#open();
      return (await executor.execute({ type: 'fence', key })).number;
    });
  }

  async get(key: string): Promise<Entry | undefined> {
    checkKey(key);
    return this.#open().get(key);
  }

  async list(options: ListOptions): Promise<ListResult> {
    checkList(options);
    const page = new PageBuilder(options);
    let { after, revision, count: counts } = options;
    let counted: Pick<ListResult, 'count'> = {};
    for (;;) {
      const limit = Math.min(page.entriesLeft, stepEntries);
      const maxChars = Math.min(page.charsLeft, stepChars);
      const step = this.#open().list({ prefix: options.prefix, after, revision, limit, maxChars, count: counts });
      if (step.count !== undefined) counted = { count: step.count };
      counts = false;
      for (const entry of step.entries) page.add(entry);
      if (!step.more || page.isFull) return { ...step, ...counted, entries: page.entries };
      revision = step.revision;
      after = step.entries.at(-1)!.key;
      await nextTurn();
    }
  }

  async commit(operations: readonly Operation[]): Promise<CommitResult> {
    checkOperations(operations);
    this.#open();
    if (this.problem !== undefined) throw new GantryError('ServiceUnavailable', this.problem);
    if (this.#waiting.length >= limits.waitingCommits) throw tooManyWaiting(this.#waiting.length);
    const answer = Promise.withResolvers<CommitResult>();
    this.#waiting.push({ batch: operations, answer });
    if (!this.#isWriting) this.#writing = this.#writeAll();
    return answer.promise;
  }

  watch(options: WatchOptions): AsyncIterable<readonly Change[]> {
    return this.#feed.watch(options);
  }

  /** See Health.problem. */
  get problem(): string | undefined {
    return this.#watchdog?.problem;
  }

  /** See Health.onLoss: what one process has in its file does not go by itself. */
  onLoss(): () => void {
    return () => {};
  }

  async compact(revision: number): Promise<number> {
    checkRevision(revision, 'revision');
    this.#open();
    for (let compacted = -1; ; ) {
      const { number } = await this.#executor.execute({ type: 'compact', through: revision });
      if (number >= revision || number === compacted) return number;
      compacted = number;
    }
  }

  /** Writes what waits, then closes the file. Watches end with an error; later calls are refused. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#watchdog?.[Symbol.asyncDispose]();
    await this.#writing;
    this.#feed.endWatches(storeClosed());
    await this.#owned.disposeAsync();
  }

  #open(): SqliteReader {
    if (this.#isClosed) throw storeClosed();
    return this.#reader;
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true;
    // Lets all commits of this turn of the event loop join the first group.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const size = groupSize(this.#waiting);
      const group = this.#waiting.slice(0, size);
      this.#waiting = this.#waiting.slice(size);
      await this.#writeGroup(group);
    }
    this.#isWriting = false;
  }

  async #writeGroup(group: readonly Waiting[]): Promise<void> {
    try {
      const { outcomes } = await this.#executor.execute({ type: 'commit', batches: group.map(({ batch }) => batch) });
      this.#feed.publish(group.flatMap(({ batch }, index) => changesOf(batch, outcomes[index]!)));
      for (const [index, { answer }] of group.entries()) answer.resolve(outcomes[index]!.result);
    } catch (error) {
      for (const { answer } of group) answer.reject(error);
    }
  }
}

/** How many of the waiting commits, at least one, go into the next transaction. */
function groupSize(waiting: readonly Waiting[]): number {
  let operations = 0;
  let characters = 0;
  for (const [index, { batch }] of waiting.entries()) {
    operations += batch.length;
    for (const operation of batch) if (operation.type === 'put') characters += operation.value.length;
    if (index > 0 && (operations > groupOperations || characters > groupCharacters)) return index;
  }
  return waiting.length;
}

/** The changes that a batch made. */
function changesOf(batch: readonly Operation[], { result, previous }: BatchOutcome): Change[] {
  if (!result.ok) return [];
  const { revisions } = result;
  return batch.flatMap((operation, index): Change[] => {
    const revision = revisions[index]!;
    const before = previous[index];
    const { type, key } = operation;
    if (type === 'check' || revision === 0) return [];
    if (type === 'delete') return [{ type, key, revision, value: before!, previous: before! }];
    const change = { type, key, revision, value: operation.value };
    return [before === undefined ? change : { ...change, previous: before }];
  });
}

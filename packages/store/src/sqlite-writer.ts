import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { CommitResult, Operation } from './store.ts';

/** A request to the writer. Everything of one request happens in one transaction. */
export type WriteRequest =
  | { readonly type: 'commit'; readonly batches: readonly (readonly Operation[])[] }
  /** Forgets a bounded number of changes after the compacted revision, up to `through`. */
  | { readonly type: 'compact'; readonly through: number }
  /** The next fencing token of a lease. */
  | { readonly type: 'fence'; readonly key: string };

/** A batch's result, and the value before each of its operations that wrote something. */
export interface BatchOutcome {
  readonly result: CommitResult;
  readonly previous: readonly (string | undefined)[];
}

/** Answer of the writer: outcomes in the order of the batches, the compacted revision, or the token. */
export interface WriteResponse {
  readonly outcomes: readonly BatchOutcome[];
  readonly number: number;
}

/** Most changes that one transaction of a compaction goes through, so that commits in between wait a few milliseconds. */
const compactionStep = 500;

interface Statements {
  readonly state: StatementSync;
  readonly setRevision: StatementSync;
  readonly setCompacted: StatementSync;
  readonly liveRevision: StatementSync;
  readonly liveValue: StatementSync;
  readonly insertHistory: StatementSync;
  readonly setLive: StatementSync;
  readonly deleteLive: StatementSync;
  readonly forgetSuperseded: StatementSync;
  readonly forgetDeletes: StatementSync;
  readonly nextToken: StatementSync;
}

/** The only one that writes the database. Synchronous: it runs in a thread of its own, or in place for `:memory:`. */
export class SqliteWriter {
  readonly #database: DatabaseSync;
  readonly #statements: Statements;
  #revision: number;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#statements = prepare(database);
    this.#revision = Number(this.#statements.state.get()!.revision);
  }

  /** Does all of the request durably, or throws and changes nothing. */
  execute(request: WriteRequest): WriteResponse {
    const revisionBefore = this.#revision;
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      const response = this.#perform(request);
      this.#database.exec('COMMIT');
      return response;
    } catch (error) {
      this.#revision = revisionBefore;
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  #perform(request: WriteRequest): WriteResponse {
    switch (request.type) {
      case 'commit': {
        const outcomes = request.batches.map((batch) => this.#apply(batch));
        this.#statements.setRevision.run(this.#revision);
        return { outcomes, number: this.#revision };
      }
      case 'compact':
        return { outcomes: [], number: this.#compact(request.through) };
      case 'fence':
        return { outcomes: [], number: Number(this.#statements.nextToken.get(request.key)!.token) };
    }
  }

  #apply(batch: readonly Operation[]): BatchOutcome {
    const found: number[] = [];
    for (const [index, operation] of batch.entries()) {
      const actual = Number(this.#statements.liveRevision.get(operation.key)?.revision ?? 0);
      if (operation.expected !== undefined && operation.expected !== actual) {
        return { result: { ok: false, failedIndex: index, actual }, previous: [] };
      }
      found.push(actual);
    }
    const previous = batch.map((operation, index) =>
      operation.type === 'check' || found[index] === 0
        ? undefined
        : String(this.#statements.liveValue.get(found[index]!)!.value),
    );
    const revisions = batch.map((operation, index) => this.#write(operation, found[index]!));
    return { result: { ok: true, revision: this.#revision, revisions }, previous };
  }

  /** Writes one operation whose key has revision `found` now; returns the operation's revision. */
  #write(operation: Operation, found: number): number {
    if (operation.type === 'check') return found;
    if (operation.type === 'delete' && found === 0) return 0;
    this.#revision += 1;
    const value = operation.type === 'put' ? operation.value : null;
    this.#statements.insertHistory.run(this.#revision, operation.key, value, found);
    if (operation.type === 'put') this.#statements.setLive.run(operation.key, this.#revision);
    else this.#statements.deleteLive.run(operation.key);
    return this.#revision;
  }

  /**
   * A row may go when a later row up to the compacted revision superseded it, or when it is a deletion: the state at the
   * compacted revision, and the previous values of all changes after it, need neither.
   */
  #compact(wanted: number): number {
    const compacted = Number(this.#statements.state.get()!.compacted);
    const through = Math.min(wanted, this.#revision, compacted + compactionStep);
    if (through <= compacted) return compacted;
    this.#statements.forgetSuperseded.run(compacted, through);
    this.#statements.forgetDeletes.run(compacted, through);
    this.#statements.setCompacted.run(through);
    return through;
  }
}

function prepare(database: DatabaseSync): Statements {
  return {
    state: database.prepare('SELECT revision, compacted FROM state'),
    setRevision: database.prepare('UPDATE state SET revision = ?'),
    setCompacted: database.prepare('UPDATE state SET compacted = ?'),
    liveRevision: database.prepare('SELECT revision FROM live WHERE key = ?'),
    liveValue: database.prepare('SELECT value FROM history WHERE revision = ?'),
    insertHistory: database.prepare('INSERT INTO history (revision, key, value, previous) VALUES (?, ?, ?, ?)'),
    setLive: database.prepare(
      'INSERT INTO live (key, revision) VALUES (?, ?) ON CONFLICT DO UPDATE SET revision = excluded.revision',
    ),
    deleteLive: database.prepare('DELETE FROM live WHERE key = ?'),
    forgetSuperseded: database.prepare(
      'DELETE FROM history WHERE revision IN (SELECT previous FROM history WHERE revision > ? AND revision <= ?)',
    ),
    forgetDeletes: database.prepare('DELETE FROM history WHERE revision > ? AND revision <= ? AND value IS NULL'),
    nextToken: database.prepare(
      'INSERT INTO fence (key, token) VALUES (?, 1) ON CONFLICT DO UPDATE SET token = token + 1 RETURNING token',
    ),
  };
}

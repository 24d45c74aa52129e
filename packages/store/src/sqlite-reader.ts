import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { HistoryPage } from './change-feed.ts';
import { prefixEnd } from './keys.ts';
import { listExpired, revisionTooLarge } from './problems.ts';
import type { Change, Entry, ListOptions, ListResult } from './store.ts';

/** Most changes, and about the most characters of values, that one page of history has. */
const pageChanges = 1024;
const pageCharacters = 8 * 1024 * 1024;

/** Upper bound of a range of keys that has none: no valid UTF-8 has the byte 0xff, and SQLite orders blobs after text. */
const noEnd = new Uint8Array([0xff]);

/** Reads of the database, each at one consistent state. A reader sees a commit only after it is durable. */
export class SqliteReader {
  readonly #database: DatabaseSync;
  readonly #state: StatementSync;
  readonly #get: StatementSync;
  readonly #listNow: StatementSync;
  readonly #listThen: StatementSync;
  readonly #changes: StatementSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#state = database.prepare('SELECT revision, compacted FROM state');
    this.#get = database.prepare(
      'SELECT h.key, h.value, h.revision FROM live l JOIN history h ON h.revision = l.revision WHERE l.key = ?',
    );
    this.#listNow = database.prepare(`
      SELECT h.key, h.value, h.revision FROM live l CROSS JOIN history h ON h.revision = l.revision
      WHERE l.key >= ? AND l.key > ? AND l.key < ? ORDER BY l.key LIMIT ?`);
    this.#listThen = database.prepare(`
      SELECT h.key, h.value, h.revision FROM (
        SELECT key, MAX(revision) AS revision FROM history
        WHERE key >= ? AND key > ? AND key < ? AND revision <= ? GROUP BY key
      ) newest CROSS JOIN history h ON h.revision = newest.revision
      WHERE h.value IS NOT NULL ORDER BY newest.key LIMIT ?`);
    // The plus signs keep the range of keys from choosing the index: the order of revisions is what matters here.
    this.#changes = database.prepare(`
      SELECT c.revision, c.key, c.value, p.value AS previous FROM history c LEFT JOIN history p ON p.revision = c.previous
      WHERE c.revision > ? AND +c.key >= ? AND +c.key < ? ORDER BY c.revision LIMIT ?`);
  }

  /** The store's revision, and the one up to which it was compacted. */
  state(): { revision: number; compacted: number } {
    const row = this.#state.get()!;
    return { revision: Number(row.revision), compacted: Number(row.compacted) };
  }

  /** One key; undefined where it does not exist. */
  get(key: string): Entry | undefined {
    const row = this.#get.get(key);
    return row === undefined ? undefined : toEntry(row);
  }

  /** See Store.list. */
  list(options: ListOptions): ListResult {
    return this.#consistently(() => {
      const { revision: current, compacted } = this.state();
      const revision = options.revision ?? current;
      if (revision > current) throw revisionTooLarge(revision, current);
      if (revision < compacted) throw listExpired(options.after !== undefined);
      const range = [options.prefix, options.after ?? '', prefixEnd(options.prefix) ?? noEnd] as const;
      const limit = options.limit ?? Number.MAX_SAFE_INTEGER - 1;
      const rows =
        revision === current
          ? this.#listNow.all(...range, limit + 1)
          : this.#listThen.all(...range, revision, limit + 1);
      return { entries: rows.slice(0, limit).map(toEntry), revision, more: rows.length > limit };
    });
  }

  /** A page of changes after a revision; undefined where some of them were compacted. */
  readHistory(prefix: string, after: number): HistoryPage | undefined {
    return this.#consistently(() => {
      const { revision: current, compacted } = this.state();
      if (after < compacted) return undefined;
      const changes: Change[] = [];
      let characters = 0;
      for (const row of this.#changes.iterate(after, prefix, prefixEnd(prefix) ?? noEnd, pageChanges)) {
        const change = toChange(row);
        changes.push(change);
        characters += change.value.length + (change.previous?.length ?? 0);
        if (characters > pageCharacters) return { changes, through: change.revision };
      }
      const through = changes.length === pageChanges ? changes.at(-1)!.revision : current;
      return { changes, through };
    });
  }

  /** Runs several statements on one state of the database; a transaction that reads never waits for the writer. */
  #consistently<T>(read: () => T): T {
    this.#database.exec('BEGIN');
    try {
      return read();
    } finally {
      this.#database.exec('COMMIT');
    }
  }
}

type Row = Record<string, unknown>;

function toEntry(row: Row): Entry {
  return { key: row.key as string, value: row.value as string, revision: row.revision as number };
}

function toChange(row: Row): Change {
  const { key, revision, value, previous } = row as {
    key: string;
    revision: number;
    value: string | null;
    previous: string | null;
  };
  if (value === null) return { type: 'delete', key, revision, value: previous!, previous: previous! };
  return previous === null ? { type: 'put', key, revision, value } : { type: 'put', key, revision, value, previous };
}

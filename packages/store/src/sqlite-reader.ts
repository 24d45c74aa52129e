import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { HistoryPage } from './change-feed.ts';
import { prefixEnd } from './keys.ts';
import { PageBuilder } from './page-builder.ts';
import { listExpired, revisionTooLarge } from './problems.ts';
import type { Change, Entry, ListOptions, ListResult } from './store.ts';

/** Most changes, and about the most characters of values, that one page of history has. */
const pageChanges = 1024;
const pageCharacters = 8 * 1024 * 1024;
/** Most changes of any key that are looked at for one page of history: a rare prefix must not cost a read of it all. */
const scannedChanges = 8192;

/** Upper bound of a range of keys that has none: no valid UTF-8 has the byte 0xff, and SQLite orders blobs after text. */
const noEnd = new Uint8Array([0xff]);

/** Reads of the database, each at one consistent state. A reader sees a commit only after it is durable. */
export class SqliteReader {
  readonly #database: DatabaseSync;
  readonly #state: StatementSync;
  readonly #get: StatementSync;
  readonly #keysNow: StatementSync;
  readonly #keysThen: StatementSync;
  readonly #countNow: StatementSync;
  readonly #value: StatementSync;
  readonly #isPut: StatementSync;
  readonly #changes: StatementSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#state = database.prepare('SELECT revision, compacted FROM state');
    this.#get = database.prepare(
      'SELECT h.key, h.value, h.revision FROM live l JOIN history h ON h.revision = l.revision WHERE l.key = ?',
    );
    // Both find keys in the order of an index, so that a page costs what it holds; values are looked up one by one, as a
    // join would make SQLite sort all keys of the prefix for each page.
    this.#keysNow = database.prepare(
      'SELECT key, revision FROM live WHERE key >= ? AND key > ? AND key < ? ORDER BY key',
    );
    this.#keysThen = database.prepare(`
      SELECT key, MAX(revision) AS revision FROM history
      WHERE key >= ? AND key > ? AND key < ? AND revision <= ? GROUP BY key ORDER BY key`);
    this.#countNow = database.prepare('SELECT COUNT(*) AS count FROM live WHERE key >= ? AND key > ? AND key < ?');
    this.#value = database.prepare('SELECT value FROM history WHERE revision = ?');
    this.#isPut = database.prepare('SELECT 1 FROM history WHERE revision = ? AND value IS NOT NULL');
    // The plus signs keep the range of keys from choosing the index: the order of revisions is what matters here.
    this.#changes = database.prepare(`
      SELECT c.revision, c.key, c.value, p.value AS previous FROM history c LEFT JOIN history p ON p.revision = c.previous
      WHERE c.revision > ? AND c.revision <= ? AND +c.key >= ? AND +c.key < ? ORDER BY c.revision LIMIT ?`);
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

  /** See Store.list. Reads in one go: callers bound the page. */
  list(options: ListOptions): ListResult {
    return this.#consistently(() => {
      const { revision: current, compacted } = this.state();
      const revision = options.revision ?? current;
      if (revision > current) throw revisionTooLarge(revision, current);
      if (revision < compacted) throw listExpired(options.after !== undefined);
      const range = [options.prefix, options.after ?? '', prefixEnd(options.prefix) ?? noEnd] as const;
      const keys = revision === current ? this.#keysNow.iterate(...range) : this.#keysThen.iterate(...range, revision);
      const page = { ...this.#readPage(keys, new PageBuilder(options)), revision };
      const counts = options.count === true && options.revision === undefined;
      return counts ? { ...page, count: Number(this.#countNow.get(...range)!.count) } : page;
    });
  }

  /** A page of changes after a revision; undefined where some of them were compacted. */
  readHistory(prefix: string, after: number): HistoryPage | undefined {
    return this.#consistently(() => {
      const { revision: current, compacted } = this.state();
      if (after < compacted) return undefined;
      const end = Math.min(current, after + scannedChanges);
      const changes: Change[] = [];
      let characters = 0;
      for (const row of this.#changes.iterate(after, end, prefix, prefixEnd(prefix) ?? noEnd, pageChanges)) {
        const change = toChange(row);
        changes.push(change);
        characters += change.value.length + (change.previous?.length ?? 0);
        if (characters > pageCharacters) return { changes, through: change.revision };
      }
      const through = changes.length === pageChanges ? changes.at(-1)!.revision : end;
      return { changes, through };
    });
  }

  /** Fills a page with the values of keys at their revisions; a key that was deleted then has none. */
  #readPage(keys: Iterable<Row>, page: PageBuilder): Pick<ListResult, 'entries' | 'more'> {
    for (const { key, revision } of keys) {
      if (page.isFull && this.#isPut.get(revision as number)) return { entries: page.entries, more: true };
      if (page.isFull) continue;
      const value = this.#value.get(revision as number)!.value;
      if (value === null) continue;
      page.add({ key: key as string, value: value as string, revision: revision as number });
    }
    return { entries: page.entries, more: false };
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

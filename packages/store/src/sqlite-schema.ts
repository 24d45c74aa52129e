import { DatabaseSync } from 'node:sqlite';
import { GantryError } from '@gantry/runtime/errors.ts';

/**
 * When a commit counts as durable.
 * - `full`: the write-ahead log is flushed to the disk before a commit is acknowledged: it survives a power cut.
 * - `normal`: it is flushed at checkpoints only. Acknowledged commits survive a kill of the process, but a power cut or
 *   a crash of the operating system may lose the last of them (never half a batch, and the file stays sound).
 */
export type Synchronous = 'full' | 'normal';

/** Version of the tables, kept in the file's user_version. */
const schemaVersion = 1;

/**
 * `history` has a row a change, and holds each value once; `live` points at the newest row of each key that exists.
 * A row names the row it superseded (`previous`, 0: none), so that compaction finds what to forget without searching.
 */
const schema = `
  CREATE TABLE state (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    revision INTEGER NOT NULL,
    compacted INTEGER NOT NULL
  ) STRICT;
  INSERT INTO state (id, revision, compacted) VALUES (1, 0, 0);
  CREATE TABLE history (
    revision INTEGER PRIMARY KEY,
    key TEXT NOT NULL,
    value TEXT,
    previous INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX history_by_key ON history (key, revision);
  CREATE TABLE live (key TEXT PRIMARY KEY, revision INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE fence (key TEXT PRIMARY KEY, token INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  PRAGMA user_version = ${schemaVersion};
`;

/** Opens the database for writing and makes its tables where it is new. `:memory:` is a database of its own. */
export function openForWriting(path: string, synchronous: Synchronous): DatabaseSync {
  const database = new DatabaseSync(path);
  try {
    database.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = ${synchronous === 'full' ? 'FULL' : 'NORMAL'};
      PRAGMA busy_timeout = 5000;
      PRAGMA cache_size = -16384;
    `);
    migrate(database, path);
    return database;
  } catch (error) {
    database.close();
    throw notAStore(path, error);
  }
}

/** A second connection to the same file, for reads beside the writer. */
export function openForReading(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { readOnly: true });
  database.exec('PRAGMA busy_timeout = 5000; PRAGMA cache_size = -16384;');
  return database;
}

function migrate(database: DatabaseSync, path: string): void {
  const found = Number(database.prepare('PRAGMA user_version').get()?.user_version ?? 0);
  if (found === schemaVersion) return;
  if (found !== 0) {
    throw new GantryError(
      'FailedPrecondition',
      `the store file ${path} has version ${found}, and this version of Gantry reads version ${schemaVersion}`,
    );
  }
  database.exec(`BEGIN IMMEDIATE; ${schema} COMMIT;`);
}

function notAStore(path: string, error: unknown): GantryError {
  if (error instanceof GantryError) return error;
  const text = error instanceof Error ? error.message : String(error);
  return new GantryError('FailedPrecondition', `the store file ${path} cannot be opened: ${text}`, { cause: error });
}

/** Decoders of the scripts' replies. Formats are documented in lua/*.lua. */
import { assert } from '@gantry/runtime/assert.ts';
import type { Change, CommitResult, Entry } from './store.ts';

/** A change in the stream, with what is needed to undo it and to recognize it. */
export interface StreamedChange {
  readonly change: Change;
  /** Revision of the key before the change; 0 where it did not exist. */
  readonly previousRevision: number;
  /** Names the batch that made it. */
  readonly token: string;
}

/** Position of the change stream. */
export interface Position {
  readonly revision: number;
  readonly compacted: number;
  /** Token of the batch that made the change asked for; '' where it is not in the stream. */
  readonly token: string;
  /** False where a part of the store is missing: the server threw it away. */
  readonly isWhole: boolean;
  /** Another one than before means that the server lost data meanwhile, and that another client noticed first. */
  readonly life: string;
}

/** A page of the state now. */
export interface StatePage {
  readonly revision: number;
  readonly compacted: number;
  readonly more: boolean;
  /** Keys of the range; -1 where they were not counted. */
  readonly count: number;
  readonly entries: readonly Entry[];
}

/** A page of the change stream. */
export interface ChangesPage {
  readonly revision: number;
  readonly compacted: number;
  readonly through: number;
  readonly changes: readonly StreamedChange[];
}

/**
 * Decodes the reply of commit.lua: `superseded` where a later commit used its slot, `lost` where the server has not reached
 * the revision that the client has seen.
 */
export function decodeCommit(reply: unknown): CommitResult | 'superseded' | 'lost' {
  const [status, ...numbers] = reply as number[];
  if (status === 0) return { ok: false, failedIndex: numbers[0]!, actual: numbers[1]! };
  if (status === 1) return { ok: true, revision: numbers[0]!, revisions: numbers.slice(1) };
  return status === -2 ? 'lost' : 'superseded';
}

/** Decodes the reply of position.lua. */
export function decodePosition(reply: unknown): Position {
  const [revision, compacted, token, isWhole, life] = reply as [number, number, string, number, string];
  return { revision, compacted, token, isWhole: isWhole === 1, life };
}

/** Decodes the reply of page.lua. */
export function decodePage(reply: unknown): StatePage {
  const [revision, compacted, more, count, ...pairs] = reply as [number, number, number, number, ...string[]];
  const entries: Entry[] = [];
  for (let index = 0; index < pairs.length; index += 2) entries.push(decodeStored(pairs[index]!, pairs[index + 1]!));
  return { revision, compacted, more: more === 1, count, entries };
}

/** Decodes the reply of changes.lua. */
export function decodeChanges(reply: unknown): ChangesPage {
  const [revision, compacted, through, ...entries] = reply as [number, number, number, ...unknown[]];
  return { revision, compacted, through, changes: entries.map(decodeStreamed) };
}

/** Decodes `<revision>:<value>`. */
export function decodeStored(key: string, stored: string): Entry {
  const colon = stored.indexOf(':');
  return { key, value: stored.slice(colon + 1), revision: Number(stored.slice(0, colon)) };
}

/** Decodes an entry of the stream: its id, and names and values of its fields in the order of commit.lua. */
export function decodeStreamed(entry: unknown): StreamedChange {
  const [id, fields] = entry as [string, string[]];
  const [, head, , value, , before] = fields;
  assert(head !== undefined && value !== undefined, `change ${id} has all of its fields`);
  const second = head.indexOf(' ', 2);
  const third = head.indexOf(' ', second + 1);
  const revision = Number(id.slice(0, id.indexOf('-')));
  return {
    change: toChange(head.startsWith('d'), head.slice(third + 1), revision, value, before),
    previousRevision: Number(head.slice(2, second)),
    token: head.slice(second + 1, third),
  };
}

function toChange(isDelete: boolean, key: string, revision: number, value: string, before?: string): Change {
  if (isDelete) return { type: 'delete', key, revision, value, previous: value };
  return before === undefined
    ? { type: 'put', key, revision, value }
    : { type: 'put', key, revision, value, previous: before };
}

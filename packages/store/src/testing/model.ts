import fc from 'fast-check';
import { compareKeys } from '../keys.ts';
import type { Change, CommitResult, Entry, ListOptions, ListResult, Operation } from '../store.ts';

const all = Number.POSITIVE_INFINITY;

/** The simplest store that could be right: every state kept whole. What the real ones are compared with. */
export class ModelStore {
  /** `states[r]` is the state at revision r. */
  readonly #states: ReadonlyMap<string, Entry>[] = [new Map()];
  readonly changes: Change[] = [];

  get revision(): number {
    return this.#states.length - 1;
  }

  commit(operations: readonly Operation[]): CommitResult {
    const before = this.#states.at(-1)!;
    const found = operations.map(({ key }) => before.get(key)?.revision ?? 0);
    const failedIndex = operations.findIndex(
      ({ expected }, index) => expected !== undefined && expected !== found[index],
    );
    if (failedIndex >= 0) return { ok: false, failedIndex, actual: found[failedIndex]! };
    const revisions = operations.map((operation, index) => this.#write(operation, found[index]!));
    return { ok: true, revision: this.revision, revisions };
  }

  list({ prefix, after, limit = all, maxChars = all, revision = this.revision, count }: ListOptions): ListResult {
    const matching = [...this.#states[revision]!.values()]
      .filter(({ key }) => key.startsWith(prefix) && (after === undefined || compareKeys(key, after) > 0))
      .sort((left, right) => compareKeys(left.key, right.key));
    let length = 0;
    for (let chars = 0; length < Math.min(matching.length, limit) && chars < maxChars; length += 1) {
      chars += matching[length]!.value.length;
    }
    const page = { entries: matching.slice(0, length), revision, more: matching.length > length };
    return count === true ? { ...page, count: matching.length } : page;
  }

  #write(operation: Operation, found: number): number {
    if (operation.type === 'check' || (operation.type === 'delete' && found === 0)) return found;
    const { type, key } = operation;
    const state = new Map(this.#states.at(-1)!);
    const revision = this.#states.length;
    const previous = state.get(key)?.value;
    const value = operation.type === 'put' ? operation.value : previous!;
    if (type === 'put') state.set(key, { key, value, revision });
    else state.delete(key);
    this.#states.push(state);
    this.changes.push(
      previous === undefined ? { type, key, revision, value } : { type, key, revision, value, previous },
    );
    return revision;
  }
}

/** Keys that meet at prefixes, namespaces and the edges of byte order. */
export const fewKeys = ['a/x/1', 'a/x/2', 'a/xy/1', 'a/é/1', 'a/\uffff', 'a/😀', 'b/x/1', 'b'] as const;

/** An operation before the state is known: `guess` chooses what to expect, from nothing to the right revision. */
export interface Intent {
  readonly type: Operation['type'];
  readonly key: string;
  readonly value: string;
  readonly guess: 'none' | 'right' | 'absent' | 'wrong';
}

/** Batches of intents, each on distinct keys. */
export const batches: fc.Arbitrary<Intent[][]> = fc.array(
  fc.uniqueArray(
    fc.record({
      type: fc.constantFrom('put', 'put', 'delete', 'check'),
      key: fc.constantFrom(...fewKeys),
      value: fc.string({ unit: 'grapheme', maxLength: 5 }),
      guess: fc.constantFrom('none', 'right', 'right', 'right', 'absent', 'wrong'),
    }),
    { selector: ({ key }) => key, maxLength: 5 },
  ),
  { maxLength: 25 },
) as fc.Arbitrary<Intent[][]>;

/** The operation for an intent, where its key has revision `actual` (0: it does not exist). */
export function toOperation({ type, key, value, guess }: Intent, actual: number): Operation {
  const expected = guess === 'none' ? undefined : guess === 'right' ? actual : guess === 'absent' ? 0 : actual + 1;
  if (type === 'check') return { type, key, expected: expected ?? actual };
  return type === 'put' ? { type, key, value, expected } : { type, key, expected };
}

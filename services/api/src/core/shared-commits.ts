import type { CommitResult, Operation, Store } from '@gantry/store/store.ts';

interface Part {
  readonly operations: readonly Operation[];
  readonly settle: PromiseWithResolvers<CommitResult>;
}

/** Operations of one commit, below the 1,024 that a store takes, and about their most characters. */
const maxOperations = 768;
const maxChars = 4 * 1024 * 1024;
/** Commits in a row that one of their parts may spoil; the parts that are left then go alone. */
const maxSpoilt = 8;

/**
 * The commits of many requests of one batch as few commits of the store. Each part keeps its own outcome: a part that meets another revision than it
 * expected is refused alone, and the others go again. What is in one commit reads as if one came after the other: none of its parts writes
 * a key that another one writes or expects something of.
 */
export class SharedCommits {
  readonly #store: Pick<Store, 'commit'>;
  #waiting: Part[] = [];

  constructor(store: Pick<Store, 'commit'>) {
    this.#store = store;
  }

  /** As Store.commit; it waits for all others that are asked for in the same turn of the event loop. */
  readonly commit = (operations: readonly Operation[]): Promise<CommitResult> => {
    const settle = Promise.withResolvers<CommitResult>();
    this.#waiting.push({ operations, settle });
    if (this.#waiting.length === 1) setImmediate(() => void this.#flush());
    return settle.promise;
  };

  async #flush(): Promise<void> {
    const parts = this.#waiting;
    this.#waiting = [];
    await Promise.all(groupsOf(parts).map((group) => this.#commitTogether(group)));
  }

  async #commitTogether(parts: readonly Part[]): Promise<void> {
    let left = parts;
    for (let spoilt = 0; left.length > 1 && spoilt < maxSpoilt; spoilt++) {
      const operations = left.flatMap((part) => part.operations);
      const result = await this.#store.commit(operations).catch((error: unknown) => {
        for (const { settle } of left) settle.reject(error);
      });
      if (result === undefined) return;
      if (result.ok) {
        settleAll(left, result);
        return;
      }
      const { part, index } = ownerOf(left, result.failedIndex);
      part.settle.resolve({ ok: false, failedIndex: index, actual: result.actual });
      left = left.filter((other) => other !== part);
    }
    await Promise.all(
      left.map(({ operations, settle }) => this.#store.commit(operations).then(settle.resolve, settle.reject)),
    );
  }
}

function settleAll(parts: readonly Part[], { revision, revisions }: Extract<CommitResult, { ok: true }>): void {
  let from = 0;
  for (const { operations, settle } of parts) {
    settle.resolve({ ok: true, revision, revisions: revisions.slice(from, from + operations.length) });
    from += operations.length;
  }
}

/** The part that an operation of them all belongs to, and the operation's index in it. */
function ownerOf(parts: readonly Part[], failedIndex: number): { readonly part: Part; readonly index: number } {
  let index = failedIndex;
  for (const part of parts) {
    if (index < part.operations.length) return { part, index };
    index -= part.operations.length;
  }
  throw new RangeError(`no part of the commit has the operation ${failedIndex}`);
}

/** The parts of each commit. Those that are in each other's way go alone, in which case the store decides. */
function groupsOf(parts: readonly Part[]): Part[][] {
  const groups: Part[][] = [];
  let group: Part[] = [];
  let [operations, chars] = [0, 0];
  const used = new Set<string>();
  const written = new Set<string>();
  for (const part of parts) {
    const isInTheWay = part.operations.some(({ type, key }) => (type === 'check' ? written.has(key) : used.has(key)));
    if (isInTheWay) {
      groups.push([part]);
      continue;
    }
    if (operations + part.operations.length > maxOperations || chars > maxChars) {
      groups.push(group);
      group = [];
      [operations, chars] = [0, 0];
    }
    group.push(part);
    operations += part.operations.length;
    for (const operation of part.operations) {
      used.add(operation.key);
      if (operation.type !== 'check') written.add(operation.key);
      if (operation.type === 'put') chars += operation.value.length;
    }
  }
  return group.length === 0 ? groups : [...groups, group];
}

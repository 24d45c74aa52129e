import { GantryError } from '@gantry/runtime/errors.ts';
import type { Change, ListOptions, ListResult, Store, WatchOptions } from '@gantry/store/store.ts';

/** A store in memory whose reads and watches fail when a test wants them to. */
export class SimStore implements Pick<Store, 'list' | 'watch'> {
  /** All changes there ever were; the one with revision R is at R - 1. */
  readonly changes: Change[] = [];
  /** Changes up to this revision cannot be read any more. */
  compacted = 0;
  /** So many calls of list fail from now on. */
  failingLists = 0;
  #failure: Error | undefined;
  #wake = Promise.withResolvers<void>();
  #breaks = 0;

  get revision(): number {
    return this.changes.length;
  }

  /** Puts a key, or deletes it if no value is given. Deleting an absent key changes nothing. */
  write(key: string, value: string | undefined): void {
    const previous = this.#at(this.revision).get(key)?.value;
    const revision = this.revision + 1;
    if (value !== undefined) {
      this.changes.push({ type: 'put', key, revision, value, ...(previous === undefined ? {} : { previous }) });
    } else if (previous !== undefined) {
      this.changes.push({ type: 'delete', key, revision, value: previous, previous });
    }
    this.#signal();
  }

  /** Ends all open watches with the error. */
  breakWatches(error: Error): void {
    this.#failure = error;
    this.#breaks++;
    this.#signal();
  }

  async list({ prefix, revision = this.revision }: ListOptions): Promise<ListResult> {
    await Promise.resolve();
    if (this.failingLists > 0) {
      this.failingLists--;
      throw new GantryError('ServiceUnavailable', 'the store is away');
    }
    const entries = [...this.#at(revision)]
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, written]) => ({ key, ...written }));
    return { entries, revision, more: false };
  }

  async *watch({ prefix, after, until = Number.POSITIVE_INFINITY, signal }: WatchOptions): AsyncGenerator<Change[]> {
    const breaks = this.#breaks;
    let position = after;
    while (!signal.aborted && position < until) {
      if (breaks !== this.#breaks) throw this.#failure!;
      if (position > this.revision || position < this.compacted) throw new GantryError('Expired', 'compacted');
      const wake = this.#wake.promise;
      const end = Math.min(until, this.revision, position + 3);
      const batch = this.changes.slice(position, end).filter(({ key }) => key.startsWith(prefix));
      if (batch.length > 0) yield batch;
      else if (position === end) await Promise.race([wake, aborted(signal)]);
      position = end;
    }
  }

  #at(revision: number): Map<string, { readonly value: string; readonly revision: number }> {
    const state = new Map<string, { value: string; revision: number }>();
    for (const change of this.changes.slice(0, revision)) {
      if (change.type === 'delete') state.delete(change.key);
      else state.set(change.key, { value: change.value, revision: change.revision });
    }
    return state;
  }

  #signal(): void {
    this.#wake.resolve();
    this.#wake = Promise.withResolvers<void>();
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

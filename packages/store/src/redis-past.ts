import { compareKeys } from './keys.ts';
import type { StreamedChange } from './redis-records.ts';
import type { Entry } from './store.ts';

/** A list at a revision. */
export interface PastOf {
  readonly revision: number;
  readonly prefix: string;
}

/**
 * The state of a prefix at a revision, as far as it differs from a later one: the keys that changed since, each as it was. It grows by
 * the changes that followed, and forgets the keys that its list has passed.
 */
export class Past {
  readonly of: PastOf;
  /** Entries by key; undefined where a key did not exist. */
  readonly #undone = new Map<string, Entry | undefined>();
  /** Keys up to here are not kept: no later page asks for them. */
  #from: string;
  #through: number;
  #chars = 0;

  /** @param from Pages begin after this key. */
  constructor(of: PastOf, from: string) {
    this.of = of;
    this.#from = from;
    this.#through = of.revision;
  }

  /** Changes up to this revision are undone. */
  get through(): number {
    return this.#through;
  }

  /** Characters that it holds. */
  get chars(): number {
    return this.#chars;
  }

  /** True where pages after a key can be made of it. */
  covers(after: string): boolean {
    return compareKeys(after, this.#from) >= 0;
  }

  /** Takes the changes that follow, in revision order: the first change of a key tells its state before all of them. */
  undo(changes: readonly StreamedChange[], through: number): void {
    for (const { change, previousRevision } of changes) {
      const { key, previous } = change;
      if (this.#undone.has(key) || compareKeys(key, this.#from) <= 0) continue;
      const entry = previousRevision === 0 ? undefined : { key, value: previous!, revision: previousRevision };
      this.#undone.set(key, entry);
      this.#chars += size(key, entry);
    }
    this.#through = Math.max(this.#through, through);
  }

  /**
   * A page of the past state: the entries of a page of the later state, without those that changed since, and with those that
   * were there then. `from` (exclusive) and `through` (inclusive) are the keys that the page covers.
   */
  asOf(entries: readonly Entry[], from: string, through: string | undefined): readonly Entry[] {
    if (this.#undone.size === 0) return entries;
    const kept = entries.filter(({ key }) => !this.#undone.has(key));
    for (const [key, entry] of this.#undone) {
      if (entry === undefined || compareKeys(key, from) <= 0) continue;
      if (through === undefined || compareKeys(key, through) <= 0) kept.push(entry);
    }
    return kept.sort((left, right) => compareKeys(left.key, right.key));
  }

  /** Forgets the keys up to one, which the list has passed. */
  pass(last: string): void {
    if (compareKeys(last, this.#from) <= 0) return;
    this.#from = last;
    for (const [key, entry] of this.#undone) {
      if (compareKeys(key, last) > 0) continue;
      this.#undone.delete(key);
      this.#chars -= size(key, entry);
    }
  }
}

/** Bounds of what is kept between the pages of lists. */
export interface PastBounds {
  readonly lists: number;
  readonly chars: number;
  /** Time after which a list counts as given up, in milliseconds. */
  readonly keepMs: number;
}

interface Kept {
  readonly past: Past;
  readonly timer: NodeJS.Timeout;
}

/**
 * The pasts of lists that go on: each page of a list undoes the changes since the page before, and not all since the list began. One that
 * was dropped is made again from the change stream.
 */
export class KeptPasts implements Disposable {
  readonly #bounds: PastBounds;
  /** In the order of their last use. */
  readonly #kept = new Map<string, Kept>();
  #chars = 0;

  constructor(bounds: PastBounds) {
    this.#bounds = bounds;
  }

  /** The past of a list's next page. It belongs to the caller until it is put back. */
  take(of: PastOf, after: string): Past {
    const { past } = this.#kept.get(idOf(of)) ?? {};
    if (past === undefined || !past.covers(after)) return new Past(of, after);
    this.#drop(idOf(of));
    return past;
  }

  /** Keeps a past for the pages after a key. */
  put(past: Past, last: string): void {
    past.pass(last);
    const id = idOf(past.of);
    // Another caller of the same page was faster: the one that knows of more changes stays.
    if ((this.#kept.get(id)?.past.through ?? -1) > past.through) return;
    this.#drop(id);
    this.#kept.set(id, { past, timer: setTimeout(() => this.#drop(id), this.#bounds.keepMs).unref() });
    this.#chars += past.chars;
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= this.#bounds.lists && this.#chars <= this.#bounds.chars) return;
      this.#drop(oldest);
    }
  }

  [Symbol.dispose](): void {
    for (const id of [...this.#kept.keys()]) this.#drop(id);
  }

  #drop(id: string): void {
    const kept = this.#kept.get(id);
    if (kept === undefined) return;
    clearTimeout(kept.timer);
    this.#kept.delete(id);
    this.#chars -= kept.past.chars;
  }
}

function idOf({ revision, prefix }: PastOf): string {
  return `${revision} ${prefix}`;
}

function size(key: string, entry: Entry | undefined): number {
  return key.length + (entry?.value.length ?? 0);
}

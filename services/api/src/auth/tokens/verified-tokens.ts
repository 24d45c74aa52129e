import type { Clock } from '@gantry/runtime/clock.ts';

/** Tokens that are kept at most; the oldest go first. */
const maxTokens = 4_096;
/** Milliseconds after which a token is verified anew: changes of what it stands on come by the store's stream, which may be late. */
const keptMs = 10_000;

/** An object that a token stands on, by its store key. */
interface Reference {
  readonly key: string;
  /** Empty where any object of the key will do until it changes. */
  readonly uid: string;
}

interface Entry<T> {
  readonly references: readonly Reference[];
  readonly beganAtMs: number;
  /** Undefined while it is being verified. */
  result: T | undefined;
}

/** A verification under way. */
interface Verification<T> {
  /** Keeps the result, unless what it stands on changed meanwhile. */
  finish(result: T): void;
  abandon(): void;
}

/** Results of verifying tokens, by their digests, that end when an object changes that they stand on. */
export class VerifiedTokens<T> {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #entries = new Map<string, Entry<T>>();
  readonly #digestsOf = new Map<string, Set<string>>();

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  get(digest: string): T | undefined {
    const entry = this.#entries.get(digest);
    if (entry === undefined || this.#clock.monotonic() - entry.beganAtMs >= keptMs) return undefined;
    return entry.result;
  }

  /** Begins a verification, before the objects are read: a change from now on keeps its result from being kept. */
  begin(digest: string, references: readonly Reference[]): Verification<T> {
    this.#drop(digest);
    const entry: Entry<T> = { references, beganAtMs: this.#clock.monotonic(), result: undefined };
    this.#entries.set(digest, entry);
    for (const { key } of references) {
      const digests = this.#digestsOf.get(key);
      if (digests === undefined) this.#digestsOf.set(key, new Set([digest]));
      else digests.add(digest);
    }
    if (this.#entries.size > maxTokens) this.#drop(this.#entries.keys().next().value!);
    return {
      // An entry that was dropped is in no map any more: whatever it holds is found by nobody.
      finish: (result) => {
        entry.result = result;
      },
      abandon: () => {
        if (this.#entries.get(digest) === entry) this.#drop(digest);
      },
    };
  }

  /** Whether a token stands on an object. */
  concerns(key: string): boolean {
    return this.#digestsOf.has(key);
  }

  /** Forgets the tokens that stand on another object of this key. @param uid Of the object that is there now, if any. */
  changed(key: string, uid: string | undefined): void {
    for (const digest of this.#digestsOf.get(key) ?? []) {
      const reference = this.#entries.get(digest)?.references.find((one) => one.key === key);
      if (reference?.uid !== uid) this.#drop(digest);
    }
  }

  clear(): void {
    this.#entries.clear();
    this.#digestsOf.clear();
  }

  #drop(digest: string): void {
    for (const { key } of this.#entries.get(digest)?.references ?? []) {
      const digests = this.#digestsOf.get(key);
      digests?.delete(digest);
      if (digests?.size === 0) this.#digestsOf.delete(key);
    }
    this.#entries.delete(digest);
  }
}

/** Since when things are as they are, by their keys and a clock that never steps. */
export class SinceTimes {
  readonly #since = new Map<string, number>();
  readonly #before = new Set<string>();

  /** Notes all things that are so now. Others are forgotten. */
  keep(keys: Iterable<string>, nowMs: number): void {
    const present = new Set(keys);
    for (const key of this.#since.keys()) {
      if (present.has(key)) continue;
      this.#since.delete(key);
      this.#before.add(key);
    }
    for (const key of present) if (!this.#since.has(key)) this.#since.set(key, nowMs);
    for (const key of this.#before) {
      if (this.#before.size <= maxForgotten) break;
      this.#before.delete(key);
    }
  }

  /** Begins anew. */
  restart(key: string, nowMs: number): void {
    this.#since.set(key, nowMs);
  }

  forget(key: string): void {
    this.#since.delete(key);
  }

  /** Milliseconds since; undefined where it is not so. */
  ageMs(key: string, nowMs: number): number | undefined {
    const since = this.#since.get(key);
    return since === undefined ? undefined : nowMs - since;
  }

  /** True for a thing that was so before, and may be again. */
  wasKept(key: string): boolean {
    return this.#before.has(key);
  }

  has(key: string): boolean {
    return this.#since.has(key);
  }

  get keys(): IterableIterator<string> {
    return this.#since.keys();
  }
}

/** Things that were, which are remembered. */
const maxForgotten = 10_000;

/** Follows the lowest count among domains while counts only grow. */
export class LeastFilled {
  readonly #domains: readonly number[];
  readonly #countOf: (domain: number) => number;
  /** The lowest count; 0 where there are no domains. */
  value = 0;
  /** Domains that have the lowest count. */
  #holders = 0;

  constructor(domains: readonly number[], countOf: (domain: number) => number) {
    this.#domains = domains;
    this.#countOf = countOf;
    this.#recount();
  }

  /** A domain's count has just grown by one. True where the lowest count has grown with it. */
  grew(domain: number): boolean {
    if (this.#countOf(domain) - 1 !== this.value) return false;
    this.#holders--;
    if (this.#holders > 0) return false;
    const before = this.value;
    this.#recount();
    return this.value !== before;
  }

  #recount(): void {
    let least = Number.POSITIVE_INFINITY;
    let holders = 0;
    for (const domain of this.#domains) {
      const count = this.#countOf(domain);
      if (count > least) continue;
      holders = count === least ? holders + 1 : 1;
      least = count;
    }
    this.value = Number.isFinite(least) ? least : 0;
    this.#holders = holders;
  }
}

/** Hints that something changed, for Observer.changes: many notices between two looks are one hint, so nothing piles up. */
export class ChangeHints {
  readonly #listeners = new Set<() => void>();

  /** Tells every listener. */
  notify(): void {
    for (const listener of this.#listeners) listener();
  }

  /** Yields after each notice from now on, until the signal fires. */
  async *changes(signal: AbortSignal): AsyncGenerator<void> {
    let pending = false;
    let wake = Promise.withResolvers<void>();
    const hint = () => {
      pending = true;
      wake.resolve();
    };
    this.#listeners.add(hint);
    signal.addEventListener('abort', hint, { once: true });
    try {
      while (!signal.aborted) {
        if (!pending) await wake.promise;
        pending = false;
        wake = Promise.withResolvers<void>();
        if (!signal.aborted) yield;
      }
    } finally {
      this.#listeners.delete(hint);
      signal.removeEventListener('abort', hint);
    }
  }
}

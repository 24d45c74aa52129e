import { Semaphore } from '@gantry/runtime/semaphore.ts';

/** Lets the writers of one namespace go one after another, in the order in which they came. Holds nothing for namespaces without any. */
export class NamespaceTurns {
  readonly #turns = new Map<string, { readonly semaphore: Semaphore; users: number }>();

  /** How many namespaces have writers. */
  get size(): number {
    return this.#turns.size;
  }

  /** Resolves with the turn, to be disposed of. */
  async next(namespace: string): Promise<Disposable> {
    const mine = this.#turns.get(namespace) ?? { semaphore: new Semaphore(1), users: 0 };
    this.#turns.set(namespace, mine);
    mine.users++;
    const slot = await mine.semaphore.acquire();
    let isOver = false;
    return {
      [Symbol.dispose]: () => {
        if (isOver) return;
        isOver = true;
        slot[Symbol.dispose]();
        if (--mine.users === 0) this.#turns.delete(namespace);
      },
    };
  }
}

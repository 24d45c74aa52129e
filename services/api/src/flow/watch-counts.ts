import type { ResourceAttempt } from '../auth/authorization.ts';

/** A field by which watches of a resource are found: those of one value concern few changes. */
const indexedFields: Readonly<Record<string, string>> = { pods: 'spec.nodeName' };

/** Counts open watches by what they are about: a write costs what telling its watchers costs. */
export class WatchCounts {
  readonly #counts = new Map<string, number>();

  /** Counts a watch until it is disposed of. */
  add(attempt: ResourceAttempt): Disposable {
    const field = indexedFields[attempt.resource];
    // A watch of one node's pods is told of few writes.
    if (field !== undefined && attempt.fields?.[field]) return { [Symbol.dispose]: () => undefined };
    const key = keyOf(attempt, attempt.namespace, attempt.name);
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    let isOpen = true;
    return {
      [Symbol.dispose]: () => {
        if (!isOpen) return;
        isOpen = false;
        const left = this.#counts.get(key)! - 1;
        if (left === 0) this.#counts.delete(key);
        else this.#counts.set(key, left);
      },
    };
  }

  /** Watches that a write is told to: of the whole resource, of its namespace, and of the object. */
  interestedIn(attempt: ResourceAttempt): number {
    const { namespace, name } = attempt;
    if (this.#counts.size === 0) return 0;
    const of = (space: string, object: string): number => this.#counts.get(keyOf(attempt, space, object)) ?? 0;
    return of('', '') + (namespace === '' ? 0 : of(namespace, '')) + (name === '' ? 0 : of(namespace, name));
  }
}

function keyOf({ group, resource }: ResourceAttempt, namespace: string, name: string): string {
  return `${group}/${resource}/${namespace}/${name}`;
}

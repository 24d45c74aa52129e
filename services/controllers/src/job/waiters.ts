import type { Job } from '@gantry/model/gen/gantry.batch.v1.ts';
import { type AnyObject, keyOf } from '../core/action.ts';
import { prerequisiteKeys } from './after.ts';

/** Jobs that wait for other objects, by those objects: whose changes concern them. */
export class Waiters {
  readonly #waitersOf = new Map<string, Set<string>>();
  readonly #awaitedBy = new Map<string, readonly string[]>();

  /** Keys of the Jobs that wait for an object. */
  of(object: AnyObject): readonly string[] {
    return [...(this.#waitersOf.get(`${object.kind} ${keyOf(object)}`) ?? [])];
  }

  /** Notes that a Job waits for all that it comes after. */
  note(key: string, job: Job): void {
    this.forget(key);
    const awaited = prerequisiteKeys(job);
    this.#awaitedBy.set(key, awaited);
    for (const object of awaited) this.#waitersOf.set(object, (this.#waitersOf.get(object) ?? new Set()).add(key));
  }

  /** Notes that a Job waits for nothing. */
  forget(key: string): void {
    for (const object of this.#awaitedBy.get(key) ?? []) {
      const waiters = this.#waitersOf.get(object);
      waiters?.delete(key);
      if (waiters?.size === 0) this.#waitersOf.delete(object);
    }
    this.#awaitedBy.delete(key);
  }
}

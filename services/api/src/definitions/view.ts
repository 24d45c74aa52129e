/** The definitions that the loop knows, and those that it has still to look at. Does no I/O. */
import { isDeepStrictEqual } from 'node:util';
import { type TakenNames, takenBy } from './names.ts';
import type { Outline } from './outline.ts';

/** Definitions by name. Each change says which of them need another look: those of the group, too, where names come free. */
export class DefinitionsView {
  readonly #known = new Map<string, Outline>();
  readonly #waiting = new Set<string>();

  /** Forgets everything. */
  clear(): void {
    this.#known.clear();
    this.#waiting.clear();
  }

  /** Takes a definition in, unless a newer state of it is known. */
  set(outline: Outline): void {
    const { name, group } = outline;
    const before = this.#known.get(name);
    if (before !== undefined && before.revision >= outline.revision) return;
    this.#known.set(name, outline);
    this.#waiting.add(name);
    if (before !== undefined && !isDeepStrictEqual(before.acceptedNames, outline.acceptedNames)) this.#lookAgain(group);
  }

  /** Forgets a definition that is gone since a revision. */
  remove(name: string, revision: number): void {
    const before = this.#known.get(name);
    if (before === undefined || before.revision > revision) return;
    this.#known.delete(name);
    this.#waiting.delete(name);
    this.#lookAgain(before.group);
  }

  get(name: string): Outline | undefined {
    return this.#known.get(name);
  }

  /** Asks for another look at a definition. */
  lookAt(name: string): void {
    if (this.#known.has(name)) this.#waiting.add(name);
  }

  /** The next definition to look at, oldest change first; undefined where there is none. */
  next(): Outline | undefined {
    for (const name of this.#waiting) {
      this.#waiting.delete(name);
      return this.#known.get(name);
    }
    return undefined;
  }

  /** The names that the definitions of a group have. */
  taken(group: string): TakenNames {
    return takenBy([...this.#known.values()].filter((each) => each.group === group).map((each) => each.acceptedNames));
  }

  #lookAgain(group: string): void {
    for (const { name, group: other } of this.#known.values()) if (other === group) this.#waiting.add(name);
  }
}

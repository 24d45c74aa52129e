import { FieldSet } from './field-set.ts';
import type { PathElement } from './path-element.ts';

// Sets as short texts, for stores. A field stands for itself, any other element in single quotes (`''` is a quote in it); `(…)` has
// the paths that go on, with a dot at the start where the path that ends there is in the set, too:
//
//     metadata(labels(. app)) spec(containers('k:{"name":"web"}'(. image name)) replicas)

/** Field names that need no quotes. */
const plainName = /^f:([A-Za-z0-9_./-]*[A-Za-z0-9_/-])$/;

/** A set as a short text; equal sets have equal texts. */
export function toCompact(set: FieldSet): string {
  return set
    .children()
    .map(({ element, isMember, below }) => {
      const name = plainName.exec(element)?.[1] ?? `'${element.replaceAll("'", "''")}'`;
      return below.isEmpty ? name : `${name}(${isMember ? '. ' : ''}${toCompact(below)})`;
    })
    .join(' ');
}

/** Reads what toCompact wrote. Throws SyntaxError for anything else. */
export function fromCompact(text: string): FieldSet {
  const reader = new Reader(text);
  const set = reader.set();
  reader.end();
  return set;
}

/** Paths within paths, at most: deeper ones than any object has. */
const maxDepth = 128;
const word = /[A-Za-z0-9_./-]+/y;
const quoted = /'((?:[^']|'')*)'/y;

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  set(depth = 0): FieldSet {
    if (depth > maxDepth) throw this.#error();
    const entries: [PathElement, { isMember: boolean; below: FieldSet }][] = [];
    while (this.#at < this.#text.length && this.#text[this.#at] !== ')') {
      if (entries.length > 0) this.#take(' ');
      entries.push(this.#entry(depth));
    }
    return FieldSet.from(entries);
  }

  end(): void {
    if (this.#at !== this.#text.length) throw this.#error();
  }

  #entry(depth: number): [PathElement, { isMember: boolean; below: FieldSet }] {
    const name = this.#match(word);
    const element = name === undefined ? this.#match(quoted, 1)?.replaceAll("''", "'") : `f:${name}`;
    if (element === undefined || element === '') throw this.#error();
    if (this.#text[this.#at] !== '(') return [element, { isMember: true, below: FieldSet.empty }];
    this.#at++;
    const isMember = this.#text.startsWith('. ', this.#at);
    if (isMember) this.#at += 2;
    const below = this.set(depth + 1);
    this.#take(')');
    return [element, { isMember, below }];
  }

  #match(pattern: RegExp, group = 0): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found === null) return undefined;
    this.#at = pattern.lastIndex;
    return found[group];
  }

  #take(character: string): void {
    if (this.#text[this.#at] !== character) throw this.#error();
    this.#at++;
  }

  #error(): SyntaxError {
    return new SyntaxError(
      `no set of paths at ${this.#at}: ${JSON.stringify(this.#text.slice(this.#at, this.#at + 40))}`,
    );
  }
}

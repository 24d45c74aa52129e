import { canonicalElement, compareElements, fieldNameOf, type PathElement } from './path-element.ts';
import { deduced, fieldOf, isFields, type Shape } from './shape.ts';

interface Entry {
  /** The path that ends here is in the set. */
  readonly isMember: boolean;
  /** The paths that go on from here. */
  readonly below: FieldSet;
}

/** FieldsV1: a set of paths as nested JSON objects; `.` marks a path that is in the set and has longer ones. */
export type FieldsV1 = { readonly [element: string]: FieldsV1 };

/** An immutable set of paths. A path that is in the set says nothing about longer ones. */
export class FieldSet {
  static readonly empty = new FieldSet(new Map());
  readonly #entries: ReadonlyMap<PathElement, Entry>;

  private constructor(entries: ReadonlyMap<PathElement, Entry>) {
    this.#entries = entries;
  }

  static of(...paths: readonly (readonly PathElement[])[]): FieldSet {
    const builder = new FieldSetBuilder();
    for (const path of paths) builder.add(path);
    return builder.build();
  }

  /** @internal For the builder and the operations below. Drops entries that hold nothing. */
  static from(entries: Iterable<readonly [PathElement, Entry]>): FieldSet {
    const kept = new Map<PathElement, Entry>();
    for (const [element, entry] of entries) if (entry.isMember || !entry.below.isEmpty) kept.set(element, entry);
    return kept.size === 0 ? FieldSet.empty : new FieldSet(kept);
  }

  /** Parses FieldsV1. Throws SyntaxError for what is none. */
  static fromFieldsV1(fields: unknown): FieldSet {
    if (!isFields(fields)) throw new SyntaxError('fieldsV1 must be an object');
    return FieldSet.from(
      Object.entries(fields)
        // Elements of types that later versions may know are left out, as Kubernetes does it.
        .filter(([element]) => element !== '.' && !/^[^fkvi]:/.test(element))
        .map(([element, inner]) => {
          const below = FieldSet.fromFieldsV1(inner);
          return [canonicalElement(element), { isMember: below.isEmpty || Object.hasOwn(inner as object, '.'), below }];
        }),
    );
  }

  get isEmpty(): boolean {
    return this.#entries.size === 0;
  }

  /** True if the path of one element is in the set. */
  hasElement(element: PathElement): boolean {
    return this.#entries.get(element)?.isMember ?? false;
  }

  has(path: readonly PathElement[]): boolean {
    const [first, ...rest] = path;
    if (first === undefined) return false;
    return rest.length === 0 ? this.hasElement(first) : this.below(first).has(rest);
  }

  /** The rests of the paths that go on from an element. */
  below(element: PathElement): FieldSet {
    return this.#entries.get(element)?.below ?? FieldSet.empty;
  }

  union(other: FieldSet): FieldSet {
    if (this.isEmpty) return other;
    if (other.isEmpty) return this;
    const elements = new Set([...this.#entries.keys(), ...other.#entries.keys()]);
    return this.#combine(
      elements,
      other,
      (mine, theirs) => mine || theirs,
      (mine, theirs) => mine.union(theirs),
    );
  }

  intersection(other: FieldSet): FieldSet {
    if (this.isEmpty || other.isEmpty) return FieldSet.empty;
    return this.#combine(
      this.#entries.keys(),
      other,
      (mine, theirs) => mine && theirs,
      (mine, theirs) => mine.intersection(theirs),
    );
  }

  /** The paths of this set that are not in the other; the same set if that takes none. */
  difference(other: FieldSet): FieldSet {
    if (this.isEmpty || other.isEmpty) return this;
    let isSame = true;
    const left = Array.from(this.#entries, ([element, entry]): readonly [PathElement, Entry] => {
      const theirs = other.#entries.get(element);
      if (theirs === undefined) return [element, entry];
      const isMember = entry.isMember && !theirs.isMember;
      const below = entry.below.difference(theirs.below);
      if (isMember === entry.isMember && below === entry.below) return [element, entry];
      isSame = false;
      return [element, { isMember, below }];
    });
    return isSame ? this : FieldSet.from(left);
  }

  /** The paths of this set that neither are in the other nor go on from one that is. */
  without(other: FieldSet): FieldSet {
    if (this.isEmpty || other.isEmpty) return this;
    const kept = [...this.#entries].filter(([element]) => !other.hasElement(element));
    return FieldSet.from(
      kept.map(([element, { isMember, below }]) => [element, { isMember, below: below.without(other.below(element)) }]),
    );
  }

  /** The set with every field that a type names on the way to one of its paths. */
  withNamedFields(shape: Shape): FieldSet {
    return FieldSet.from(
      [...this.#entries].map(([element, { isMember, below }]) => {
        const name = fieldNameOf(element);
        const inner = name === undefined ? undefined : fieldOf(shape, name);
        const innerShape = inner?.shape ?? (shape.type === 'list' ? shape.items : deduced);
        const isNamed = inner?.isNamed === true && !below.isEmpty;
        return [element, { isMember: isMember || isNamed, below: below.withNamedFields(innerShape) }];
      }),
    );
  }

  equals(other: FieldSet): boolean {
    if (this.#entries.size !== other.#entries.size) return false;
    return this.#entries
      .entries()
      .every(
        ([element, { isMember, below }]) =>
          isMember === other.hasElement(element) && below.equals(other.below(element)),
      );
  }

  /** All paths, in the order of FieldsV1. */
  *paths(prefix: readonly PathElement[] = []): Generator<readonly PathElement[]> {
    for (const [element, { isMember, below }] of this.#sorted()) {
      const path = [...prefix, element];
      if (isMember) yield path;
      yield* below.paths(path);
    }
  }

  /** The first elements of all paths with what goes on from them, in the order of FieldsV1. */
  children(): { readonly element: PathElement; readonly isMember: boolean; readonly below: FieldSet }[] {
    return this.#sorted().map(([element, entry]) => ({ element, ...entry }));
  }

  toFieldsV1(): FieldsV1 {
    return Object.fromEntries(
      this.#sorted().map(([element, { isMember, below }]) => {
        const inner = below.toFieldsV1();
        return [element, isMember && !below.isEmpty ? { '.': {}, ...inner } : inner];
      }),
    );
  }

  #sorted(): (readonly [PathElement, Entry])[] {
    return [...this.#entries].sort(([left], [right]) => compareElements(left, right));
  }

  #combine(
    elements: Iterable<PathElement>,
    other: FieldSet,
    member: (mine: boolean, theirs: boolean) => boolean,
    inner: (mine: FieldSet, theirs: FieldSet) => FieldSet,
  ): FieldSet {
    return FieldSet.from(
      Array.from(elements, (element) => [
        element,
        {
          isMember: member(this.hasElement(element), other.hasElement(element)),
          below: inner(this.below(element), other.below(element)),
        },
      ]),
    );
  }
}

/** Collects paths for a set. */
export class FieldSetBuilder {
  readonly #entries = new Map<PathElement, { isMember: boolean; below: FieldSetBuilder | undefined }>();

  add(path: readonly PathElement[]): void {
    let builder: FieldSetBuilder = this;
    for (const [index, element] of path.entries()) {
      if (index === path.length - 1) builder.addElement(element);
      else builder = builder.below(element);
    }
  }

  /** Adds the path of one element. */
  addElement(element: PathElement): void {
    this.#entry(element).isMember = true;
  }

  /** Collects paths that go on from an element. */
  below(element: PathElement): FieldSetBuilder {
    const entry = this.#entry(element);
    entry.below ??= new FieldSetBuilder();
    return entry.below;
  }

  #entry(element: PathElement): { isMember: boolean; below: FieldSetBuilder | undefined } {
    let entry = this.#entries.get(element);
    if (entry === undefined) {
      entry = { isMember: false, below: undefined };
      this.#entries.set(element, entry);
    }
    return entry;
  }

  build(): FieldSet {
    if (this.#entries.size === 0) return FieldSet.empty;
    const entries = new Map<PathElement, Entry>();
    for (const [element, { isMember, below }] of this.#entries) {
      entries.set(element, { isMember, below: below?.build() ?? FieldSet.empty });
    }
    return FieldSet.from(entries);
  }
}

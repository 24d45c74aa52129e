import { type FieldSet, FieldSetBuilder } from './field-set.ts';
import { isSameJson, itemShape, itemsByElement } from './items.ts';
import { fieldElement, type PathElement } from './path-element.ts';
import { fieldOf, hasFields, isFields, isGranularList, type Shape } from './shape.ts';

/** Paths in which two values differ. */
export interface Comparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

/** Compares two states of a value. Undefined is a value that is not there. What both share by reference is not looked into. */
export function compare(before: unknown, after: unknown, shape: Shape): Comparison {
  const place = new Place(undefined, '');
  compareAt(before, after, shape, place);
  return { added: place.added.build(), modified: place.modified.build(), removed: place.removed.build() };
}

type Difference = 'added' | 'modified' | 'removed';

/** A path on the way through both values. It costs next to nothing until a difference is found below it. */
class Place {
  readonly #above: Place | undefined;
  readonly #element: PathElement;
  #added: FieldSetBuilder | undefined;
  #modified: FieldSetBuilder | undefined;
  #removed: FieldSetBuilder | undefined;

  constructor(above: Place | undefined, element: PathElement) {
    this.#above = above;
    this.#element = element;
  }

  get isRoot(): boolean {
    return this.#above === undefined;
  }

  get added(): FieldSetBuilder {
    this.#added ??= this.#above?.added.below(this.#element) ?? new FieldSetBuilder();
    return this.#added;
  }

  get modified(): FieldSetBuilder {
    this.#modified ??= this.#above?.modified.below(this.#element) ?? new FieldSetBuilder();
    return this.#modified;
  }

  get removed(): FieldSetBuilder {
    this.#removed ??= this.#above?.removed.below(this.#element) ?? new FieldSetBuilder();
    return this.#removed;
  }

  /** Notes the path itself. */
  note(difference: Difference): void {
    this.#above?.[difference].addElement(this.#element);
  }
}

function compareAt(before: unknown, after: unknown, shape: Shape, place: Place): void {
  if (before === after) return;
  const isLeaf = !descend(before, after, shape, place);
  if (place.isRoot) return;
  if (before === undefined) place.note('added');
  else if (after === undefined) place.note('removed');
  else if (isLeaf && !isSameJson(before, after)) place.note('modified');
}

/** Compares what is inside; false if nothing inside is owned by itself. Two empty values are leaves: null is not {}. */
function descend(before: unknown, after: unknown, shape: Shape, place: Place): boolean {
  if (isGranularList(shape) && areAll(Array.isArray, before, after)) {
    const [left, right] = [(before ?? []) as unknown[], (after ?? []) as unknown[]];
    if (left.length + right.length === 0) return false;
    compareItems(left, right, shape, place);
    return true;
  }
  if (!areAll(isFields, before, after) || !(hasFields(shape, before) || hasFields(shape, after))) return false;
  const [left, right] = [(before ?? {}) as Record<string, unknown>, (after ?? {}) as Record<string, unknown>];
  let isEmpty = true;
  for (const name of Object.keys(left)) {
    isEmpty = false;
    compareField(name, left[name], own(right, name), shape, place);
  }
  for (const name of Object.keys(right)) {
    isEmpty = false;
    if (!Object.hasOwn(left, name)) compareField(name, undefined, right[name], shape, place);
  }
  return !isEmpty;
}

function compareField(name: string, before: unknown, after: unknown, shape: Shape, place: Place): void {
  if (before === after) return;
  compareAt(before, after, fieldOf(shape, name).shape, new Place(place, fieldElement(name)));
}

function compareItems(
  before: readonly unknown[],
  after: readonly unknown[],
  shape: Extract<Shape, { type: 'set' | 'list' }>,
  place: Place,
): void {
  const left = itemsByElement(before, shape);
  const right = itemsByElement(after, shape);
  for (const element of new Set([...left.keys(), ...right.keys()])) {
    const [old, ...olds] = left.get(element) ?? [];
    const [now, ...nows] = right.get(element) ?? [];
    const itemPlace = new Place(place, element);
    if (olds.length + nows.length === 0) compareAt(old, now, itemShape(shape), itemPlace);
    // Duplicates cannot be told apart: they are compared as a whole.
    else if (!isSameJson([old, ...olds], [now, ...nows])) itemPlace.note('modified');
  }
}

/** True if each value is of a type, or not there, or null. */
function areAll(is: (value: unknown) => boolean, left: unknown, right: unknown): boolean {
  const [isLeft, isRight] = [is(left), is(right)];
  return (
    (isLeft || left === undefined || left === null) &&
    (isRight || right === undefined || right === null) &&
    (isLeft || isRight)
  );
}

function own(fields: Record<string, unknown>, name: string): unknown {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}

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

/** Compares two states of a value. Undefined is a value that is not there. */
export function compare(before: unknown, after: unknown, shape: Shape): Comparison {
  const walk = new Walk();
  walk.compare(before, after, shape, []);
  return { added: walk.added.build(), modified: walk.modified.build(), removed: walk.removed.build() };
}

class Walk {
  readonly added = new FieldSetBuilder();
  readonly modified = new FieldSetBuilder();
  readonly removed = new FieldSetBuilder();

  compare(before: unknown, after: unknown, shape: Shape, path: readonly PathElement[]): void {
    if (before === undefined && after === undefined) return;
    const isLeaf = !this.#descend(before, after, shape, path);
    if (path.length === 0) return;
    if (before === undefined) this.added.add(path);
    else if (after === undefined) this.removed.add(path);
    else if (isLeaf && !isSameJson(before, after)) this.modified.add(path);
  }

  /** Compares what is inside; false if nothing inside is owned by itself. Two empty values are leaves: null is not {}. */
  #descend(before: unknown, after: unknown, shape: Shape, path: readonly PathElement[]): boolean {
    if (isGranularList(shape) && areAll(Array.isArray, before, after)) {
      const [left, right] = [(before ?? []) as unknown[], (after ?? []) as unknown[]];
      if (left.length + right.length === 0) return false;
      this.#compareItems(left, right, shape, path);
      return true;
    }
    if (!areAll(isFields, before, after) || !(hasFields(shape, before) || hasFields(shape, after))) return false;
    const [left, right] = [(before ?? {}) as Record<string, unknown>, (after ?? {}) as Record<string, unknown>];
    const names = new Set([...Object.keys(left), ...Object.keys(right)]);
    if (names.size === 0) return false;
    for (const name of names) {
      this.compare(own(left, name), own(right, name), fieldOf(shape, name).shape, [...path, fieldElement(name)]);
    }
    return true;
  }

  #compareItems(
    before: readonly unknown[],
    after: readonly unknown[],
    shape: Extract<Shape, { type: 'set' | 'list' }>,
    path: readonly PathElement[],
  ): void {
    const left = itemsByElement(before, shape);
    const right = itemsByElement(after, shape);
    for (const element of new Set([...left.keys(), ...right.keys()])) {
      const [old, ...olds] = left.get(element) ?? [];
      const [now, ...nows] = right.get(element) ?? [];
      const itemPath = [...path, element];
      if (olds.length + nows.length === 0) this.compare(old, now, itemShape(shape), itemPath);
      // Duplicates cannot be told apart: they are compared as a whole.
      else if (!isSameJson([old, ...olds], [now, ...nows])) this.modified.add(itemPath);
    }
  }
}

/** True if each value is of a type, or not there, or null. */
function areAll(is: (value: unknown) => boolean, ...values: readonly unknown[]): boolean {
  return values.every((value) => value === undefined || value === null || is(value)) && values.some(is);
}

function own(fields: Record<string, unknown>, name: string): unknown {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}

import { itemElement, type PathElement } from './path-element.ts';
import type { Shape } from './shape.ts';

/** Items of a granular list by their elements, in order. An element that stands for several items has all of them. */
export function itemsByElement(
  list: readonly unknown[],
  shape: Extract<Shape, { type: 'set' | 'list' }>,
): Map<PathElement, unknown[]> {
  const items = new Map<PathElement, unknown[]>();
  for (const item of list) {
    const element = itemElement(item, shape);
    const known = items.get(element);
    if (known === undefined) items.set(element, [item]);
    else known.push(item);
  }
  return items;
}

/** The shape of the items of a granular list. */
export function itemShape(shape: Extract<Shape, { type: 'set' | 'list' }>): Shape {
  return shape.type === 'list' ? shape.items : { type: 'atomic' };
}

/** True for equal JSON values; the order of an object's keys does not count, nor do keys without a value. */
export function isSameJson(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false;
  if (Array.isArray(left)) {
    return (
      Array.isArray(right) && left.length === right.length && left.every((item, at) => isSameJson(item, right[at]))
    );
  }
  if (Array.isArray(right)) return false;
  const [one, other] = [left as Record<string, unknown>, right as Record<string, unknown>];
  const valueAt = (fields: Record<string, unknown>, key: string): unknown =>
    Object.hasOwn(fields, key) ? fields[key] : undefined;
  return (
    Object.keys(one).every((key) => one[key] === undefined || isSameJson(one[key], valueAt(other, key))) &&
    Object.keys(other).every((key) => other[key] === undefined || valueAt(one, key) !== undefined)
  );
}

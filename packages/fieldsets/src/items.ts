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

/** True for equal JSON values; the order of an object's keys does not count. */
export function isSameJson(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false;
  if (Array.isArray(left) !== Array.isArray(right)) return false;
  const leftKeys = Object.keys(left);
  if (leftKeys.length !== Object.keys(right).length) return false;
  return leftKeys.every(
    (key) =>
      Object.hasOwn(right, key) &&
      isSameJson((left as Record<string, unknown>)[key], (right as Record<string, unknown>)[key]),
  );
}

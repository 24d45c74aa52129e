import { itemShape, itemsByElement } from './items.ts';
import { itemElement, type PathElement } from './path-element.ts';
import { fieldOf, hasFields, isFields, isGranularList, type Shape } from './shape.ts';

/** The live value with everything that the applied value sets. Nothing is removed. Undefined is a value that is not there. */
export function merge(live: unknown, applied: unknown, shape: Shape): unknown {
  if (applied === undefined) return live;
  if (isGranularList(shape) && Array.isArray(live) && Array.isArray(applied) && live.length + applied.length > 0) {
    return mergeLists(live, applied, shape);
  }
  if (!isFields(live) || !isFields(applied) || !hasFields(shape, applied)) return applied;
  const merged: Record<string, unknown> = { ...live };
  for (const [name, value] of Object.entries(applied)) {
    const liveValue = Object.hasOwn(live, name) ? live[name] : undefined;
    setOwn(merged, name, merge(liveValue, value, fieldOf(shape, name).shape));
  }
  return merged;
}

/**
 * Merges two lists. Applied items stand in the order of the applied list. Live items that it does not name go before the applied
 * items that have no place in the live list, and after the shared item that they follow there.
 */
function mergeLists(
  live: readonly unknown[],
  applied: readonly unknown[],
  shape: Extract<Shape, { type: 'set' | 'list' }>,
): unknown[] {
  const liveItems = itemsByElement(live, shape);
  const liveOrder = live.map((item) => itemElement(item, shape));
  const appliedItems = itemsByElement(applied, shape);
  const merged: unknown[] = [];
  const done = new Set<PathElement>();
  const shared = [...appliedItems.keys()].filter((element) => liveItems.has(element));
  let at = 0;
  const nextShared = (): PathElement | undefined => shared.find((element) => !done.has(element));
  /** Takes the live items before an item that both lists have; those that are applied come in the applied order. */
  const takeLive = (until: PathElement | undefined): void => {
    for (; at < live.length && liveOrder[at] !== until; at++) {
      if (!appliedItems.has(liveOrder[at]!)) merged.push(live[at]);
    }
  };
  for (const [element, [item]] of appliedItems) {
    takeLive(nextShared());
    if (liveOrder[at] === element) at++;
    done.add(element);
    const old = liveItems.get(element);
    merged.push(old === undefined ? item : merge(old[0], item, itemShape(shape)));
  }
  takeLive(undefined);
  return merged;
}

function setOwn(fields: Record<string, unknown>, name: string, value: unknown): void {
  // An assignment to `__proto__` would set the prototype.
  Object.defineProperty(fields, name, { value, enumerable: true, configurable: true, writable: true });
}

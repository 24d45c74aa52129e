import { itemShape } from './items.ts';
import { describePath, fieldElement, itemElement, type PathElement } from './path-element.ts';
import { fieldOf, hasFields, isGranularList, type Shape } from './shape.ts';

/**
 * Refuses a configuration with items of lists that cannot be told apart, or that cannot be identified.
 * @throws TypeError naming the path and the item.
 */
export function checkItems(value: unknown, shape: Shape, path: readonly PathElement[] = []): void {
  if (hasFields(shape, value)) {
    for (const [name, inner] of Object.entries(value)) {
      checkItems(inner, fieldOf(shape, name).shape, [...path, fieldElement(name)]);
    }
  } else if (isGranularList(shape) && Array.isArray(value)) {
    const seen = new Set<PathElement>();
    for (const [index, item] of value.entries()) {
      const element = elementAt(item, index, shape, path);
      if (seen.has(element)) {
        throw new TypeError(`${describePath(path)}: duplicate entries for key ${describePath([element])}`);
      }
      seen.add(element);
      checkItems(item, itemShape(shape), [...path, element]);
    }
  }
}

function elementAt(
  item: unknown,
  index: number,
  shape: Extract<Shape, { type: 'set' | 'list' }>,
  path: readonly PathElement[],
): PathElement {
  try {
    return itemElement(item, shape);
  } catch (cause) {
    throw new TypeError(`${describePath(path)}: element ${index}: ${(cause as Error).message}`, { cause });
  }
}

import type { FieldSet } from './field-set.ts';
import { itemShape } from './items.ts';
import { fieldElement, itemElement } from './path-element.ts';
import { fieldOf, hasFields, isGranularList, type Shape } from './shape.ts';

/**
 * The value without the paths of a set. An object or list that loses its last item stays, empty, unless its own path is in the
 * set. Values that are owned as a whole stay as they are.
 */
export function removePaths(value: unknown, paths: FieldSet, shape: Shape): unknown {
  if (paths.isEmpty) return value;
  if (isGranularList(shape) && Array.isArray(value)) {
    return value.flatMap((item) => {
      const element = itemElement(item, shape);
      return paths.hasElement(element) ? [] : [removePaths(item, paths.below(element), itemShape(shape))];
    });
  }
  if (!hasFields(shape, value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, inner]) => {
      const element = fieldElement(name);
      if (paths.hasElement(element)) return [];
      return [[name, removePaths(inner, paths.below(element), fieldOf(shape, name).shape)]];
    }),
  );
}

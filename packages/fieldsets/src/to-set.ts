import { type FieldSet, FieldSetBuilder } from './field-set.ts';
import { fieldElement, itemElement, type PathElement } from './path-element.ts';
import { fieldOf, hasFields, isFields, isGranularList, type Shape } from './shape.ts';

/**
 * The paths that a value sets, and its writer thereby owns. Named fields count by what is in them; keys of maps and items
 * of lists count themselves too, as do fields that are null or empty objects.
 * @throws TypeError naming the path of an item that cannot be identified.
 */
export function toFieldSet(value: unknown, shape: Shape): FieldSet {
  const builder = new FieldSetBuilder();
  collect(value, shape, [], builder);
  return builder.build();
}

function collect(value: unknown, shape: Shape, path: readonly PathElement[], into: FieldSetBuilder): void {
  if (hasFields(shape, value)) {
    for (const [name, inner] of Object.entries(value)) {
      const { shape: innerShape, isNamed } = fieldOf(shape, name);
      const innerPath = [...path, fieldElement(name)];
      collect(inner, innerShape, innerPath, into);
      const isEmpty = inner === null || (isFields(inner) && Object.keys(inner).length === 0);
      if (isEmpty || !isNamed) into.add(innerPath);
    }
  } else if (isGranularList(shape) && Array.isArray(value)) {
    for (const item of value) {
      const itemPath = [...path, itemElement(item, shape)];
      if (shape.type === 'list') collect(item, shape.items, itemPath, into);
      into.add(itemPath);
    }
  } else if (path.length > 0 && !(value === null && isGranular(shape))) {
    into.add(path);
  }
}

/** True if a null under this shape stands for an empty object or list, of which nobody owns anything. */
function isGranular(shape: Shape): boolean {
  return shape.type === 'struct' || shape.type === 'map' || isGranularList(shape);
}

/**
 * The shape of a type as field ownership sees it. The consumer derives shapes from its schemas.
 *
 * - `atomic`: scalars, and whatever is owned as a whole.
 * - `struct`: an object whose fields have shapes of their own. Fields that it does not know are `deduced`.
 * - `map`: an object whose keys are owned one by one.
 * - `set`: a list of scalars that are owned one by one.
 * - `list`: a list of objects that some of their fields identify, owned one by one.
 * - `deduced`: values without a schema: objects are maps, everything else is atomic.
 */
export type Shape =
  | { readonly type: 'atomic' }
  | { readonly type: 'struct'; readonly field: (name: string) => Shape | undefined }
  | { readonly type: 'map'; readonly values: Shape }
  | { readonly type: 'set' }
  | {
      readonly type: 'list';
      /** Fields that identify an item, in alphabetical order. */
      readonly keys: readonly string[];
      /** Values of key fields that an item leaves out. */
      readonly keyDefaults?: Readonly<Record<string, unknown>>;
      readonly items: Shape;
    }
  | { readonly type: 'deduced' };

export const atomic: Shape = { type: 'atomic' };
export const deduced: Shape = { type: 'deduced' };

/** A JSON object. */
export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The shape of an object's field or key, and whether it is a field that the type names. */
export function fieldOf(shape: Shape, name: string): { readonly shape: Shape; readonly isNamed: boolean } {
  if (shape.type === 'map') return { shape: shape.values, isNamed: false };
  const own = shape.type === 'struct' ? shape.field(name) : undefined;
  return own === undefined ? { shape: deduced, isNamed: false } : { shape: own, isNamed: true };
}

/** The shape of an object's field or key. */
export function shapeOfField(shape: Shape, name: string): Shape {
  if (shape.type === 'struct') return shape.field(name) ?? deduced;
  return shape.type === 'map' ? shape.values : deduced;
}

/** True if the value's fields are owned one by one under this shape. */
export function hasFields(shape: Shape, value: unknown): value is Fields {
  return (shape.type === 'struct' || shape.type === 'map' || shape.type === 'deduced') && isFields(value);
}

/** True if the items of a list are owned one by one. */
export function isGranularList(shape: Shape): shape is Extract<Shape, { type: 'set' | 'list' }> {
  return shape.type === 'set' || shape.type === 'list';
}

/** Sizes of values, as costs count them. */
import { textLength } from './texts.ts';
import { ListValue, MapValue, OpaqueValue, OptionalValue, type Value } from './value.ts';

/** Elements of a list, entries of a map, code points of a string, bytes; 1 of everything else. */
export function sizeOf(value: Value): number {
  if (typeof value === 'string') return textLength(value);
  if (value instanceof ListValue || value instanceof MapValue || value instanceof OpaqueValue) {
    return value.size;
  }
  if (value instanceof Uint8Array) return value.length;
  if (value instanceof OptionalValue && value.value !== undefined) return sizeOf(value.value);
  return 1;
}

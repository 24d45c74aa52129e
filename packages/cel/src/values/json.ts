/** Values as JSON: what messages, patches and audit annotations are made of. */
import { durationText, timestampText } from './times.ts';
import {
  Double,
  Duration,
  ListValue,
  MapValue,
  OptionalValue,
  Timestamp,
  TypeValue,
  Uint,
  type Value,
} from './value.ts';

/** @throws Error where a value has no JSON form, such as an IP address or NaN. */
export function toJson(value: Value): unknown {
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof ListValue) return [...value].map(toJson);
  if (value instanceof MapValue) return mapToJson(value);
  if (value instanceof Double) {
    if (!Number.isFinite(value.value)) throw new Error(`${value.value} has no form in JSON`);
    return value.value;
  }
  if (value instanceof Uint)
    return value.value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value.value) : String(value.value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (value instanceof Timestamp) return timestampText(value);
  if (value instanceof Duration) return durationText(value);
  if (value instanceof OptionalValue) return value.value === undefined ? null : toJson(value.value);
  throw new Error(`a value of type ${value instanceof TypeValue ? 'type' : value.typeName} has no form in JSON`);
}

function mapToJson(map: MapValue): Record<string, unknown> {
  const entries: [string, unknown][] = [];
  for (const key of map.keys()) {
    if (typeof key !== 'string') throw new Error('keys of JSON are strings');
    entries.push([key, toJson(map.get(key)!)]);
  }
  return Object.fromEntries(entries);
}

/** Messages that JSON writes in a form of their own: quantities, times, integers or strings, raw JSON, and lists of strings. */
import type protobuf from 'protobufjs';
import { formatDurationNs, parseDurationNs } from './duration.ts';
import type { JsonForm } from './schema.ts';

type SpecialForm = Exclude<JsonForm, 'object' | 'union'>;

/** Writes the fields of such a message. The field numbers are those of Kubernetes' messages. */
export function encodeForm(form: SpecialForm, value: unknown, writer: protobuf.Writer): void {
  switch (form) {
    case 'quantity':
      writer.uint32(tag(1, 2)).string(String(value));
      return;
    case 'time':
    case 'microTime':
      encodeTime(String(value), writer);
      return;
    case 'duration':
      writer.uint32(tag(1, 0)).int64(parseDurationNs(String(value)) ?? 0);
      return;
    case 'intOrString':
      if (typeof value === 'number') writer.uint32(tag(1, 0)).int64(0).uint32(tag(2, 0)).int32(value);
      else writer.uint32(tag(1, 0)).int64(1).uint32(tag(3, 2)).string(String(value));
      return;
    case 'raw':
      // Null says nothing: it is an entry of a list.
      if (value !== null) writer.uint32(tag(1, 2)).string(JSON.stringify(value));
      return;
    case 'strings':
      for (const text of value as readonly string[]) writer.uint32(tag(1, 2)).string(text);
      return;
  }
}

/** Reads the fields of such a message; undefined for a time that is not set. */
export function decodeForm(form: SpecialForm, reader: protobuf.Reader, end: number): unknown {
  const fields = new Map<number, number | string>();
  const strings: string[] = [];
  while (reader.pos < end) {
    const key = reader.uint32();
    if (form === 'strings' && key === tag(1, 2)) strings.push(readString(reader));
    else if ((key & 7) === 0) fields.set(key >>> 3, readInt64(reader.int64(), form));
    else if ((key & 7) === 2) fields.set(key >>> 3, readString(reader));
    else reader.skipType(key & 7);
  }
  if (reader.pos !== end) throw new RangeError(`a field runs beyond its message: ${reader.pos} > ${end}`);
  switch (form) {
    case 'quantity':
      return fields.get(1) ?? '';
    case 'time':
    case 'microTime':
      return fields.size === 0 ? undefined : formatTime(Number(fields.get(1) ?? 0), Number(fields.get(2) ?? 0), form);
    case 'duration':
      return formatDurationNs(Number(fields.get(1) ?? 0));
    case 'intOrString':
      return fields.get(1) === 1 ? (fields.get(3) ?? '') : (fields.get(2) ?? 0);
    case 'raw':
      return fields.has(1) ? JSON.parse(String(fields.get(1))) : null;
    case 'strings':
      return strings;
  }
}

function tag(number: number, wireType: number): number {
  return (number << 3) | wireType;
}

const timePattern = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/;

/** True for a time in RFC 3339. */
export function isTimestamp(text: string): boolean {
  const match = timePattern.exec(text);
  return match !== null && !Number.isNaN(Date.parse(`${match[1]}${match[3]}`));
}

/** A time in RFC 3339 as Kubernetes writes it: in UTC, with whole seconds or with microseconds. */
export function formatTimestamp(text: string, form: 'time' | 'microTime'): string {
  const match = timePattern.exec(text)!;
  return formatTime(Date.parse(`${match[1]}${match[3]}`) / 1000, Number((match[2] ?? '').padEnd(9, '0')), form);
}

function encodeTime(text: string, writer: protobuf.Writer): void {
  const match = timePattern.exec(text);
  if (match === null) throw new RangeError(`not a time in RFC 3339: ${JSON.stringify(text)}`);
  const seconds = Date.parse(`${match[1]}${match[3]}`) / 1000;
  const nanos = Number((match[2] ?? '').padEnd(9, '0'));
  writer.uint32(tag(1, 0)).int64(seconds);
  if (nanos !== 0) writer.uint32(tag(2, 0)).int32(nanos);
}

function formatTime(seconds: number, nanos: number, form: 'time' | 'microTime'): string {
  const whole = new Date(seconds * 1000).toISOString().slice(0, 19);
  return form === 'time' ? `${whole}Z` : `${whole}.${String(Math.floor(nanos / 1000)).padStart(6, '0')}Z`;
}

/** A text. Throws a RangeError where the bytes are not UTF-8. */
export function readString(reader: protobuf.Reader): string {
  const start = reader.pos;
  const text = reader.string();
  // The parser puts a replacement character in the place of bytes that are none; one that was sent is three bytes long.
  if (text.includes('\ufffd')) assertUtf8(reader.buf.subarray(start, reader.pos), text);
  return text;
}

/** @param bytes The text with its length before it. */
function assertUtf8(bytes: Uint8Array, text: string): void {
  const encoded = Buffer.from(text, 'utf8');
  if (Buffer.compare(encoded, bytes.subarray(bytes.length - encoded.length)) !== 0) {
    throw new RangeError('a string is not UTF-8');
  }
}

/**
 * 64 bits, in two halves where the parser keeps them so, as a number. Throws a RangeError beyond 2^53, where JSON numbers are not exact.
 * @param name Of the field.
 */
export function readInt64(value: number | protobuf.Long, name: string): number {
  const number =
    typeof value === 'number' ? value : (value.unsigned ? value.high >>> 0 : value.high) * 2 ** 32 + (value.low >>> 0);
  if (!Number.isSafeInteger(number))
    throw new RangeError(`${name}: ${number} is beyond 2^53-1, the largest exact number`);
  return number;
}

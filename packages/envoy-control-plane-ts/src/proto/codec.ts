/** Encodes and decodes the messages that schema.ts declares, on protobufjs' reader and writer. */
import protobuf from 'protobufjs/minimal.js';
import {
  type Any,
  type Field,
  type Fields,
  type FieldType,
  type MessageType,
  type MessageValue,
  type ScalarType,
  typeUrlOf,
} from './schema.ts';
import { assertValid } from './validate.ts';

type Writer = protobuf.Writer;
type Reader = protobuf.Reader;
type Plain = Record<string, unknown>;

/** Wire types of the protobuf encoding. */
const wireVarint = 0;
const wireFixed64 = 1;
const wireBytes = 2;

/**
 * The bytes of a message. Fields are written in the order of the declaration and maps by sorted key, so equal values
 * have equal bytes. The value is not checked; see `pack` and validate.ts.
 */
export function encode<F extends Fields>(type: MessageType<F>, value: MessageValue<F>): Uint8Array {
  const writer = protobuf.Writer.create();
  writeMessage(writer, type, value as Plain);
  return writer.finish();
}

/**
 * The message that `data` holds; fields that the declaration does not know are skipped.
 * @throws Error where the bytes are no message of this type.
 */
export function decode<F extends Fields>(type: MessageType<F>, data: Uint8Array): MessageValue<F> {
  const reader = protobuf.Reader.create(data);
  return readMessage(reader, type, reader.len) as MessageValue<F>;
}

/** A checked message in an Any. @throws InvalidMessageError naming each field that breaks a rule. */
export function pack<F extends Fields>(type: MessageType<F>, value: MessageValue<F>): Any {
  assertValid(type, value);
  return { typeUrl: typeUrlOf(type), value: encode(type, value) };
}

/** The message in an Any, or undefined where it holds another type. */
export function unpack<F extends Fields>(type: MessageType<F>, any: Any | undefined): MessageValue<F> | undefined {
  if (any?.typeUrl !== typeUrlOf(type)) return undefined;
  return decode(type, any.value ?? new Uint8Array());
}

function writeMessage(writer: Writer, type: MessageType, value: Plain): void {
  for (const [key, field] of Object.entries(type.fields)) {
    const item = value[key];
    if (item !== undefined) writeField(writer, field, item);
  }
}

function writeField(writer: Writer, field: Field, value: unknown): void {
  if (field.arity === 'one') {
    writeTagged(writer, field.number, field.type, value);
  } else if (field.arity === 'many') {
    for (const item of value as readonly unknown[]) writeTagged(writer, field.number, field.type, item);
  } else {
    for (const key of Object.keys(value as Plain).sort()) writeEntry(writer, field, key, (value as Plain)[key]);
  }
}

function writeEntry(writer: Writer, field: Field, key: string, value: unknown): void {
  writer.uint32(tag(field.number, wireBytes)).fork();
  writer.uint32(tag(1, wireBytes)).string(key);
  writeTagged(writer, 2, field.type, value);
  writer.ldelim();
}

function writeTagged(writer: Writer, number: number, type: FieldType, value: unknown): void {
  switch (type.kind) {
    case 'scalar':
      if (type.wrapped) {
        writer.uint32(tag(number, wireBytes)).fork();
        writeScalar(writer.uint32(tag(1, wireTypeOf(type))), type, value);
        writer.ldelim();
        return;
      }
      writeScalar(writer.uint32(tag(number, wireTypeOf(type))), type, value);
      return;
    case 'enum':
      writer.uint32(tag(number, wireVarint)).int32(enumNumber(type.numbers, value as string));
      return;
    case 'duration':
      writer.uint32(tag(number, wireBytes)).fork();
      writeDuration(writer, value as number);
      writer.ldelim();
      return;
    case 'message':
      writer.uint32(tag(number, wireBytes)).fork();
      writeMessage(writer, type, value as Plain);
      writer.ldelim();
  }
}

function writeScalar(writer: Writer, type: ScalarType<unknown>, value: unknown): void {
  (writer[type.wire] as (value: unknown) => Writer).call(writer, value);
}

/** Seconds are field 1, nanoseconds field 2. */
function writeDuration(writer: Writer, ms: number): void {
  const seconds = Math.trunc(ms / 1000);
  const nanos = Math.round((ms - seconds * 1000) * 1e6);
  if (seconds !== 0) writer.uint32(tag(1, wireVarint)).int64(seconds);
  if (nanos !== 0) writer.uint32(tag(2, wireVarint)).int32(nanos);
}

function readMessage(reader: Reader, type: MessageType, end: number): Plain {
  const fields = fieldsByNumber(type);
  const value: Plain = {};
  while (reader.pos < end) {
    const header = reader.uint32();
    const entry = fields.get(header >>> 3);
    if (entry === undefined) reader.skipType(header & 7);
    else readField(reader, entry[0], entry[1], header & 7, value);
  }
  return value;
}

function readField(reader: Reader, key: string, field: Field, wireType: number, into: Plain): void {
  if (field.arity === 'one') {
    into[key] = readValue(reader, field.type);
    return;
  }
  if (field.arity === 'map') {
    const [name, item] = readEntry(reader, field.type);
    into[key] ??= {};
    Object.defineProperty(into[key], name, { value: item, enumerable: true, configurable: true, writable: true });
    return;
  }
  const list = ((into[key] as unknown[] | undefined) ?? []) as unknown[];
  into[key] = list;
  const packed = wireType === wireBytes && wireTypeOf(field.type) !== wireBytes;
  if (!packed) {
    list.push(readValue(reader, field.type));
    return;
  }
  const end = reader.uint32() + reader.pos;
  while (reader.pos < end) list.push(readValue(reader, field.type));
}

function readValue(reader: Reader, type: FieldType): unknown {
  switch (type.kind) {
    case 'scalar':
      return type.wrapped ? readWrapped(reader, type) : readScalar(reader, type);
    case 'enum':
      return enumName(type.numbers, reader.int32());
    case 'duration':
      return readDuration(reader);
    case 'message':
      return readMessage(reader, type, reader.uint32() + reader.pos);
  }
}

function readScalar(reader: Reader, type: ScalarType<unknown>): unknown {
  const value = (reader[type.wire] as () => unknown).call(reader);
  return typeof value === 'object' && !(value instanceof Uint8Array) ? Number(value) : value;
}

function readWrapped(reader: Reader, type: ScalarType<unknown>): unknown {
  const end = reader.uint32() + reader.pos;
  let value: unknown = type.wire === 'bool' ? false : 0;
  while (reader.pos < end) {
    const header = reader.uint32();
    if (header >>> 3 === 1) value = readScalar(reader, type);
    else reader.skipType(header & 7);
  }
  return value;
}

function readDuration(reader: Reader): number {
  const end = reader.uint32() + reader.pos;
  let ms = 0;
  while (reader.pos < end) {
    const header = reader.uint32();
    if (header >>> 3 === 1) ms += Number(reader.int64()) * 1000;
    else if (header >>> 3 === 2) ms += reader.int32() / 1e6;
    else reader.skipType(header & 7);
  }
  return ms;
}

function readEntry(reader: Reader, type: FieldType): [string, unknown] {
  const end = reader.uint32() + reader.pos;
  let key = '';
  let value: unknown = type.kind === 'message' ? {} : '';
  while (reader.pos < end) {
    const header = reader.uint32();
    if (header >>> 3 === 1) key = reader.string();
    else if (header >>> 3 === 2) value = readValue(reader, type);
    else reader.skipType(header & 7);
  }
  return [key, value];
}

function enumNumber(numbers: Readonly<Record<string, number>>, name: string): number {
  const number = numbers[name] ?? (/^-?\d+$/.test(name) ? Number(name) : undefined);
  if (number === undefined) throw new Error(`unknown enum name ${JSON.stringify(name)}`);
  return number;
}

/** A value that a newer peer knows and the declaration does not is kept, as its number: proto3's enums are open. */
function enumName(numbers: Readonly<Record<string, number>>, number: number): string {
  return Object.keys(numbers).find((candidate) => numbers[candidate] === number) ?? String(number);
}

const numberIndexes = new WeakMap<MessageType, ReadonlyMap<number, readonly [string, Field]>>();

function fieldsByNumber(type: MessageType): ReadonlyMap<number, readonly [string, Field]> {
  let index = numberIndexes.get(type);
  if (index === undefined) {
    index = new Map(Object.entries(type.fields).map(([key, field]) => [field.number, [key, field]]));
    numberIndexes.set(type, index);
  }
  return index;
}

function wireTypeOf(type: FieldType): number {
  if (type.kind === 'enum') return wireVarint;
  if (type.kind !== 'scalar') return wireBytes;
  if (type.wire === 'double') return wireFixed64;
  return type.wire === 'string' || type.wire === 'bytes' ? wireBytes : wireVarint;
}

function tag(number: number, wireType: number): number {
  return ((number << 3) | wireType) >>> 0;
}

/**
 * Kubernetes' JSON form to protobuf bytes and back, without message objects in between. Coders are put together once a
 * message type, from its schema.
 */
import protobuf from 'protobufjs/minimal.js';
import { decodeForm, encodeForm, readString } from './forms.ts';
import { objectSchema } from './message-types.ts';
import { type FieldSchema, type JsonForm, jsonFieldsOf, messageSchema } from './schema.ts';
import type { ObjectSchema } from './type-schema.ts';
import {
  enumCoder,
  lengthDelimited,
  scalarCoder,
  type UnknownProperties,
  type ValueCoder,
  type ValueWriter,
} from './value-coders.ts';
import { fillZeros } from './zeros.ts';

type Reader = protobuf.Reader;
type Writer = protobuf.Writer;
type Fields = Record<string, unknown>;
/** Reads a field whose tag was read. @param depth Of the message that has it. */
type FieldReader = (reader: Reader, target: Fields, depth: number) => void;

/** Both directions for one message type. */
export interface Codec {
  /**
   * The bytes of an object in its JSON form. `apiVersion` and `kind` are left out: the type of the message stands for them.
   * @param unknown Any other property that the message lacks is refused with a TypeError, or dropped: what was stored by a newer
   *   version may have some.
   */
  encode(value: object, unknown?: UnknownProperties): Uint8Array;
  /** The JSON form of bytes. Unknown fields are passed over; throws a RangeError on bytes that are no such message. */
  decode(bytes: Uint8Array): unknown;
}

interface FieldWriter {
  /** The field's message has its fields in the parent: it is written from the parent, others from their value. */
  readonly isInline: boolean;
  readonly write: ValueWriter;
}

interface MessageCoder {
  readonly write: ValueWriter;
  /** @param previous What an earlier occurrence of the field said: the two are merged. */
  read(reader: Reader, end: number, depth: number, previous: unknown): unknown;
}

/** Messages inside messages, at most; deeper bytes are refused. */
const maxDepth = 100;

const coders = new Map<string, MessageCoder>();
const codecs = new Map<string, Codec>();

/** The codec of a message by its full name, such as gantry.core.v1.Pod. */
export function codecFor(messageName: string): Codec {
  let codec = codecs.get(messageName);
  if (codec === undefined) {
    const coder = coderFor(messageName, false);
    codec = {
      encode: (value, unknown = 'refuse') => {
        const writer = protobuf.Writer.create();
        coder.write(value, writer, unknown);
        return writer.finish();
      },
      decode: (bytes) => {
        const reader = protobuf.Reader.create(bytes);
        return coder.read(reader, reader.len, 1, undefined);
      },
    };
    codecs.set(messageName, codec);
  }
  return codec;
}

/** @param isPartial Nothing inside of the message is required: no zeros are filled in. */
function coderFor(messageName: string, isPartial: boolean): MessageCoder {
  const key = isPartial ? `${messageName}?` : messageName;
  let coder = coders.get(key);
  if (coder === undefined) {
    const { jsonForm } = messageSchema(messageName);
    coder =
      jsonForm === 'object'
        ? new ObjectCoder(messageName, isPartial)
        : jsonForm === 'union'
          ? unionCoder(new ObjectCoder(messageName, true), messageSchema(messageName).fields)
          : formCoder(jsonForm);
    coders.set(key, coder);
  }
  return coder;
}

function formCoder(form: Exclude<JsonForm, 'object' | 'union'>): MessageCoder {
  return {
    write: (value, writer) => encodeForm(form, value, writer),
    read: (reader, end) => decodeForm(form, reader, end),
  };
}

/** A message of which one field is set, and a boolean beside it that says nothing more: JSON has the value of the field alone. */
function unionCoder(coder: ObjectCoder, fields: readonly FieldSchema[]): MessageCoder {
  const isOfField = (value: unknown, { cardinality, type }: FieldSchema): boolean => {
    if (Array.isArray(value)) return cardinality === 'list';
    return typeof value === 'boolean' ? type.kind === 'scalar' : cardinality === 'single' && type.kind === 'message';
  };
  const flag = fields.find(({ type }) => type.kind === 'scalar' && type.scalar === 'bool')?.name;
  return {
    write: (value, writer, unknown) => {
      const field = fields.find((each) => isOfField(value, each));
      if (field === undefined) return;
      const isBesideFlag = flag !== undefined && field.name !== flag;
      coder.write({ ...(isBesideFlag ? { [flag]: true } : {}), [field.name]: value }, writer, unknown);
    },
    read: (reader, end, depth, previous) => {
      const { [flag ?? '']: allowed = false, ...others } = coder.read(reader, end, depth, undefined);
      const [value = flag === undefined ? previous : allowed] = Object.values(others);
      return value;
    },
  };
}

class ObjectCoder implements MessageCoder {
  readonly #name: string;
  readonly #isPartial: boolean;
  // Made when first used: messages contain one another.
  #schema: ObjectSchema | undefined;
  #writers: ReadonlyMap<string, FieldWriter> | undefined;
  #readers: (FieldReader | undefined)[] | undefined;

  constructor(name: string, isPartial: boolean) {
    this.#name = name;
    this.#isPartial = isPartial;
  }

  /** Iterates over the object's own properties, not the schema's fields: most of those are unset. */
  write(value: unknown, writer: Writer, unknown: UnknownProperties): void {
    this.#writers ??= writersByName(messageSchema(this.#name).fields);
    const object = value as Fields;
    let inlined: FieldWriter[] | undefined;
    for (const name in object) {
      const property = object[name];
      if (property === undefined || property === null) continue;
      const field = this.#writers.get(name);
      if (field === undefined) {
        if (unknown === 'drop' || name === 'apiVersion' || name === 'kind') continue;
        throw new TypeError(`${this.#name} has no field ${JSON.stringify(name)}`);
      }
      if (field.isInline) {
        // One message, however many of its fields stand here.
        if (inlined?.includes(field)) continue;
        inlined ??= [];
        inlined.push(field);
      }
      field.write(field.isInline ? object : property, writer, unknown);
    }
  }

  /** Writes the properties that are this message's own of an object that has those of its parent, too. */
  writeInlined(object: Fields, writer: Writer, unknown: UnknownProperties): void {
    this.#writers ??= writersByName(messageSchema(this.#name).fields);
    const own: Fields = {};
    for (const name in object) if (this.#writers.has(name)) own[name] = object[name];
    this.write(own, writer, unknown);
  }

  read(reader: Reader, end: number, depth: number, previous: unknown): Fields {
    const target = (previous as Fields | undefined) ?? {};
    this.readInto(reader, end, target, depth);
    this.#schema ??= objectSchema(this.#name);
    if (!this.#isPartial) fillZeros(this.#schema, target);
    return target;
  }

  /** Reads into an object that has fields already. */
  readInto(reader: Reader, end: number, target: Fields, depth: number): void {
    this.#readers ??= readersByTag(messageSchema(this.#name).fields, this.#isPartial);
    if (depth > maxDepth) throw new RangeError(`messages nested deeper than ${maxDepth}`);
    while (reader.pos < end) {
      const tag = reader.uint32();
      const read = this.#readers[tag];
      if (read !== undefined) read(reader, target, depth);
      else skip(reader, tag);
    }
    assertEnd(reader, end);
  }
}

/** Passes over a field that is not known, or that has another type than we know. */
function skip(reader: Reader, tag: number): void {
  if (tag >>> 3 === 0) throw new RangeError('field number 0 is not allowed');
  reader.skipType(tag & 7);
}

/** Asserts that a field does not run beyond its message. */
function assertEnd(reader: Reader, end: number): void {
  if (reader.pos !== end) throw new RangeError(`a field runs beyond its message: ${reader.pos} > ${end}`);
}

function readersByTag(fields: readonly FieldSchema[], isPartial: boolean): (FieldReader | undefined)[] {
  const readers: FieldReader[] = [];
  for (const field of fields) {
    const { wireType } = valueCoder(field);
    const read = fieldReader(field, isPartial);
    const isOwnWireType = field.cardinality !== 'map';
    readers[(field.number << 3) | (isOwnWireType ? wireType : lengthDelimited)] = read;
    // Lists of numbers may be packed into one length-delimited field; Kubernetes writes them one by one. Both are read.
    if (field.cardinality === 'list' && wireType !== lengthDelimited) {
      readers[(field.number << 3) | lengthDelimited] = packedReader(field);
    }
  }
  return readers;
}

function writersByName(fields: readonly FieldSchema[]): Map<string, FieldWriter> {
  return new Map(
    fields.flatMap((field) => {
      const writer = fieldWriter(field);
      const names = writer.isInline ? jsonFieldsOf((field.type as { name: string }).name).keys() : [field.name];
      return [...names].map((name): [string, FieldWriter] => [name, writer]);
    }),
  );
}

function fieldWriter(field: FieldSchema): FieldWriter {
  const { number, hasPresence } = field;
  if (field.inline && field.type.kind === 'message') return inlineWriter(number, field.type.name);
  const coder = valueCoder(field);
  const tag = (number << 3) | coder.wireType;
  const writeOne: ValueWriter = (value, writer, unknown) => {
    writer.uint32(tag);
    coder.write(value, writer, unknown);
  };
  return { isInline: false, write: manyOrOne() };

  function manyOrOne(): ValueWriter {
    if (field.cardinality === 'map') return mapWriter(number, coder);
    if (field.cardinality === 'list') {
      return (values, writer, unknown) => {
        for (const value of values as unknown[]) writeOne(value, writer, unknown);
      };
    }
    if (hasPresence) return writeOne;
    return (value, writer, unknown) => {
      if (value !== coder.zero) writeOne(value, writer, unknown);
    };
  }
}

function inlineWriter(number: number, messageName: string): FieldWriter {
  const message = coderFor(messageName, true) as ObjectCoder;
  return {
    isInline: true,
    write: (object, writer, unknown) => {
      writer.uint32((number << 3) | lengthDelimited).fork();
      message.writeInlined(object as Fields, writer, unknown);
      writer.ldelim();
    },
  };
}

function mapWriter(number: number, coder: ValueCoder): ValueWriter {
  return (value, writer, unknown) => {
    const entries = value as Record<string, unknown>;
    for (const key of Object.keys(entries)) {
      writer.uint32((number << 3) | lengthDelimited).fork();
      writer.uint32((1 << 3) | lengthDelimited).string(key);
      writer.uint32((2 << 3) | coder.wireType);
      coder.write(entries[key], writer, unknown);
      writer.ldelim();
    }
  };
}

function fieldReader(field: FieldSchema, isPartial: boolean): FieldReader {
  const { name, alternatives } = field;
  const keepsZero = field.hasPresence || (field.always && !isPartial);
  if (field.inline && field.type.kind === 'message') {
    const message = coderFor(field.type.name, true) as ObjectCoder;
    return (reader, target, depth) => message.readInto(reader, endOfNext(reader), target, depth + 1);
  }
  const coder = valueCoder(field);
  if (field.cardinality === 'list') {
    return (reader, target, depth) => listOf(target, name).push(coder.read(reader, depth, undefined));
  }
  if (field.cardinality === 'map') return mapReader(name, coder);
  return (reader, target, depth) => {
    const value = coder.read(reader, depth, target[name]);
    // The last of a oneof's fields is the one that counts.
    for (const other of alternatives) if (target[other] !== undefined) delete target[other];
    // Go writes zeros of fields that it omits from JSON; they mean the same as absent ones.
    const isAbsent = value === undefined || (!keepsZero && value === coder.zero);
    if (!isAbsent) target[name] = value;
    else if (target[name] !== undefined) delete target[name];
  };
}

function packedReader(field: FieldSchema): FieldReader {
  const coder = valueCoder(field);
  return (reader, target, depth) => {
    const list = listOf(target, field.name);
    const end = endOfNext(reader);
    while (reader.pos < end) list.push(coder.read(reader, depth, undefined));
    assertEnd(reader, end);
  };
}

function listOf(target: Fields, name: string): unknown[] {
  target[name] ??= [];
  return target[name] as unknown[];
}

/** Position at which the length-delimited value that follows ends. */
function endOfNext(reader: Reader): number {
  return reader.uint32() + reader.pos;
}

function mapReader(name: string, coder: ValueCoder): FieldReader {
  const [keyTag, valueTag] = [(1 << 3) | lengthDelimited, (2 << 3) | coder.wireType];
  return (reader, target, depth) => {
    target[name] ??= {};
    const entries = target[name] as Record<string, unknown>;
    const end = endOfNext(reader);
    let key = '';
    let value: unknown = coder.zero;
    while (reader.pos < end) {
      const tag = reader.uint32();
      if (tag === keyTag) key = readString(reader);
      else if (tag === valueTag) value = coder.read(reader, depth + 1, undefined);
      else skip(reader, tag);
    }
    assertEnd(reader, end);
    // A key such as __proto__ is data, too.
    if (key !== '__proto__') entries[key] = value ?? {};
    else
      Object.defineProperty(entries, key, { value: value ?? {}, enumerable: true, configurable: true, writable: true });
  };
}

function valueCoder({ name, type, partial }: FieldSchema): ValueCoder {
  if (type.kind === 'scalar') return scalarCoder(name, type);
  if (type.kind === 'enum') return enumCoder(type.values);
  const message = coderFor(type.name, partial);
  return {
    wireType: lengthDelimited,
    zero: undefined,
    write: (value, writer, unknown) => {
      writer.fork();
      message.write(value, writer, unknown);
      writer.ldelim();
    },
    read: (reader, depth, previous) => message.read(reader, endOfNext(reader), depth + 1, previous),
  };
}

/**
 * Kubernetes' JSON form to protobuf bytes and back, without message objects in between. Coders are put together once a
 * message type, from its schema.
 */
import protobuf from 'protobufjs';
import { decodeForm, encodeForm, toNumber } from './forms.ts';
import { type FieldSchema, type FieldType, jsonFieldsOf, messageSchema } from './schema.ts';

type Reader = protobuf.Reader;
type Writer = protobuf.Writer;
type Fields = Record<string, unknown>;
type FieldReader = (reader: Reader, target: Fields, wireType: number) => void;

/** Both directions for one message type. */
export interface Codec {
  /** The bytes of an object in its JSON form. Fields that the schema does not know are left out. */
  encode(value: object): Uint8Array;
  /** The JSON form of bytes. Unknown fields are passed over; throws on bytes that are no such message. */
  decode(bytes: Uint8Array): unknown;
}

interface FieldWriter {
  /** The field's message has its fields in the parent: it is written from the parent, others from their value. */
  readonly isInline: boolean;
  readonly write: (value: unknown, writer: Writer) => void;
}

interface MessageCoder {
  write(value: unknown, writer: Writer): void;
  read(reader: Reader, length: number): unknown;
  /** Reads into an object that has fields already: for inlined messages. */
  readInto(reader: Reader, end: number, target: Fields): void;
}

interface ValueCoder {
  readonly wireType: number;
  readonly write: (value: unknown, writer: Writer) => void;
  readonly read: (reader: Reader) => unknown;
  /** The value that a field without presence has when it is absent. */
  readonly zero: unknown;
}

/** Messages inside messages, at most; deeper bytes are refused. */
const maxDepth = 100;
let depth = 0;

const coders = new Map<string, MessageCoder>();
const codecs = new Map<string, Codec>();

/** The codec of a message by its full name, such as gantry.core.v1.Pod. */
export function codecFor(messageName: string): Codec {
  let codec = codecs.get(messageName);
  if (codec === undefined) {
    const coder = coderFor(messageName);
    codec = {
      encode: (value) => {
        const writer = protobuf.Writer.create();
        coder.write(value, writer);
        return writer.finish();
      },
      decode: (bytes) => {
        const reader = protobuf.Reader.create(bytes);
        // Bytes that were refused halfway left it above zero.
        depth = 0;
        return coder.read(reader, reader.len);
      },
    };
    codecs.set(messageName, codec);
  }
  return codec;
}

function coderFor(messageName: string): MessageCoder {
  let coder = coders.get(messageName);
  if (coder === undefined) {
    const { jsonForm } = messageSchema(messageName);
    coder = jsonForm === 'object' ? new ObjectCoder(messageName) : formCoder(jsonForm);
    coders.set(messageName, coder);
  }
  return coder;
}

function formCoder(form: Exclude<ReturnType<typeof messageSchema>['jsonForm'], 'object'>): MessageCoder {
  return {
    write: (value, writer) => encodeForm(form, value, writer),
    read: (reader, length) => decodeForm(form, reader, reader.pos + length),
    readInto: () => {
      throw new Error(`a ${form} cannot be inlined`);
    },
  };
}

class ObjectCoder implements MessageCoder {
  readonly #name: string;
  // Made when first used: messages contain one another.
  #writers: ReadonlyMap<string, FieldWriter> | undefined;
  #readers: (FieldReader | undefined)[] | undefined;

  constructor(name: string) {
    this.#name = name;
  }

  /** Goes by the properties that are there, which are few of those that could be. */
  write(value: unknown, writer: Writer): void {
    this.#writers ??= writersByName(messageSchema(this.#name).fields);
    const object = value as Fields;
    let inlined: FieldWriter[] | undefined;
    for (const name in object) {
      const property = object[name];
      if (property === undefined || property === null) continue;
      const field = this.#writers.get(name);
      if (field === undefined) continue;
      if (field.isInline) {
        // One message, however many of its fields stand here.
        if (inlined?.includes(field)) continue;
        inlined ??= [];
        inlined.push(field);
      }
      field.write(field.isInline ? object : property, writer);
    }
  }

  read(reader: Reader, length: number): Fields {
    const target: Fields = {};
    this.readInto(reader, reader.pos + length, target);
    return target;
  }

  readInto(reader: Reader, end: number, target: Fields): void {
    this.#readers ??= readersByNumber(messageSchema(this.#name).fields);
    if (++depth > maxDepth) throw new RangeError(`messages nested deeper than ${maxDepth}`);
    while (reader.pos < end) {
      const tag = reader.uint32();
      const read = this.#readers[tag >>> 3];
      if (read === undefined) reader.skipType(tag & 7);
      else read(reader, target, tag & 7);
    }
    depth--;
  }
}

function readersByNumber(fields: readonly FieldSchema[]): (FieldReader | undefined)[] {
  const readers: FieldReader[] = [];
  for (const field of fields) readers[field.number] = fieldReader(field);
  return readers;
}

const lengthDelimited = 2;

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
  const coder = valueCoder(field.type);
  const tag = (number << 3) | coder.wireType;
  const isInline = field.inline && field.type.kind === 'message';
  const writeOne = (value: unknown, writer: Writer): void => {
    writer.uint32(tag);
    coder.write(value, writer);
  };
  if (isInline) return { isInline, write: writeOne };
  if (field.cardinality === 'map') return { isInline, write: mapWriter(number, coder) };
  if (field.cardinality === 'list') {
    return {
      isInline,
      write: (values, writer) => {
        for (const value of values as unknown[]) writeOne(value, writer);
      },
    };
  }
  if (hasPresence) return { isInline, write: writeOne };
  return {
    isInline,
    write: (value, writer) => {
      if (value !== coder.zero) writeOne(value, writer);
    },
  };
}

/** Lists of numbers may be packed into one length-delimited field; Kubernetes writes them one by one. Both are read. */
function listReader(name: string, coder: ValueCoder): FieldReader {
  return (reader, target, wireType) => {
    target[name] ??= [];
    const list = target[name] as unknown[];
    if (wireType === coder.wireType) {
      list.push(coder.read(reader));
      return;
    }
    const end = reader.uint32() + reader.pos;
    while (reader.pos < end) list.push(coder.read(reader));
  };
}

function mapWriter(number: number, coder: ValueCoder): FieldWriter['write'] {
  return (value, writer) => {
    const entries = value as Record<string, unknown>;
    for (const key of Object.keys(entries)) {
      writer.uint32((number << 3) | lengthDelimited).fork();
      writer.uint32((1 << 3) | lengthDelimited).string(key);
      writer.uint32((2 << 3) | coder.wireType);
      coder.write(entries[key], writer);
      writer.ldelim();
    }
  };
}

function fieldReader(field: FieldSchema): FieldReader {
  const { name } = field;
  const coder = valueCoder(field.type);
  if (field.inline && field.type.kind === 'message') {
    const message = coderFor(field.type.name);
    return (reader, target) => message.readInto(reader, reader.uint32() + reader.pos, target);
  }
  if (field.cardinality === 'list') return listReader(name, coder);
  if (field.cardinality === 'map') return mapReader(name, coder);
  return (reader, target) => {
    const value = coder.read(reader);
    // Go writes zeros of fields that it omits from JSON; they mean the same as absent ones.
    if (value === undefined || (!field.hasPresence && value === coder.zero)) return;
    target[name] = value;
  };
}

function mapReader(name: string, coder: ValueCoder): FieldReader {
  return (reader, target) => {
    target[name] ??= {};
    const entries = target[name] as Record<string, unknown>;
    const end = reader.uint32() + reader.pos;
    let key = '';
    let value: unknown = coder.zero;
    while (reader.pos < end) {
      const tag = reader.uint32();
      if (tag >>> 3 === 1) key = reader.string();
      else if (tag >>> 3 === 2) value = coder.read(reader);
      else reader.skipType(tag & 7);
    }
    // A key such as __proto__ is data, too.
    if (key !== '__proto__') entries[key] = value ?? {};
    else
      Object.defineProperty(entries, key, { value: value ?? {}, enumerable: true, configurable: true, writable: true });
  };
}

function valueCoder(type: FieldType): ValueCoder {
  if (type.kind === 'scalar') return scalarCoder(type.scalar);
  if (type.kind === 'enum') return enumCoder(type.values);
  const message = coderFor(type.name);
  return {
    wireType: lengthDelimited,
    zero: undefined,
    write: (value, writer) => {
      writer.fork();
      message.write(value, writer);
      writer.ldelim();
    },
    read: (reader) => message.read(reader, reader.uint32()),
  };
}

/** Enums are their names in JSON; a number that has no name stays a number. */
function enumCoder(values: Readonly<Record<string, number>>): ValueCoder {
  const names = new Map(Object.entries(values).map(([name, number]) => [number, name]));
  return {
    wireType: 0,
    zero: names.get(0),
    write: (value, writer) => void writer.int32(typeof value === 'number' ? value : (values[value as string] ?? 0)),
    read: (reader) => {
      const number = reader.int32();
      return names.get(number) ?? number;
    },
  };
}

function scalarCoder(scalar: string): ValueCoder {
  switch (scalar) {
    case 'string':
      return {
        wireType: lengthDelimited,
        zero: '',
        write: (value, writer) => void writer.string(value as string),
        read: (reader) => reader.string(),
      };
    case 'bytes':
      return {
        wireType: lengthDelimited,
        zero: '',
        write: (value, writer) => void writer.bytes(Buffer.from(value as string, 'base64')),
        read: (reader) => Buffer.from(reader.bytes()).toString('base64'),
      };
    case 'bool':
      return {
        wireType: 0,
        zero: false,
        write: (value, writer) => void writer.bool(value as boolean),
        read: (reader) => reader.bool(),
      };
    case 'double':
      return {
        wireType: 1,
        zero: 0,
        write: (value, writer) => void writer.double(value as number),
        read: (reader) => reader.double(),
      };
    case 'int32':
    case 'uint32':
      return {
        wireType: 0,
        zero: 0,
        write: (value, writer) => void writer[scalar](value as number),
        read: (reader) => reader[scalar](),
      };
    case 'int64':
    case 'uint64':
      return {
        wireType: 0,
        zero: 0,
        write: (value, writer) => void writer[scalar](value as number),
        read: (reader) => toNumber(reader[scalar]()),
      };
    default:
      throw new Error(`no coder for the scalar type ${scalar}`);
  }
}

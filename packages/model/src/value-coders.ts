/** Single values between JSON and protobuf: scalars and enums. */
import type protobuf from 'protobufjs';
import { readInt64, readString } from './forms.ts';
import type { FieldType } from './schema.ts';

type Reader = protobuf.Reader;
type Writer = protobuf.Writer;

/** Wire type of texts, bytes, messages and packed lists. */
export const lengthDelimited = 2;

/** Treatment of properties that a message does not have when an object is written. */
export type UnknownProperties = 'refuse' | 'drop';

/** Writes a value without its tag. */
export type ValueWriter = (value: unknown, writer: Writer, unknown: UnknownProperties) => void;

/** Both directions for one value. */
export interface ValueCoder {
  readonly wireType: number;
  readonly write: ValueWriter;
  readonly read: (reader: Reader, depth: number, previous: unknown) => unknown;
  /** The value that a field without presence has when it is absent. */
  readonly zero: unknown;
}

/** Enums are their names in JSON; a number that has no name stays a number. */
export function enumCoder(values: Readonly<Record<string, number>>): ValueCoder {
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

/** @param name Of the field. */
export function scalarCoder(name: string, { scalar }: Extract<FieldType, { kind: 'scalar' }>): ValueCoder {
  switch (scalar) {
    case 'string':
      return {
        wireType: lengthDelimited,
        zero: '',
        write: (value, writer) => void writer.string(value as string),
        read: readString,
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
        read: (reader) => readInt64(reader[scalar](), name),
      };
    default:
      throw new Error(`no coder for the scalar type ${scalar}`);
  }
}

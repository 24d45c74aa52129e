import { codecFor } from '@gantry/model/codec.ts';
import { delimited, envelopeOf, protobufMediaType } from '@gantry/model/envelope.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import { stringify } from 'yaml';
import type { AnyObject } from '../core/stored-object.ts';
import type { Encoding, Wanted } from './accept.ts';

/** An answer's bytes, in pieces, with their media type. */
export interface Encoded {
  readonly contentType: string;
  readonly pieces: readonly Uint8Array[];
}

/** A document of an answer: `message` is the proto message of its fields; where absent it has no form in protobuf. */
export interface Document {
  readonly value: object;
  readonly message?: string | undefined;
}

/** Messages of documents that belong to no kind. */
export const metadataMessage = 'gantry.meta.v1.PartialObjectMetadata';
export const statusMessage = 'gantry.meta.v1.Status';
/** Field of every list's message that is its metadata. */
const metadataField = 1;
/** Field of every list's message that is its items. */
export const itemsField = 2;

/** Encodes a document. Throws NotAcceptable for protobuf of one that has no such form. */
export function encodeDocument(
  { value, message }: Document,
  { encoding, pretty }: Pick<Wanted, 'encoding' | 'pretty'>,
): Encoded {
  switch (encoding) {
    case 'json':
      return { contentType: 'application/json', pieces: [Buffer.from(jsonText(value, pretty))] };
    case 'yaml': {
      const text = stringify(value, { version: '1.1', aliasDuplicateObjects: false, sortMapEntries: true });
      return { contentType: 'application/yaml', pieces: [Buffer.from(text)] };
    }
    case 'protobuf': {
      if (message === undefined) throw notAcceptable(['json', 'yaml']);
      return { contentType: protobufMediaType, pieces: sealed(value as AnyObject, message) };
    }
  }
}

/** JSON with the line break behind it that Kubernetes writes. */
function jsonText(value: object, pretty: boolean): string {
  return pretty ? JSON.stringify(value, undefined, 2) : `${JSON.stringify(value)}\n`;
}

/** An object in its envelope. */
function sealed(object: AnyObject, message: string): Uint8Array[] {
  return envelopeOf(object, [rawObject(object, message)]);
}

/** The fields of an object as a message. */
export function rawObject(object: object, message: string): Uint8Array {
  return codecFor(message).encode(object, 'drop');
}

/** A list's metadata as the first field of its message. */
export function rawListMeta(metadata: object): Uint8Array[] {
  return delimited(metadataField, [codecFor('gantry.meta.v1.ListMeta').encode(metadata)]);
}

const mediaTypes: Readonly<Record<Encoding, string>> = {
  json: 'application/json',
  yaml: 'application/yaml',
  protobuf: protobufMediaType,
};

/** The refusal of a request whose client takes none of the encodings that there are. */
export function notAcceptable(encodings: readonly Encoding[]): GantryError {
  const types = encodings.map((encoding) => mediaTypes[encoding]);
  return new GantryError('NotAcceptable', `only the following media types are accepted: ${types.join(', ')}`);
}

/**
 * Objects in protobuf as Kubernetes' clients send them: four magic bytes, then a gantry.meta.v1.Unknown that names the type and
 * holds the object's bytes.
 */
import { GantryError } from '@gantry/runtime/errors.ts';
import { codecFor } from './codec.ts';

/** Media type of bodies in protobuf. */
export const protobufMediaType = 'application/vnd.kubernetes.protobuf';

const magic = Buffer.from('k8s\0');
const unknownMessage = 'gantry.meta.v1.Unknown';

interface Envelope {
  readonly typeMeta?: { readonly apiVersion?: string; readonly kind?: string };
  /** Base64, the JSON form of bytes. */
  readonly raw?: string;
  readonly contentEncoding?: string;
  readonly contentType?: string;
}

/** The type that an envelope names, and the object in its JSON form but for apiVersion and kind. */
export interface Enveloped {
  /** Empty if the sender leaves it to the URL. */
  readonly apiVersion: string;
  readonly kind: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/**
 * Opens an envelope.
 * @param messageFor Name of the message that a type's bytes are, such as gantry.core.v1.Pod.
 * @throws GantryError BadRequest for bytes that are no envelope, or whose content is no such message.
 */
export function openEnvelope(bytes: Uint8Array, messageFor: (type: Omit<Enveloped, 'fields'>) => string): Enveloped {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!buffer.subarray(0, magic.length).equals(magic)) {
    throw new GantryError(
      'BadRequest',
      'provided data does not appear to be a protobuf message, expected prefix k8s\\0',
    );
  }
  const {
    typeMeta = {},
    raw = '',
    contentEncoding = '',
  } = decoded<Envelope>(unknownMessage, buffer.subarray(magic.length));
  if (contentEncoding !== '') {
    throw new GantryError('BadRequest', `contentEncoding: Unsupported value: ${JSON.stringify(contentEncoding)}`);
  }
  const type = { apiVersion: typeMeta.apiVersion ?? '', kind: typeMeta.kind ?? '' };
  const fields = decoded<Record<string, unknown>>(messageFor(type), Buffer.from(raw, 'base64'));
  return { ...type, fields };
}

function decoded<T>(message: string, bytes: Uint8Array): T {
  try {
    return codecFor(message).decode(bytes) as T;
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : String(cause);
    throw new GantryError('BadRequest', `the body is no valid protobuf of ${message}: ${problem}`, { cause });
  }
}

/** Puts an object into an envelope. */
export function sealEnvelope(type: Omit<Enveloped, 'fields'>, message: string, object: object): Buffer {
  return Buffer.concat(envelopeOf(type, [codecFor(message).encode(object)]));
}

/**
 * An envelope around an object's bytes, in pieces of which none is copied.
 * @param raw The bytes, in any number of pieces.
 */
export function envelopeOf({ apiVersion, kind }: Omit<Enveloped, 'fields'>, raw: readonly Uint8Array[]): Uint8Array[] {
  const typeMeta = delimited(1, [...delimited(1, [Buffer.from(apiVersion)]), ...delimited(2, [Buffer.from(kind)])]);
  return [magic, ...typeMeta, ...delimited(2, raw)];
}

/** A length-delimited field of a protobuf message, in pieces. */
export function delimited(number: number, content: readonly Uint8Array[]): Uint8Array[] {
  const length = content.reduce((sum, { byteLength }) => sum + byteLength, 0);
  return [Uint8Array.from([...varint((number << 3) | 2), ...varint(length)]), ...content];
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  return [...bytes, rest];
}

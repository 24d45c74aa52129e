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

/** Puts an object's bytes into an envelope. */
export function sealEnvelope({ apiVersion, kind }: Omit<Enveloped, 'fields'>, message: string, object: object): Buffer {
  const raw = Buffer.from(codecFor(message).encode(object)).toString('base64');
  return Buffer.concat([magic, codecFor(unknownMessage).encode({ typeMeta: { apiVersion, kind }, raw })]);
}

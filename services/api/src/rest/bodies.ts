import { decodeManifest, decodeObject } from '@gantry/model/decode.ts';
import { openEnvelope, protobufMediaType } from '@gantry/model/envelope.ts';
import { parseManifestText } from '@gantry/model/parse.ts';
import type { Form } from '@gantry/model/registry.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { AnyObject } from '../core/stored-object.ts';
import { unsupported } from './body.ts';

/** Media types in which bodies may come. */
const mediaTypes = ['application/json', 'application/yaml', protobufMediaType];

/** The object in a body. Clients may leave apiVersion and kind to the URL. Throws BadRequest that names every wrong field. */
export function objectFrom(body: Uint8Array, mediaType: string, { apiVersion, kind, message }: Form): AnyObject {
  const identity = { apiVersion, kind: kind.kind };
  if (mediaType === 'application/yaml') return decodeManifest(body) as AnyObject;
  if (mediaType !== protobufMediaType) {
    const value = fieldsFrom(body, mediaType, identity, message);
    return decodeObject({ ...identity, ...value }) as AnyObject;
  }
  const { fields, ...named } = openEnvelope(body, (type) => messageOf(type, identity, message));
  return decodeObject({
    ...fields,
    apiVersion: named.apiVersion || identity.apiVersion,
    kind: named.kind || identity.kind,
  }) as AnyObject;
}

/**
 * The fields of a body that is no stored object, such as DeleteOptions.
 * @param type The type that the body must be of, where it names one.
 * @param message Its message, for bodies in protobuf.
 */
export function fieldsFrom(
  body: Uint8Array,
  mediaType: string,
  type: { readonly apiVersion: string; readonly kind: string },
  message: string,
): Record<string, unknown> {
  if (!mediaTypes.includes(mediaType)) throw unsupported(mediaType, mediaTypes);
  if (mediaType === protobufMediaType)
    return { ...openEnvelope(body, (given) => messageOf(given, type, message)).fields };
  const value = parseManifestText(body);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new GantryError('BadRequest', `the body is no object of kind ${type.kind}`);
}

/** The message of a body in protobuf. One of another kind cannot be read with it. */
function messageOf(
  given: { readonly apiVersion: string; readonly kind: string },
  wanted: { readonly apiVersion: string; readonly kind: string },
  message: string,
): string {
  if (given.kind === '' || given.kind === wanted.kind) return message;
  throw new GantryError(
    'BadRequest',
    `${given.kind} in version "${given.apiVersion}" cannot be handled as a ${wanted.kind}`,
  );
}

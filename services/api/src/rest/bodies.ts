import { decodeWith } from '@gantry/model/decode.ts';
import { openEnvelope, protobufMediaType } from '@gantry/model/envelope.ts';
import { type Parsed, parseManifest, parseManifestText } from '@gantry/model/parse.ts';
import type { Form, Registry } from '@gantry/model/registry.ts';
import { invalid, invalidValue } from '@gantry/model/validation/causes.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { RequestContext } from '../core/context.ts';
import type { AnyObject } from '../core/stored-object.ts';
import { noteReset } from '../ownership/track.ts';
import { unsupported } from './body.ts';

/** Characters of a body that a refusal shows. */
const maxShownChars = 200;
/** Media types in which bodies may come. */
const mediaTypes = ['application/json', 'application/yaml', protobufMediaType];

/** How a request wants its body to be decoded, and whom to tell of fields that are ignored. */
export interface Decoding extends Pick<RequestContext, 'fieldValidation' | 'warn'> {
  /** The kinds that are served. */
  readonly kinds: Registry;
}

/**
 * The object in a body, of the form that the URL names. Clients may leave apiVersion and kind to the URL. Throws BadRequest that names
 * every wrong field, and with strict validation every unknown one.
 */
export function objectFrom(body: Uint8Array, mediaType: string, form: Form, decoding: Decoding): AnyObject {
  const identity = { apiVersion: form.apiVersion, kind: form.kind.kind };
  if (form.kind.custom !== undefined && mediaType === protobufMediaType) throw unsupported(mediaType, mediaTypes);
  const { value, duplicates } = valueIn(body, mediaType, identity, form.message);
  if (form.kind.custom !== undefined) checkType(value, form);
  const whole = { ...identity, ...value };
  if (whole.kind !== identity.kind || whole.apiVersion !== identity.apiVersion) throw otherType(whole, identity);
  const { fieldValidation, kinds: registry, warn } = decoding;
  const { object, warnings } = decodeWith(whole, { fieldValidation, duplicates, registry });
  for (const text of warnings) warn(text);
  noteReset(whole, object as AnyObject);
  return object as AnyObject;
}

/** Objects of definitions name their type themselves. */
function checkType(value: Record<string, unknown>, { kind, apiVersion }: Form): void {
  const start = `the object provided is unrecognized (must be of type ${kind.kind}): `;
  const shown = JSON.stringify(value);
  for (const field of ['kind', 'apiVersion'] as const) {
    if (typeof value[field] === 'string') continue;
    const word = field === 'kind' ? 'Kind' : field;
    throw new GantryError('BadRequest', `${start}Object '${word}' is missing in '${shown.slice(0, maxShownChars)}'`);
  }
  if (value.apiVersion !== apiVersion) {
    const text = `the API version in the data (${value.apiVersion}) does not match the expected API version (${apiVersion})`;
    throw new GantryError('BadRequest', text);
  }
  if (value.kind !== kind.kind) {
    const { name = '' } = (value.metadata ?? {}) as { readonly name?: string };
    throw invalid({ ...kind, kind: String(value.kind) }, name, [
      invalidValue('kind', value.kind, `must be ${kind.kind}`),
    ]);
  }
}

/** The fields of a body with those that its text has twice. */
function valueIn(
  body: Uint8Array,
  mediaType: string,
  identity: { readonly apiVersion: string; readonly kind: string },
  message: string,
): { readonly value: Record<string, unknown>; readonly duplicates: Parsed['duplicates'] } {
  if (!mediaTypes.includes(mediaType)) throw unsupported(mediaType, mediaTypes);
  if (mediaType === protobufMediaType) {
    const { fields, apiVersion, kind } = openEnvelope(body, (type) => messageOf(type, identity, message));
    const named = { apiVersion: apiVersion || identity.apiVersion, kind: kind || identity.kind };
    return { value: { ...fields, ...named }, duplicates: [] };
  }
  const { value, duplicates } = parseManifest(body);
  if (!isObject(value)) throw new GantryError('BadRequest', `the body is no object of kind ${identity.kind}`);
  // A head that is null or empty names nothing.
  const { apiVersion, kind, ...rest } = value;
  return { value: { ...rest, ...(apiVersion ? { apiVersion } : {}), ...(kind ? { kind } : {}) }, duplicates };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function otherType(
  given: { readonly apiVersion: unknown; readonly kind: unknown },
  wanted: { readonly apiVersion: string; readonly kind: string },
): GantryError {
  const version = String(given.apiVersion).split('/').at(-1);
  return new GantryError(
    'BadRequest',
    `${given.kind} in version ${JSON.stringify(version)} cannot be handled as a ${wanted.kind}: the URL is that of ${wanted.apiVersion}`,
  );
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
  if (isObject(value)) return value;
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

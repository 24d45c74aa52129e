import { type DecodeOptions, decodeWith } from '@gantry/model/decode.ts';
import type { Kind, KubeObject } from '@gantry/model/kind.ts';
import { parseManifest } from '@gantry/model/parse.ts';
import { applyJsonPatch, applyMergePatch, applyStrategicPatch } from '@gantry/model/patch.ts';
import type { Form } from '@gantry/model/registry.ts';
import { immutable, invalid, invalidValue } from '@gantry/model/validation/causes.ts';
import { GantryError, isError } from '@gantry/runtime/errors.ts';
import { noteReset } from '../ownership/track.ts';
import type { CoreDeps, RequestContext } from './context.ts';
import { inForm, storedForm } from './forms.ts';
import { infoOf } from './keys.ts';
import type { AnyObject, Stored } from './stored-object.ts';
import { inTodaysForm } from './todays-form.ts';

/** How a patch is written: RFC 6902, RFC 7386, or Kubernetes' strategic merge. */
export type PatchType = 'json' | 'merge' | 'strategic';

/**
 * The transition that applies a patch to a stored object, in the form that the patch is written for. The outcome is decoded as
 * strictly as the request asks, as a manifest is. Throws BadRequest for a body that is no JSON.
 */
export function patched(
  { kinds: registry }: Pick<CoreDeps, 'kinds'>,
  { fieldValidation, warn }: Pick<RequestContext, 'fieldValidation' | 'warn'>,
  form: Form,
  { type, body }: { readonly type: PatchType; readonly body: string },
): (stored: Pick<Stored, 'object'>) => AnyObject {
  const { kind } = form;
  const patch = parse(body);
  const duplicates = fieldValidation === 'Ignore' ? [] : duplicatesIn(body);
  return (stored) => {
    // A newer version may have stored fields that are not known here; the patch may not bring any.
    const current = inForm(form, inTodaysForm(registry, kind, stored.object));
    const value = applied(form, type, current, patch);
    if (kind.custom !== undefined) checkSameType(form, stored.object, value);
    const object = decodePatched(kind, stored.object, value, { fieldValidation, duplicates, registry }, warn);
    checkUid(kind, object, stored.object);
    if (object.kind === kind.kind) return storedForm(registry, object);
    throw new GantryError(
      'Invalid',
      `a patch must not change the kind of an object, from ${kind.kind} to ${object.kind}`,
    );
  };
}

/** Refuses a patch by which an object of a definition would be of another type, in Kubernetes' words. */
function checkSameType({ kind, apiVersion }: Form, { metadata }: AnyObject, value: unknown): void {
  const given = (value ?? {}) as Partial<KubeObject>;
  const refuse = (type: object, field: 'apiVersion' | 'kind', expected: string): GantryError =>
    invalid({ ...kind, ...type }, metadata.name, [invalidValue(field, given[field], `must be ${expected}`)]);
  if (given.kind !== kind.kind) throw refuse({ kind: String(given.kind) }, 'kind', kind.kind);
  if (given.apiVersion !== apiVersion) throw refuse({}, 'apiVersion', apiVersion);
}

/** A patch is no precondition: naming another uid in it is a change. */
export function checkUid(kind: Kind, { metadata }: AnyObject, stored: AnyObject): void {
  if (metadata.uid !== undefined && metadata.uid !== stored.metadata.uid) {
    throw invalid(kind, stored.metadata.name, [immutable('metadata.uid', metadata.uid)]);
  }
}

/** A patch that makes something of the object that is none of its kind is well-formed and yet wrong: Invalid, not BadRequest. */
function decodePatched(
  kind: Kind,
  { metadata }: AnyObject,
  value: unknown,
  options: DecodeOptions,
  warn: RequestContext['warn'],
): AnyObject {
  try {
    const { object, warnings } = decodeWith(value, options);
    for (const text of warnings) warn(text);
    noteReset(value, object as AnyObject);
    return object as AnyObject;
  } catch (error) {
    if (!isError(error, 'BadRequest')) throw error;
    const name = `${kind.kind}${kind.group === '' ? '' : `.${kind.group}`} "${metadata.name}"`;
    throw new GantryError('Invalid', `${name} is invalid: patch: Invalid value: ${error.message}`, {
      causes: error.causes,
      resource: { ...infoOf(kind, metadata.name), kind: kind.kind },
      cause: error,
    });
  }
}

function applied({ schema }: Form, type: PatchType, object: KubeObject, patch: unknown): unknown {
  switch (type) {
    case 'json':
      return applyJsonPatch<unknown>(object, patch);
    case 'merge':
      return applyMergePatch(object, patch);
    case 'strategic':
      return applyStrategicPatch(schema, object, patch);
  }
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (cause) {
    throw new GantryError('BadRequest', `invalid JSON patch: ${(cause as Error).message}`, { cause });
  }
}

/** Fields that a patch's text has twice in one object. A list of operations is not looked into. */
function duplicatesIn(body: string): NonNullable<DecodeOptions['duplicates']> {
  return body.trimStart().startsWith('{') ? parseManifest(body).duplicates : [];
}

import { isDeepStrictEqual } from 'node:util';
import { decodeObject, decodeStored } from '@gantry/model/decode.ts';
import { parseManifestText } from '@gantry/model/parse.ts';
import { threeWayMerge, withoutNulls } from '@gantry/model/patch.ts';
import type { Form } from '@gantry/model/registry.ts';
import { invalid, required } from '@gantry/model/validation/causes.ts';
import { conflict, isError } from '@gantry/runtime/errors.ts';
import type { CoreDeps } from './context.ts';
import { create } from './creation.ts';
import { inForm, storedForm } from './forms.ts';
import { infoOf } from './keys.ts';
import { lastAppliedAnnotation } from './last-applied.ts';
import { checkNamespace, clearNamespace } from './metadata.ts';
import type { AnyObject } from './stored-object.ts';
import { update, type WriteOptions } from './writer.ts';

export interface ApplyRequest extends WriteOptions {
  /** One object in JSON or YAML. */
  readonly manifest: Uint8Array;
  /** For a manifest that names none. */
  readonly defaultNamespace: string;
}

/** The object after an apply, and what that did. */
export interface Applied {
  readonly object: AnyObject;
  readonly outcome: 'created' | 'configured' | 'unchanged';
}

/** Rounds of "it is not there, create it" and "it is there already, change it" before giving up. */
const maxRounds = 4;

/** Makes an object be as a manifest says, leaving alone what the manifest never named. `authorize` is asked for each step before it is done. */
export async function applyManifest(
  deps: CoreDeps,
  request: ApplyRequest,
  authorize: (verb: 'get' | 'patch' | 'create', form: Form, object: AnyObject) => void,
): Promise<Applied> {
  const manifest = parseManifestText(request.manifest);
  const decoded = decodeObject(withoutNulls(manifest), deps.kinds) as AnyObject;
  const form = deps.kinds.formOf(decoded);
  const { kind } = form;
  const { metadata } = decoded;
  if (kind.namespaced) metadata.namespace ||= request.defaultNamespace;
  clearNamespace(kind, decoded);
  checkNamespace(kind, metadata.namespace, metadata.name);
  if (!metadata.name) throw invalid(kind, '', [required('metadata.name', 'apply needs a name')]);
  authorize('get', form, decoded);
  const options = { ...request, form };
  const modified = withLastApplied(manifest as Manifest, metadata.namespace);
  const target = { kind, namespace: metadata.namespace ?? '', name: metadata.name };
  for (let round = 1; round <= maxRounds; round++) {
    try {
      const next = (stored: { readonly object: AnyObject }): AnyObject => {
        authorize('patch', form, decoded);
        return merged(deps, form, modified, stored.object);
      };
      const { object, changed } = await update(deps, target, next, options);
      return { object, outcome: changed ? 'configured' : 'unchanged' };
    } catch (error) {
      if (!isError(error, 'NotFound')) throw error;
    }
    authorize('create', form, decoded);
    try {
      return {
        object: await create(
          deps,
          kind,
          storedForm(deps.kinds, decodeObject(withoutNulls(modified), deps.kinds) as AnyObject),
          options,
        ),
        outcome: 'created',
      };
    } catch (error) {
      if (!isError(error, 'AlreadyExists')) throw error;
    }
  }
  throw conflict(infoOf(kind, metadata.name), 'it is being created and deleted again and again; please try again');
}

/** A manifest as its author wrote it, quantities in their spelling and nulls in their places among it. */
type Manifest = Record<string, unknown> & { readonly metadata?: Record<string, unknown> };

/** The manifest in its namespace, carrying itself in the annotation. */
function withLastApplied(manifest: Manifest, namespace: string | undefined): Manifest {
  const { namespace: _n, annotations: given, ...metadata } = manifest.metadata ?? {};
  const { [lastAppliedAnnotation]: _, ...annotations } = (given ?? {}) as Record<string, unknown>;
  const placed = { ...metadata, ...(namespace === undefined ? {} : { namespace }) };
  const text = `${JSON.stringify({ ...manifest, metadata: { ...placed, annotations } })}\n`;
  return { ...manifest, metadata: { ...placed, annotations: { ...annotations, [lastAppliedAnnotation]: text } } };
}

/** The stored object with the manifest merged into it. */
function merged({ kinds }: CoreDeps, form: Form, modified: Manifest, stored: AnyObject): AnyObject {
  const known = stored.metadata.annotations?.[lastAppliedAnnotation];
  const original = parseOriginal(known);
  const current = inForm(form, decodeStored(stored, kinds) as AnyObject);
  const served = decodeObject(threeWayMerge(form.schema, original, modified, current), kinds) as AnyObject;
  const object = storedForm(kinds, served);
  const annotations = object.metadata.annotations ?? {};
  // The same manifest in another spelling (kubectl sorts its keys) is no change.
  if (known !== undefined && isDeepStrictEqual(original, parseOriginal(annotations[lastAppliedAnnotation]))) {
    annotations[lastAppliedAnnotation] = known;
  }
  return object;
}

function parseOriginal(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    // Somebody wrote something else there: nothing is known of what was applied before.
    return undefined;
  }
}

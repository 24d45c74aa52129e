import type { ParamKind, ParamRef } from '@gantry/model/gen/gantry.admissionregistration.v1.ts';
import type { Form, Registry } from '@gantry/model/registry.ts';
import { meets, requirementsOf } from '@gantry/model/selectors.ts';
import { GantryError, isError } from '@gantry/runtime/errors.ts';
import type { CoreDeps } from '../../core/context.ts';
import { inForm } from '../../core/forms.ts';
import { keyPrefix } from '../../core/keys.ts';
import type { AnyObject } from '../../core/stored-object.ts';
import { readStored } from '../../core/writer.ts';

/** Objects by which one binding is evaluated, at most. */
const maxParams = 1_000;

/** The error of a kind of parameters that is not served; undefined for one that is, and where there are none. */
export function paramKindProblem(kinds: Registry, paramKind: ParamKind | undefined): GantryError | undefined {
  if (paramKind === undefined) return undefined;
  const { apiVersion = '', kind = '' } = paramKind;
  if (kinds.lookup({ apiVersion, kind }) !== undefined) return undefined;
  const shown = `${apiVersion.includes('/') ? apiVersion : `/${apiVersion}`}, Kind=${kind}`;
  return new GantryError('BadRequest', `failed to find resource referenced by paramKind: '${shown}'`);
}

/**
 * The parameters of a binding: one evaluation each, and one without any where policy or binding has none. Throws in Kubernetes' words where
 * the configuration is wrong, and where there are none and the binding says to deny then.
 * @param namespace Of the object that is admitted; empty where it is in none.
 */
export async function paramsOf(
  deps: Pick<CoreDeps, 'kinds' | 'store' | 'cache'>,
  paramKind: ParamKind | undefined,
  ref: ParamRef | undefined,
  namespace: string,
): Promise<readonly (AnyObject | undefined)[]> {
  if (paramKind === undefined || ref === undefined) return [undefined];
  const problem = paramKindProblem(deps.kinds, paramKind);
  if (problem !== undefined) throw problem;
  const form = deps.kinds.formOf({ apiVersion: paramKind.apiVersion ?? '', kind: paramKind.kind ?? '' });
  const home = homeOf(form, ref, namespace);
  const found = ref.name ? await named(deps, form, home, ref.name) : await selected(deps, form, home, ref);
  if (found.length === 0 && ref.parameterNotFoundAction === 'Deny') {
    throw new GantryError('BadRequest', 'no params found for policy binding with `Deny` parameterNotFoundAction');
  }
  return found;
}

function homeOf({ kind }: Form, ref: ParamRef, namespace: string): string {
  if (!kind.namespaced) {
    if (!ref.namespace) return '';
    const text = 'paramRef.namespace must not be provided for a cluster-scoped `paramKind`';
    throw new GantryError('BadRequest', text);
  }
  const home = ref.namespace || namespace;
  if (home !== '') return home;
  const text = 'cannot use namespaced paramRef in policy binding that matches cluster-scoped resources';
  throw new GantryError('BadRequest', text);
}

async function named(
  deps: Pick<CoreDeps, 'store' | 'cache'>,
  form: Form,
  namespace: string,
  name: string,
): Promise<AnyObject[]> {
  try {
    return [inForm(form, (await readStored(deps, { kind: form.kind, namespace, name })).object)];
  } catch (error) {
    if (isError(error, 'NotFound')) return [];
    throw error;
  }
}

async function selected(
  { store, cache }: Pick<CoreDeps, 'store' | 'cache'>,
  form: Form,
  namespace: string,
  { selector }: ParamRef,
): Promise<AnyObject[]> {
  const conditions = selector === undefined ? [] : requirementsOf(selector);
  const { entries } = await store.list({ prefix: keyPrefix(form.kind, namespace) });
  const found = entries
    .map((entry) => cache.decode(entry).object)
    .filter(({ metadata }) => conditions.every((condition) => meets(metadata.labels, condition)));
  if (found.length <= maxParams) return found.map((object) => inForm(form, object));
  throw new GantryError('BadRequest', `a paramRef selects ${found.length} objects, at most ${maxParams}`);
}

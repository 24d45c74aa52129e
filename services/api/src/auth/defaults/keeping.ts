import type { ClusterRole } from '@gantry/model/gen/gantry.rbac.v1.ts';
import type { Kind } from '@gantry/model/kind.ts';
import { aggregatedRules } from '@gantry/model/kinds/clusterrole/aggregation.ts';
import { isError } from '@gantry/runtime/errors.ts';
import type { CoreDeps } from '../../core/context.ts';
import { create, createAll } from '../../core/creation.ts';
import { keyPrefix, objectKey } from '../../core/keys.ts';
import type { AnyObject } from '../../core/stored-object.ts';
import { remove, update, type WriteOptions } from '../../core/writer.ts';
import { type AnyBinding, type AnyRole, defaultBindings, defaultRoles } from './defaults.ts';
import { planBinding, reconciledRole } from './reconciliation.ts';

/**
 * Makes the roles and bindings that every cluster has, and brings those up to date that are there already unless an annotation keeps
 * them as they are. Of several replicas that do so each finds the others' work done.
 */
export async function keepDefaultRoles(deps: CoreDeps, options: WriteOptions): Promise<void> {
  const stored = await storedDefaults(deps);
  const wanted = [...defaultRoles, ...defaultBindings];
  const missing = wanted.filter((object) => !stored.has(keyOf(deps, object)));
  const made = await createAll(
    deps,
    missing.map((object) => ({ kind: kindOf(deps, object), object: newObject(object) })),
    options,
  );
  for (const outcome of made) {
    if (outcome.type === 'refused' && !isError(outcome.error, 'AlreadyExists')) throw outcome.error;
  }
  for (const object of wanted) {
    const known = stored.get(keyOf(deps, object));
    if (known !== undefined) await bringUpToDate(deps, known, object, options);
  }
}

/** A default object as it is created: an aggregated role has the rules of its parts from the start. */
function newObject(object: AnyRole | AnyBinding): AnyObject {
  const made = structuredClone(object) as AnyRole | AnyBinding;
  if (made.kind === 'ClusterRole' && made.aggregationRule !== undefined) made.rules = rulesOf(made, maxDepth);
  return made as unknown as AnyObject;
}

/** Roles within aggregated roles within others: view is a part of edit, which is a part of admin. */
const maxDepth = 4;

function rulesOf(whole: ClusterRole, depth: number): ClusterRole['rules'] {
  const all = defaultRoles
    .filter((role) => role.kind === 'ClusterRole')
    .map((role) =>
      role.aggregationRule === undefined || depth === 0 ? role : { ...role, rules: rulesOf(role, depth - 1) },
    );
  return aggregatedRules(whole, all);
}

async function bringUpToDate(
  deps: CoreDeps,
  known: AnyObject,
  wanted: AnyRole | AnyBinding,
  options: WriteOptions,
): Promise<void> {
  const kind = kindOf(deps, wanted);
  const { namespace = '', name } = wanted.metadata;
  const target = { kind, namespace, name };
  if ('roleRef' in wanted) {
    const plan = planBinding(known as unknown as AnyBinding, wanted);
    if (plan.type === 'keep') return;
    if (plan.type === 'replace') {
      await remove(deps, target, { uid: known.metadata.uid }, false);
      await create(deps, kind, newObject(plan.object), options);
      return;
    }
    await update(deps, target, () => structuredClone(plan.object) as unknown as AnyObject, options);
    return;
  }
  const role = reconciledRole(known as unknown as AnyRole, wanted);
  if (role === undefined) return;
  await update(deps, target, () => structuredClone(role) as unknown as AnyObject, options);
}

/** The stored roles and bindings by key. One that cannot be decoded is left alone. */
async function storedDefaults(deps: CoreDeps): Promise<Map<string, AnyObject>> {
  const found = new Map<string, AnyObject>();
  for (const prefix of new Set(
    [...defaultRoles, ...defaultBindings].map((object) => keyPrefix(kindOf(deps, object), '')),
  )) {
    for (let after: string | undefined, more = true; more; ) {
      const page = await deps.store.list({ prefix, after });
      for (const entry of page.entries) {
        const stored = deps.cache.glance(entry);
        if (stored.damage === undefined) found.set(entry.key, stored.object);
      }
      after = page.entries.at(-1)?.key;
      ({ more } = page);
    }
  }
  return found;
}

function keyOf(deps: CoreDeps, object: AnyRole | AnyBinding): string {
  return objectKey(kindOf(deps, object), object.metadata.namespace, object.metadata.name);
}

function kindOf(deps: CoreDeps, object: AnyRole | AnyBinding): Kind {
  return deps.kinds.kindOfObject(object);
}

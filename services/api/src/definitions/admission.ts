import type { Kind } from '@gantry/model/kind.ts';
import { resourceOf } from '@gantry/model/registry.ts';
import { GantryError, notFound } from '@gantry/runtime/errors.ts';
import type { Store } from '@gantry/store/store.ts';
import type { AdmissionStep } from '../admission/chain.ts';
import { infoOf, objectKey } from '../core/keys.ts';
import type { ObjectCache, Stored } from '../core/stored-object.ts';

const definitions = { group: 'apiextensions.k8s.io', plural: 'customresourcedefinitions', namespaced: false };

/**
 * Lets objects of a definition be made only while the definition is there and does not end: it is checked in the same commit, so that none is
 * left behind.
 */
export function whileDefined(deps: { readonly store: Pick<Store, 'get'>; readonly cache: ObjectCache }): AdmissionStep {
  return {
    name: 'CustomResourceDefinition',
    handles: () => false,
    commit: ({ kind, object, stored }) => {
      if (kind.custom === undefined || stored !== undefined || object === undefined) return undefined;
      return requireDefinition(deps, kind, object.metadata.name ?? '');
    },
  };
}

async function requireDefinition(
  { store, cache }: Parameters<typeof whileDefined>[0],
  kind: Kind,
  name: string,
): Promise<{ readonly operations: [{ type: 'check'; key: string; expected: number }] }> {
  const definition = resourceOf(kind);
  const key = objectKey(definitions, undefined, definition);
  const isOpen = ({ object }: Stored): boolean => object.metadata.deletionTimestamp === undefined;
  let known = cache.peek(key);
  // A state that is out of date makes the commit fail; that the definition ends is asked again.
  if (known === undefined || !isOpen(known)) {
    const entry = await store.get(key);
    if (entry === undefined) throw notFound({ ...definitions, resource: definitions.plural, name: definition });
    known = cache.decode(entry);
  }
  if (!isOpen(known)) {
    const why = 'create not allowed while custom resource definition is terminating';
    throw new GantryError('Forbidden', `${definition} "${name}" is forbidden: ${why}`, {
      resource: infoOf(kind, name),
    });
  }
  return { operations: [{ type: 'check', key, expected: known.revision }] };
}

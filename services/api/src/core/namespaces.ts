import { GantryError, notFound, type ResourceInfo } from '@gantry/runtime/errors.ts';
import type { Operation, Store } from '@gantry/store/store.ts';
import { objectKey } from './keys.ts';
import type { ObjectCache, Stored } from './stored-object.ts';

const namespaces = { group: '', plural: 'namespaces', namespaced: false };

/** Sources of namespaces. */
export interface NamespaceDeps {
  readonly store: Pick<Store, 'get'>;
  readonly cache: ObjectCache;
}

/**
 * The operation that lets a batch create something in a namespace only while that namespace exists and does not end.
 * It stands on the namespace as last seen: when that is out of date the batch fails and the retry reads it anew.
 */
export async function requireNamespace(deps: NamespaceDeps, name: string, about: ResourceInfo): Promise<Operation> {
  const key = objectKey(namespaces, undefined, name);
  const seen = deps.cache.peek(key);
  const stored = seen !== undefined && isOpen(seen) ? seen : await readNamespace(deps, key, name);
  if (!isOpen(stored)) {
    const resource = about.group === '' ? about.resource : `${about.resource}.${about.group}`;
    const why = `unable to create new content in namespace ${name} because it is being terminated`;
    const cause = { field: 'metadata.namespace', message: `namespace ${name} is being terminated` };
    throw new GantryError('Forbidden', `${resource} "${about.name}" is forbidden: ${why}`, {
      causes: [{ reason: 'NamespaceTerminating', ...cause }],
      resource: about,
    });
  }
  return { type: 'check', key, expected: stored.revision };
}

async function readNamespace(deps: NamespaceDeps, key: string, name: string): Promise<Stored> {
  const entry = await deps.store.get(key);
  if (entry === undefined) throw notFound({ group: '', resource: 'namespaces', name });
  return deps.cache.decode(entry);
}

function isOpen(namespace: Stored): boolean {
  return namespace.object.metadata.deletionTimestamp === undefined;
}

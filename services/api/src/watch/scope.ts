import type { Kind } from '@gantry/model/kind.ts';
import { resourceOf } from '@gantry/model/registry.ts';
import { parseFieldSelector } from '@gantry/model/selectors.ts';
import { keyPrefix, objectKey } from '../core/keys.ts';

/**
 * A set of objects that can be found without looking at all objects of the resource. `id` is its name among all scopes:
 * a key, a prefix of keys, or a resource with a field and its value.
 */
export interface Scope {
  readonly type: 'object' | 'field' | 'prefix';
  readonly id: string;
}

/** The scope of a resource's objects whose indexed field has a value. */
export function fieldScope(resource: string, field: string, value: string): string {
  // No namespace begins with a question mark, so this is no prefix of keys.
  return `${resource}/?${field}=${value}`;
}

/** The narrowest scope that holds all objects that a query asks for. */
export function scopeOf(kind: Kind, namespace: string, fieldSelector: string): Scope {
  const equal = new Map(
    parseFieldSelector(fieldSelector).flatMap(({ field, equal, value }) => (equal ? [[field, value] as const] : [])),
  );
  const name = equal.get('metadata.name');
  const home = namespace || equal.get('metadata.namespace');
  if (name && (home || !kind.namespaced)) return { type: 'object', id: objectKey(kind, home, name) };
  for (const field of kind.indexes ?? []) {
    const value = equal.get(field);
    if (value !== undefined) return { type: 'field', id: fieldScope(resourceOf(kind), field, value) };
  }
  return { type: 'prefix', id: keyPrefix(kind, namespace) };
}

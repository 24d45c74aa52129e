import type { AnyKind, ResourceName, ServedResource } from '@gantry/client/api.ts';
import { builtIn, builtInKinds, type KindName, kindOf } from '@gantry/model/built-in.ts';
import type { Kind } from '@gantry/model/kind.ts';
import { resourceOf } from '@gantry/model/registry.ts';
import type { ResourceInfo } from '@gantry/runtime/errors.ts';
import type { AnyObject } from '../core/action.ts';

// Kinds of a definition, which the controllers were not built with.

const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

/** Kinds that may be served, by their resource. */
export const foreignKinds: ReadonlyMap<ResourceName, ServedResource> = new Map([
  ['widgets.example.com', foreignKind('Widget', true)],
  ['gizmos.example.com', foreignKind('Gizmo', false)],
]);

function foreignKind(kind: string, namespaced: boolean): ServedResource {
  const singular = kind.toLowerCase();
  return resourceOfKind({ group: 'example.com', version: 'v1', kind, plural: `${singular}s`, singular, namespaced });
}

/** The built-in kinds as resources. */
export const builtInResources: readonly ServedResource[] = builtInKinds.map(resourceOfKind);

function resourceOfKind(
  kind: Pick<Kind, 'group' | 'version' | 'kind' | 'plural' | 'singular' | 'namespaced'>,
): ServedResource {
  const { group, version, plural, singular, namespaced } = kind;
  const names = { resource: resourceOf(kind), group, version, kind: kind.kind, plural, singular, namespaced };
  return { ...names, shortNames: [], categories: [], verbs, versions: [version] };
}

/** The kind of an object, as views have it. */
export function idOf({ apiVersion, kind }: { readonly apiVersion: string; readonly kind: string }): AnyKind {
  if (builtIn.lookup({ apiVersion, kind }) !== undefined) return kind as KindName;
  return `${kind.toLowerCase()}s.${apiVersion.split('/')[0]!}` as ResourceName;
}

/** A built-in kind as the model has it; undefined for another one. */
export function traitsOf(id: AnyKind): Kind | undefined {
  return foreignKinds.has(id as ResourceName) ? undefined : (kindOf(id as KindName) as unknown as Kind);
}

/** An object's name for errors. */
export function infoOf(id: AnyKind, name: string): ResourceInfo {
  const { group, plural } = foreignKinds.get(id as ResourceName) ?? kindOf(id as KindName);
  return { group, resource: plural, name };
}

/** A Widget, which is in a namespace. */
export function aWidget(name: string, metadata: Partial<AnyObject['metadata']> = {}): AnyObject {
  const own = { name, namespace: 'default', uid: `${name}-uid`, resourceVersion: '7', ...metadata };
  return { apiVersion: 'example.com/v1', kind: 'Widget', metadata: own } as unknown as AnyObject;
}

/** A Gizmo, which is in none. */
export function aGizmo(name: string, metadata: Partial<AnyObject['metadata']> = {}): AnyObject {
  const own = { name, uid: `${name}-uid`, resourceVersion: '7', ...metadata };
  return { apiVersion: 'example.com/v1', kind: 'Gizmo', metadata: own } as unknown as AnyObject;
}

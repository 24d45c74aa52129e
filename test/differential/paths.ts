/** Kubernetes' REST paths of the kinds that cases use. */
import { builtIn } from '@gantry/model/built-in.ts';
import type { Json } from './request.ts';

/** The path of a kind's objects in the default namespace, or of one by its name. */
export function pathOf(kindName: string, name?: string, namespace = 'default'): string {
  const kind = builtIn.find(kindName);
  if (kind === undefined) throw new Error(`a case names an unknown kind: ${kindName}`);
  const root = kind.group === '' ? `/api/${kind.version}` : `/apis/${kind.group}/${kind.version}`;
  const scope = kind.namespaced ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return `${root}${scope}/${kind.plural}${name === undefined ? '' : `/${encodeURIComponent(name)}`}`;
}

/** The path at which an object is created: made of its own apiVersion and kind, even if no such kind exists. */
export function pathOfNew(object: Json): string {
  const { apiVersion, kind, metadata } = object as { apiVersion: string; kind: string; metadata?: Json };
  const known = builtIn.find(kind);
  if (known !== undefined) return pathOf(kind, undefined, (metadata?.namespace as string | undefined) || 'default');
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  return `${root}/namespaces/default/${kind.toLowerCase()}s`;
}

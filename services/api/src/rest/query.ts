import { resourceOf } from '@gantry/model/registry.ts';
import type { ObjectQuery, ObjectRef } from '../core/api.ts';
import type { ResourceRequest } from './request.ts';

/** The object that a request names. */
export function refOf({ route, kind }: ResourceRequest): ObjectRef {
  return { resource: resourceOf(kind), namespace: route.namespace, name: route.name };
}

/** The objects that a list, watch or deletion of a collection is about; a watch may name one of them in its path. */
export function queryOf({ route, kind, query }: ResourceRequest): ObjectQuery {
  const named = route.name === '' ? [] : [`metadata.name=${route.name}`];
  return {
    resource: resourceOf(kind),
    namespace: route.namespace,
    labelSelector: query.get('labelSelector') ?? '',
    fieldSelector: [...named, query.get('fieldSelector') ?? ''].filter((text) => text !== '').join(','),
  };
}

import type { ObjectQuery, ObjectRef } from '../core/api.ts';
import type { ResourceRequest } from './request.ts';

/** The object that a request names. */
export function refOf({ route, form }: ResourceRequest): ObjectRef {
  const { resource, version } = form;
  const { namespace, name, subresource } = route;
  return { resource, version, namespace, name, subresource };
}

/** The objects that a list, watch or deletion of a collection is about; a watch may name one of them in its path. */
export function queryOf({ route, form, query }: ResourceRequest): ObjectQuery {
  const named = route.name === '' ? [] : [`metadata.name=${route.name}`];
  return {
    resource: form.resource,
    version: form.version,
    namespace: route.namespace,
    labelSelector: query.get('labelSelector') ?? '',
    fieldSelector: [...named, query.get('fieldSelector') ?? ''].filter((text) => text !== '').join(','),
  };
}

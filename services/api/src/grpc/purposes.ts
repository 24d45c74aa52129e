import { unwrap, type Wrapped } from '@gantry/client/object-messages.ts';
import type { KubeObject } from '@gantry/model/kind.ts';
import { type Registry, resourceOf } from '@gantry/model/registry.ts';
import { type Attempt, attemptOn } from '../auth/authorization.ts';
import type { ResourceApi } from '../core/api.ts';
import type { ApplyRequest, ListRequest, QueryMessage, RefMessage } from './messages.ts';

/** The part of a call that it is sorted into a flow by. */
export interface Purpose {
  readonly attempt: Attempt;
  /** Characters of the objects of a list; undefined where nobody knows. */
  readonly listChars?: number | undefined;
}

/** The purpose of a call on one object. @param subresource Empty for the object itself. */
export function onObject(verb: string, ref: RefMessage | undefined, subresource = ''): Purpose {
  const { resource = '', namespace = '', name = '' } = ref ?? {};
  return on(verb, subresource === '' ? resource : `${resource}/${subresource}`, namespace, name);
}

/** The purpose of a call about a fixed resource, such as `pods/binding`. */
export function on(verb: string, resource: string, namespace = '', name = ''): Purpose {
  return { attempt: attemptOn(verb, resource, { namespace, name }) };
}

/** The purpose of a call that writes an object. One of no kind that is known is refused later. */
export function onWrapped(verb: string, wrapped: Wrapped | undefined, kinds: Registry, subresource = ''): Purpose {
  const object = wrapped === undefined ? undefined : typedOf(wrapped);
  const kind = object && kinds.lookup(object)?.kind;
  const { namespace = '', name = '' } = object?.metadata ?? {};
  const isNew = verb === 'create';
  return onObject(verb, { resource: kind ? resourceOf(kind) : '', namespace, name: isNew ? '' : name }, subresource);
}

function typedOf(wrapped: Wrapped): KubeObject | undefined {
  try {
    return unwrap<KubeObject>(wrapped);
  } catch {
    return undefined;
  }
}

/** The purpose of an apply, whose object is not read before it begins: of any resource. */
export function onManifest({ defaultNamespace = '' }: ApplyRequest): Purpose {
  return on('patch', '', defaultNamespace);
}

/** The purpose of a list or watch. */
export function onMany(
  verb: 'list' | 'watch',
  request: QueryMessage & Pick<ListRequest, 'limit'>,
  api: Pick<ResourceApi, 'expectedListChars'>,
): Purpose {
  const { resource = '', namespace = '', labelSelector = '', fieldSelector = '', limit = 0 } = request;
  return {
    attempt: attemptOn(verb, resource, { namespace, fieldSelector }),
    listChars: api.expectedListChars({ resource, namespace, labelSelector, fieldSelector }, limit),
  };
}

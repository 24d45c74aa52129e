import type { Change } from '@gantry/client/api.ts';
import type { KindName } from '@gantry/model/built-in.ts';
import { isError } from '@gantry/runtime/errors.ts';
import type { Action, AnyObject } from './action.ts';

// Actions that one call may carry out many of.

export type Delete = Extract<Action, { readonly type: 'delete' }>;
export type Release = Extract<Action, { readonly type: 'removeFinalizer' }>;

/** True where a change was refused as somebody else was faster, or as another object took the name: either way the object is gone. */
export function isGone(action: Delete | Release, error: unknown): boolean {
  if (isError(error, 'NotFound')) return true;
  return action.type === 'delete' && !action.ifUnchanged && isError(error, 'Conflict');
}

/** The change that an action asks for. @param fresh Its object in the newest state that is known. */
export function changeOf(action: Delete | Release, fresh: AnyObject): Change {
  return action.type === 'delete' ? deletionOf(action, fresh) : releaseOf(action, fresh);
}

/** The removal of a finalizer. */
export function releaseOf({ finalizer, ifUnchanged }: Release, fresh: AnyObject): Extract<Change, { type: 'patch' }> {
  const { namespace, name, uid, resourceVersion } = fresh.metadata;
  // One entry of a list: whoever else changes the object meanwhile is in nobody's way.
  const metadata = { uid, '$deleteFromPrimitiveList/finalizers': [finalizer] };
  const body = { metadata: ifUnchanged ? { ...metadata, resourceVersion } : metadata };
  const target = namespace === undefined ? { name } : { namespace, name };
  return { type: 'patch', kind: fresh.kind as KindName, name: target, patch: { type: 'strategic', body } };
}

/** The deletion of an object. */
export function deletionOf(
  action: Delete,
  fresh: AnyObject,
): Extract<Change, { type: 'delete' }> & { options: object } {
  const { gracePeriodSeconds, propagationPolicy, ifUnchanged, kind = fresh.kind as KindName } = action;
  const { namespace, name, uid, resourceVersion } = fresh.metadata;
  const precondition = ifUnchanged ? { resourceVersion } : {};
  const options = { uid: uid!, gracePeriodSeconds, propagationPolicy, ...precondition };
  return { type: 'delete', kind, name: { namespace, name }, options };
}

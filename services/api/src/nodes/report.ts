import type { PodReport } from '@gantry/client/object-messages.ts';
import type { PodCondition } from '@gantry/model/gen/gantry.core.v1.ts';
import type { Kind } from '@gantry/model/kind.ts';
import { resizeConditions } from '@gantry/model/kinds/pod/allocated.ts';
import { conflict, GantryError, notFound } from '@gantry/runtime/errors.ts';
import { checkStatusUpdate } from '../core/check.ts';
import { isReleased } from '../core/deletion.ts';
import type { Limits } from '../core/limits.ts';
import { isSame } from '../core/metadata.ts';
import { type AnyObject, encodeValue, putObject, type Stored } from '../core/stored-object.ts';
import { type Author, withOwners } from '../ownership/track.ts';
import type { ItemPlan } from '../scheduling/batch.ts';

/**
 * Plans the write of a node's report: the pod's status where that changed, or the pod's removal where none of its containers
 * runs any more and no finalizer holds it.
 */
export function planReport(
  kind: Kind,
  { nodeName, author }: { readonly nodeName: string; readonly author: Author },
  report: PodReport,
  stored: Stored | undefined,
  limits: Pick<Limits, 'maxObjectChars'>,
): ItemPlan {
  const info = { group: '', resource: 'pods', name: report.name };
  if (stored === undefined) return { type: 'refused', error: notFound(info) };
  const { metadata, spec } = stored.object;
  if (metadata.uid !== report.uid) {
    const problem = `Precondition failed: UID in precondition: ${report.uid}, UID in object meta: ${metadata.uid}`;
    return { type: 'refused', error: conflict(info, problem) };
  }
  if (spec?.nodeName !== nodeName) {
    const message = `pods "${report.name}" is forbidden: node "${nodeName}" can only report pods with spec.nodeName set to itself, not "${spec?.nodeName ?? ''}"`;
    return { type: 'refused', error: new GantryError('Forbidden', message, { resource: info }) };
  }
  const mayGo = report.terminated && metadata.deletionTimestamp !== undefined;
  const pod: AnyObject = {
    ...stored.object,
    metadata: mayGo ? { ...metadata, deletionGracePeriodSeconds: 0 } : metadata,
    status: { ...report.status, conditions: mergedConditions(report.status.conditions ?? [], stored) },
  };
  try {
    checkStatusUpdate(kind, pod, stored.object);
  } catch (error) {
    return { type: 'refused', error: error as GantryError };
  }
  if (isReleased(kind, pod)) {
    return { type: 'write', operation: { type: 'delete', key: stored.key, expected: stored.revision } };
  }
  if (isSame(pod, stored.object)) return { type: 'unchanged', revision: stored.revision };
  const owned = withOwners(kind, pod, stored.object, author);
  const value = encodeValue(owned);
  if (value.length > limits.maxObjectChars) {
    return {
      type: 'refused',
      error: new GantryError('RequestEntityTooLarge', `the status of pod ${report.name} is too large`),
    };
  }
  return { type: 'write', operation: putObject(stored.key, owned, stored.revision, value) };
}

/** Conditions that are there only as long as the node reports them. */
const passing: readonly string[] = Object.values(resizeConditions);

/** The node's conditions, and those that others set (PodScheduled by Bind, DisruptionTarget by Evict) and the node does not know. */
function mergedConditions(reported: readonly PodCondition[], stored: Stored): readonly PodCondition[] {
  const before = (stored.object.status?.conditions ?? []) as readonly PodCondition[];
  const types = new Set(reported.map(({ type }) => type));
  return [...before.filter(({ type }) => !types.has(type) && !passing.includes(type)), ...reported];
}

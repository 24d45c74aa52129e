import type { UnschedulablePod } from '@gantry/client/object-messages.ts';
import { genericKindOf } from '@gantry/model/built-in.ts';
import { conflict, notFound } from '@gantry/runtime/errors.ts';
import { rfc3339 } from '@gantry/runtime/time.ts';
import { type AnyObject, putObject, type Stored } from '../core/stored-object.ts';
import { type Author, withOwners } from '../ownership/track.ts';
import type { ItemPlan } from './batch.ts';
import { setCondition } from './conditions.ts';

const pods = genericKindOf('Pod');

/** Decides what a report that a pod waits changes; nothing is written where the pod says so already. */
export function planUnschedulable(report: UnschedulablePod, stored: Stored | undefined, author: Author): ItemPlan {
  const info = { group: '', resource: 'pods', name: report.name };
  if (stored === undefined) return { type: 'refused', error: notFound(info) };
  const { metadata, spec, status } = stored.object;
  if (report.uid && metadata.uid !== report.uid) {
    const problem = `Precondition failed: UID in precondition: ${report.uid}, UID in object meta: ${metadata.uid}`;
    return { type: 'refused', error: conflict(info, problem) };
  }
  if (spec?.nodeName) {
    return {
      type: 'refused',
      error: conflict(info, `pod ${report.name} is already assigned to node "${spec.nodeName}"`),
    };
  }
  const { reason, message, nominatedNodeName = '' } = report;
  const next = setCondition(status, { type: 'PodScheduled', status: 'False', reason, message }, rfc3339(author.nowMs));
  if (next === status && (status?.nominatedNodeName ?? '') === nominatedNodeName) {
    return { type: 'unchanged', revision: stored.revision };
  }
  const { nominatedNodeName: _, ...others } = next;
  const pod: AnyObject = {
    ...stored.object,
    status: nominatedNodeName === '' ? others : { ...others, nominatedNodeName },
  };
  return {
    type: 'write',
    operation: putObject(stored.key, withOwners(pods, pod, stored.object, author), stored.revision),
  };
}

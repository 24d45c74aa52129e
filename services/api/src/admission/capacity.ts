import { isDeepStrictEqual } from 'node:util';
import type { Operation } from '@gantry/store/store.ts';
import type { AnyObject } from '../core/stored-object.ts';
import { demandOf } from '../scheduling/demand.ts';
import { fenceKey, nodeOf, raiseFence } from '../scheduling/ledger.ts';
import type { AdmissionPlugin } from './admission.ts';
import { carryPriority } from './priority.ts';

// Writes that change what a node has or what is taken of it without asking (a pod made with a node name, a smaller
// node) raise the node's fence, so that no replica's Bind decides on numbers from before.

/** Admission of pods: a node's fence goes up with whatever is given to it without asking. */
export const podAdmission: AdmissionPlugin = {
  carryOver: carryPriority,
  admit: async ({ object, stored }) => {
    const node = object && nodeOf(object);
    const operations: Operation[] =
      node !== undefined && takesMore(object!, stored?.object) ? [raiseFence(node, object!.metadata.uid ?? '')] : [];
    return { object, operations };
  },
};

/** Admission of nodes. Their fence is there as long as they are. */
export const nodeAdmission: AdmissionPlugin = {
  admit: async ({ object, stored }) => {
    if (object === undefined) {
      return { object, operations: [{ type: 'delete', key: fenceKey(stored!.object.metadata.name) }] };
    }
    const { name, uid = '' } = object.metadata;
    const same = stored !== undefined && isDeepStrictEqual(roomOf(object), roomOf(stored.object));
    return { object, operations: same ? [] : [raiseFence(name, uid)] };
  },
};

function takesMore(pod: AnyObject, stored: AnyObject | undefined): boolean {
  if (stored === undefined || nodeOf(stored) !== nodeOf(pod)) return true;
  return pod.spec !== stored.spec && !isDeepStrictEqual(demandOf(pod), demandOf(stored));
}

function roomOf(node: AnyObject): unknown {
  return [node.status?.allocatable, node.status?.capacity, node.metadata.deletionTimestamp];
}

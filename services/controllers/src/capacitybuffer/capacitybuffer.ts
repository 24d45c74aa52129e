import type { CapacityBuffer, CapacityBufferStatus } from '@gantry/model/gen/gantry.capacity.v1beta1.ts';
import { activeCapacity } from '@gantry/model/kinds/capacitybuffer/capacitybuffer.ts';
import { sameJson } from '@gantry/model/same-json.ts';
import { type Action, type AnyObject, type Controller, keyOf, splitKey, type View } from '../core/action.ts';
import { controllerOf } from '../core/owners.ts';
import { type Finding, withFinding } from './conditions.ts';
import { countOf } from './count.ts';
import { shapeOf } from './shape.ts';

/** Says of each buffer of ours which pods it is for, and how many. The cluster's autoscaler goes by that. */
export const capacityBufferController: Controller = {
  name: 'capacity-buffer-controller',
  watches: [
    'CapacityBuffer',
    'PodTemplate',
    'Deployment',
    'ReplicaSet',
    'StatefulSet',
    'ReplicationController',
    'Job',
    'Pod',
  ],
  keysFor,
  reconcile(key: string, view: View, nowMs: number): readonly Action[] {
    const { namespace, name } = splitKey(key);
    const buffer = view.get('CapacityBuffer', namespace, name);
    if (buffer === undefined || buffer.metadata.deletionTimestamp !== undefined || !isOurs(buffer)) return [];
    const status = statusOf(buffer, view, nowMs);
    return sameJson(buffer.status ?? {}, status) ? [] : [{ type: 'updateStatus', object: { ...buffer, status } }];
  },
};

/** True for buffers whose room is nodes that run. */
export function isOurs({ spec }: CapacityBuffer): boolean {
  return (spec.provisioningStrategy ?? activeCapacity) === activeCapacity;
}

function keysFor(object: AnyObject, view: View): readonly string[] {
  if (object.kind === 'CapacityBuffer') return [keyOf(object)];
  const named = object.kind === 'Pod' ? controllerOf(object) : { kind: object.kind, name: object.metadata.name };
  if (named === undefined) return [];
  const isMeant = ({ spec }: CapacityBuffer): boolean =>
    object.kind === 'PodTemplate'
      ? spec.podTemplateRef?.name === named.name
      : spec.scalableRef?.kind === named.kind && spec.scalableRef.name === named.name;
  return [...view.list('CapacityBuffer', object.metadata.namespace)].filter(isMeant).map(keyOf);
}

function statusOf(buffer: CapacityBuffer, view: View, nowMs: number): CapacityBufferStatus {
  const shape = shapeOf(buffer, view);
  const count = shape.type === 'known' ? countOf(buffer, shape) : undefined;
  const provisioningStrategy = buffer.spec.provisioningStrategy ?? activeCapacity;
  if (shape.type === 'unknown' || count === undefined) {
    const finding = shape.type === 'unknown' ? shape : unbounded;
    return { provisioningStrategy, conditions: withFinding(buffer, notReady(finding), nowMs) };
  }
  const ready: Finding = {
    type: 'ReadyForProvisioning',
    isTrue: true,
    reason: 'attributesSetSuccessfully',
    message: 'ready',
  };
  return {
    ...(shape.source && {
      podTemplateRef: { name: shape.source.name },
      podTemplateGeneration: shape.source.generation,
    }),
    replicas: count,
    conditions: withFinding(buffer, ready, nowMs),
    provisioningStrategy,
  };
}

const unbounded = { reason: 'NoNumber', message: 'replicas, percentage or limits that bind are needed' };

function notReady({ reason, message }: { readonly reason: string; readonly message: string }): Finding {
  return { type: 'ReadyForProvisioning', isTrue: false, reason, message };
}

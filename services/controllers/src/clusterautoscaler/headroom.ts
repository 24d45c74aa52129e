import type { PodBatch, SimulateResponse } from '@gantry/client/placement-messages.ts';
import type { CapacityBuffer } from '@gantry/model/gen/gantry.capacity.v1beta1.ts';
import { sameJson } from '@gantry/model/same-json.ts';
import { isOurs } from '../capacitybuffer/capacitybuffer.ts';
import { withFinding } from '../capacitybuffer/conditions.ts';
import { shapeOf } from '../capacitybuffer/shape.ts';
import { type Action, keyOf, type View } from '../core/action.ts';

/** Pods of all buffers together, at most. */
const mostPods = 5_000;

/** Room that buffers want, as pods that do not exist. */
export function headroomIn(view: View): PodBatch[] {
  let left = mostPods;
  return buffersIn(view).flatMap((buffer): PodBatch[] => {
    const shape = shapeOf(buffer, view);
    const count = Math.min(left, buffer.status?.replicas ?? 0);
    if (shape.type === 'unknown' || count === 0) return [];
    left -= count;
    const { metadata, spec } = shape.template;
    const { name, namespace } = buffer.metadata;
    const labels = metadata?.labels ?? {};
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: namespace!, labels },
      spec: spec!,
    } as const;
    return [{ id: keyOf(buffer), pod, count }];
  });
}

/** Writes on buffers whether their room is there or comes. */
export function provisioned(view: View, { unplaced = [] }: SimulateResponse, nowMs: number): Action[] {
  const without = new Map<string, number>();
  for (const { ids } of unplaced) for (const id of ids) without.set(id, (without.get(id) ?? 0) + 1);
  return buffersIn(view).flatMap((buffer): Action[] => {
    if (buffer.status?.replicas === undefined) return [];
    const missing = without.get(keyOf(buffer)) ?? 0;
    const finding =
      missing === 0
        ? { isTrue: true, reason: 'CapacityFound', message: 'there is room for all pods of the buffer, or it comes' }
        : { isTrue: false, reason: 'NoCapacity', message: `no node group has room for ${missing} pods of the buffer` };
    const conditions = withFinding(buffer, { type: 'Provisioning', ...finding }, nowMs);
    if (sameJson(conditions, buffer.status.conditions)) return [];
    return [{ type: 'updateStatus', object: { ...buffer, status: { ...buffer.status, conditions } } }];
  });
}

function buffersIn(view: View): CapacityBuffer[] {
  return [...view.list('CapacityBuffer')]
    .filter((buffer) => isOurs(buffer) && buffer.metadata.deletionTimestamp === undefined)
    .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

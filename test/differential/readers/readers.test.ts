import type { Action, AnyObject, Controller } from '@gantry/controllers/core/action.ts';
import { disruptionController } from '@gantry/controllers/disruption/disruption.ts';
import { endpointSliceController } from '@gantry/controllers/endpointslice/endpointslice.ts';
import { endpointSliceMirroringController } from '@gantry/controllers/endpointslicemirroring/endpointslicemirroring.ts';
import { fakeView } from '@gantry/controllers/testing/fake-view.ts';
import { decodeStored } from '@gantry/model/decode.ts';
import { FakeClock } from '@gantry/runtime/clock.ts';
import { describe, expect, test } from 'vitest';
import { clusters, type Json, type Recorded, recordedClusters, shownBudgets, shownSlices } from './clusters.ts';

// Gantry's controllers on what a real Kubernetes had stored, beside the answers of its kube-controller-manager.

const nowMs = Date.parse('2026-06-01T00:00:00Z');

/** The objects as Gantry would have stored them. */
function objectsOf({ objects }: Recorded): AnyObject[] {
  return objects.map((object) => {
    const { status: _status, ...plain } = object as Json;
    return decodeStored(object.kind === 'PodDisruptionBudget' ? plain : object) as unknown as AnyObject;
  });
}

/** The objects that a controller makes and changes. */
function writesOf(controller: Controller, objects: readonly AnyObject[]): Json[] {
  const view = fakeView(objects);
  const keys = new Set(objects.flatMap((object) => controller.keysFor(object, view)));
  const actions = [...keys].flatMap((key): readonly Action[] => {
    const plan = controller.reconcile(key, view, nowMs);
    const reads = plan.flatMap((action) => (action.type === 'readScale' ? [action.ref] : []));
    // Of the kinds here that no informer shows none has a scale.
    for (const ref of reads) controller.scaleRead!(key, ref, { type: 'none' });
    return reads.length === 0 ? plan : controller.reconcile(key, view, nowMs);
  });
  return actions.flatMap((action) =>
    action.type === 'create' || action.type === 'updateStatus' ? [action.object as unknown as Json] : [],
  );
}

describe('readers see what they would see beside kube-controller-manager', () => {
  const recorded = recordedClusters();
  test.for(clusters().map(({ name }) => name))('%s', (name) => {
    const objects = objectsOf(recorded[name]!);
    const slices = [endpointSliceController(), endpointSliceMirroringController].flatMap((controller) =>
      writesOf(controller, objects),
    );
    expect(shownSlices(slices)).toEqual(shownSlices(recorded[name]!.slices));
    const budgets = writesOf(disruptionController(new FakeClock()), objects);
    expect(shownBudgets(budgets)).toEqual(shownBudgets(recorded[name]!.budgets));
  });
});

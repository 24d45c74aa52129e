import { wholeCast } from '@gantry/controllers/testing/cast.ts';
import { aNode, aStatefulSet } from '@gantry/controllers/testing/objects.ts';
import { Simulation } from '@gantry/controllers/testing/simulation.ts';
import { users } from '@gantry/controllers/testing/users.ts';
import { kindOf } from '@gantry/model/built-in.ts';
import type { StatefulSet } from '@gantry/model/gen/gantry.apps.v1.ts';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { applyMergePatch } from '@gantry/model/patch.ts';
import { describe, expect, test } from 'vitest';
import { type Act, type Life, lives, recordedRests, restOf, setOf } from './lives.ts';

// All controllers in a cluster in which nothing fails, beside the answers of a real kube-controller-manager.

function setIn(simulation: Simulation): StatefulSet {
  return simulation.store.find('StatefulSet', 'default', 'web')!;
}

function podIn(simulation: Simulation, name: string): Pod {
  return simulation.store.find('Pod', 'default', name)!;
}

function act(simulation: Simulation, { patch, deletePod, failPod }: Act): void {
  if (patch !== undefined) {
    simulation.store.edit(
      setIn(simulation),
      (draft) => Object.assign(draft, defaulted(applyMergePatch({ ...draft }, patch))),
      'user',
    );
  }
  if (deletePod !== undefined) users.remove(simulation, podIn(simulation, deletePod));
  if (failPod !== undefined) {
    simulation.store.editStatus(
      podIn(simulation, failPod),
      (draft) => {
        draft.status = { ...draft.status, phase: 'Failed', conditions: [{ type: 'Ready', status: 'False' }] };
      },
      'kubelet',
    );
  }
}

function defaulted(set: unknown): StatefulSet {
  const object = structuredClone(set) as StatefulSet;
  kindOf('StatefulSet').setDefaults(object);
  return object;
}

async function lead(life: Life): Promise<unknown[]> {
  await using simulation = new Simulation({ seed: 1, ...wholeCast() });
  for (const name of ['n1', 'n2']) simulation.create(aNode(name));
  simulation.create(defaulted({ ...aStatefulSet(), ...setOf(life) }));
  const rests = [];
  for (const step of life.steps) {
    const before = told(simulation);
    act(simulation, step);
    await simulation.settle(20);
    const objects = {
      set: setIn(simulation) as { status?: object },
      revisions: simulation.all('ControllerRevision'),
      pods: simulation.all('Pod'),
      claims: simulation.all('PersistentVolumeClaim'),
      events: told(simulation),
    };
    rests.push(restOf(objects as Parameters<typeof restOf>[0], before));
  }
  return rests;
}

function told({ events }: Simulation): string[] {
  return events
    .filter(({ controller }) => controller === 'statefulset-controller')
    .map(({ type, reason, message }) => `${type} ${reason} ${message}`);
}

describe('a StatefulSet comes to rest as beside kube-controller-manager', () => {
  const recorded = recordedRests();
  test.for(lives().map((life) => [life.name, life] as const))('%s', async ([name, life]) => {
    const rests = await lead(life);
    for (const [index, expected] of recorded[name]!.entries())
      expect(rests[index], `step ${index + 1}`).toEqual(expected);
  });
});

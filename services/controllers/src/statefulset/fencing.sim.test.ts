import type { Node, Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { isReady } from '@gantry/model/ready.ts';
import { outOfServiceKey } from '@gantry/model/taints.ts';
import { describe, expect, it } from 'vitest';
import { wholeCast } from '../testing/cast.ts';
import { aNode, aStatefulSet } from '../testing/objects.ts';
import { seeds, withSeeds } from '../testing/seeds.ts';
import { Simulation } from '../testing/simulation.ts';

// All controllers, and a node that is not heard any more. That no pod runs twice is checked whenever containers start.

/** Steps of half a second: long enough for a node to be missed and its pods to be evicted, and some minutes more. */
const minutes = 500;
/** Half a minute, in which several pods of the node come one after another. */
const atOnce = 60;

async function running(seed: number): Promise<Simulation> {
  const simulation = new Simulation({ seed, ...wholeCast() });
  for (const name of ['n1', 'n2', 'n3']) simulation.create(aNode(name));
  simulation.create(aStatefulSet({ replicas: 3 }));
  await simulation.settle();
  return simulation;
}

const podIn = ({ store }: Simulation): Pod => store.find('Pod', 'default', 'web-1')!;

function declareOff({ store }: Simulation, nodeName: string): void {
  const taint = { key: outOfServiceKey, value: 'nodeshutdown', effect: 'NoExecute' };
  store.edit(
    store.find('Node', undefined, nodeName) as Node,
    (draft) => {
      draft.spec = { ...draft.spec, taints: [...(draft.spec?.taints ?? []), taint] };
    },
    'user',
  );
}

describe('the pod of a StatefulSet on a node that is not heard', () => {
  it('is not replaced, however long that lasts, and goes on where the node comes back', async () => {
    await withSeeds(seeds(5), async (seed) => {
      await using simulation = await running(seed);
      const { uid } = podIn(simulation).metadata;
      const nodeName = podIn(simulation).spec.nodeName!;
      simulation.players.cutOff(nodeName);
      await simulation.steps(minutes);
      expect(podIn(simulation).metadata).toMatchObject({ uid, deletionTimestamp: expect.any(String) });
      simulation.players.cutOff(nodeName, false);
      await simulation.settle();
      expect(podIn(simulation).metadata.uid).not.toBe(uid);
      expect(simulation.all('Pod').filter(isReady)).toHaveLength(3);
    });
  });

  it('is replaced at once where the node is declared off', async () => {
    await withSeeds(seeds(5), async (seed) => {
      await using simulation = await running(seed);
      const { uid } = podIn(simulation).metadata;
      const nodeName = podIn(simulation).spec.nodeName!;
      simulation.players.powerOff(nodeName);
      await simulation.steps(minutes);
      expect(podIn(simulation).metadata.uid).toBe(uid);
      declareOff(simulation, nodeName);
      await simulation.steps(atOnce);
      const pod = podIn(simulation);
      expect(pod.metadata.uid).not.toBe(uid);
      expect(pod.spec.nodeName).not.toBe(nodeName);
      expect(isReady(pod)).toBe(true);
    });
  });
});

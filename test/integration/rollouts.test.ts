import { readFileSync } from 'node:fs';
import { startTestApi } from '@gantry/api/testing/harness.ts';
import { defaultControllersConfig, startControllers } from '@gantry/controllers/service.ts';
import type { Namespace } from '@gantry/model/gen/gantry.core.v1.ts';
import { systemClock } from '@gantry/runtime/clock.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { expect, test } from 'vitest';
import { ApiCluster } from '../differential/rollouts/api.ts';
import type { Recorded } from '../differential/rollouts/recorded.ts';
import { scenarios } from '../differential/rollouts/scenarios.ts';
import { World } from '../differential/rollouts/world.ts';

// Scenarios that kube-controller-manager went through, by Gantry's api and all of its controllers. The others need nodes or long waits: they
// are held to the controllers on a simulated cluster (test/differential/rollouts).

const recorded = JSON.parse(
  readFileSync(new URL('../differential/rollouts/recorded.json', import.meta.url), 'utf8'),
) as Record<string, Recorded>;
const names = [
  'a rollout by the defaults',
  'a pause',
  'a rollback by the annotation of older clients',
  'a Deployment without a deadline',
  'a scaling to nothing and back',
  'a short history',
  'annotations',
];

test('Deployments go through rollouts as in Kubernetes', { timeout: 120_000 }, async () => {
  await using running = await startTestApi();
  const { client, bus } = running;
  const deps = { client, bus, clock: systemClock, log: silentLogger };
  await using _controllers = startControllers({ ...defaultControllersConfig, identity: 'test' }, deps);
  // Side by side, each in its namespace.
  await Promise.all(
    names.map(async (name, index) => {
      const namespace = `s${index}`;
      await client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } } as Namespace);
      const world = new World(new ApiCluster(client, namespace));
      await scenarios.find((scenario) => scenario.name === name)!.run(world);
      expect(world.snapshots, name).toEqual(recorded[name]!.snapshots);
    }),
  );
});

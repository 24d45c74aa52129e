import { writePageImage } from '@gantry/bench/page-image.ts';
import { afterAll, beforeAll, describe } from 'vitest';
import { type Form, startTestCluster, type TestCluster } from '../harness.ts';
import { deployHello } from '../hello.ts';
import { brokenManifestScenarios } from './broken-manifests.ts';
import { commandScenarios } from './commands.ts';
import { crashScenarios } from './crashes.ts';
import { daemonScenarios } from './daemons.ts';
import { doorScenarios } from './doors.ts';
import { endScenarios } from './end.ts';
import { fromZeroScenarios } from './from-zero.ts';
import { jobScenarios } from './jobs.ts';
import { kubeScenarios } from './kube.ts';
import { maintenanceScenarios } from './maintenance.ts';
import { nodeScenarios } from './nodes.ts';
import { rolloutScenarios } from './rollouts.ts';
import { statefulScenarios } from './stateful.ts';
import { trafficScenarios } from './traffic.ts';

/** All that users may expect of a cluster, on one of that form that runs the example. */
export function everyScenario(form: Form): void {
  describe(`gantry ${form}`, () => {
    let running: TestCluster;
    const cluster = (): TestCluster => running;
    beforeAll(async () => {
      running = await startTestCluster(form, { images: writePageImage });
      await deployHello(running);
    });
    afterAll(() => running?.[Symbol.asyncDispose]());
    commandScenarios(cluster);
    kubeScenarios(cluster);
    trafficScenarios(cluster);
    rolloutScenarios(cluster);
    fromZeroScenarios(cluster);
    doorScenarios(cluster);
    brokenManifestScenarios(cluster);
    jobScenarios(cluster);
    statefulScenarios(cluster);
    daemonScenarios(cluster);
    nodeScenarios(form, cluster);
    crashScenarios(form, cluster);
    maintenanceScenarios(cluster);
    endScenarios(cluster);
  });
}

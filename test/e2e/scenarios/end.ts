import { readdir, readFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { ask } from '@gantry/bench/http-load.ts';
import { listProcesses } from '@gantry/node-agent/host/processes.ts';
import { describe, expect, test } from 'vitest';
import { gantryOk } from '../command.ts';
import type { TestCluster } from '../harness.ts';
import { helloManifest, helloUrl, untilReady } from '../hello.ts';
import { eventually } from '../wait.ts';

/** Objects that are deleted, and a cluster that ends. Last, since nothing is left after it. */
export function endScenarios(cluster: () => TestCluster): void {
  describe('the end', () => {
    test('of objects: their pods end, and Envoy listens no more', async () => {
      const deleted = await gantryOk(cluster(), ['delete', '-f', helloManifest]);
      expect(deleted).toBe(
        'configmap "hello" deleted\nsecret "hello" deleted\ndeployment.apps "hello" deleted\nservice "hello" deleted\n',
      );
      await untilReady(cluster(), 'hello', 0);
      expect(await gantryOk(cluster(), ['get', 'deployments,services,configmaps,secrets', '-o', 'name'])).not.toContain(
        'hello',
      );
      await eventually('the port is closed', async () =>
        ask(helloUrl).then(
          () => false,
          (error: Error & { cause?: { code?: string } }) => error.cause?.code === 'ECONNREFUSED',
        ),
      );
    });

    test('of the cluster: no process, network namespace or bridge is left', async () => {
      const { stateDir } = cluster();
      const { bridge } = JSON.parse(await readFile(join(stateDir, 'nodes/cri/cluster.json'), 'utf8')) as {
        bridge: string;
      };
      const left = async (): Promise<unknown> => ({
        processes: (await listProcesses()).filter(({ command }) => command.some((each) => each.includes(stateDir))),
        namespaces: (await readdir('/run/netns')).filter((name) => name.startsWith(`${bridge}-`)),
        bridges: Object.keys(networkInterfaces()).filter((name) => name === bridge),
      });
      expect(await left()).not.toEqual({ processes: [], namespaces: [], bridges: [] });
      await cluster()[Symbol.asyncDispose]();
      expect(await left()).toEqual({ processes: [], namespaces: [], bridges: [] });
    });
  });
}

import type { ControllerRevision, DaemonSet } from '@gantry/model/gen/gantry.apps.v1.ts';
import type { CronJob } from '@gantry/model/gen/gantry.batch.v1.ts';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { describe, expect, test } from 'vitest';
import { gantryOk } from '../command.ts';
import type { TestCluster } from '../harness.ts';
import { untilReady } from '../hello.ts';
import { eventually } from '../wait.ts';

const namespace = 'default';
const target = { namespace, name: 'agent' };
const daemon = (seconds: string) => ({
  apiVersion: 'apps/v1',
  kind: 'DaemonSet',
  metadata: target,
  spec: {
    selector: { matchLabels: { app: 'agent' } },
    template: {
      metadata: { labels: { app: 'agent' } },
      spec: {
        terminationGracePeriodSeconds: 0,
        containers: [{ name: 'main', image: 'gantry.dev/hello:1', command: ['sleep', seconds] }],
      },
    },
  },
});

/** DaemonSets have a pod on each node, also while they roll; CronJobs make jobs by the clock. */
export function daemonScenarios(cluster: () => TestCluster): void {
  const apply = (object: object): Promise<string> => gantryOk(cluster(), ['apply', '-f', '-'], JSON.stringify(object));
  const status = async (): Promise<DaemonSet['status']> => (await cluster().client.get('DaemonSet', target)).status;
  const nodesOf = (pods: readonly Pod[]): unknown[] => pods.map(({ spec }) => spec.nodeName).sort();
  const revisions = async (): Promise<ControllerRevision[]> => {
    const { items } = await cluster().client.list('ControllerRevision', { namespace, labelSelector: 'app=agent' });
    return items.sort((a, b) => (a.revision ?? 0) - (b.revision ?? 0));
  };

  describe('a daemon set', () => {
    test('has a pod on each node', async () => {
      await apply(daemon('1000'));
      const pods = await untilReady(cluster(), 'agent', 2);
      expect(nodesOf(pods)).toEqual(['node-1', 'node-2']);
      await eventually('the status counts them', async () => (await status())?.numberAvailable === 2);
      expect(await status()).toMatchObject({ desiredNumberScheduled: 2, currentNumberScheduled: 2, numberReady: 2 });
    });

    test('rolls from node to node, and back', async () => {
      const [first] = await revisions();
      for (const [seconds, revision] of [
        ['1001', 2],
        ['1000', 3],
      ] as const) {
        await apply(daemon(seconds));
        const current = async (): Promise<ControllerRevision | undefined> => (await revisions()).at(-1);
        await eventually('the template has its revision', async () => (await current())?.revision === revision);
        const hash = (await current())!.metadata.labels!['controller-revision-hash'];
        const pods = await eventually('all pods are of it', async () => {
          const all = await untilReady(cluster(), 'agent', 2);
          return all.every(({ metadata }) => metadata.labels?.['controller-revision-hash'] === hash) && all;
        });
        expect(nodesOf(pods)).toEqual(['node-1', 'node-2']);
        expect(pods.map(({ spec }) => spec.containers[0]!.command)).toEqual([
          ['sleep', seconds],
          ['sleep', seconds],
        ]);
      }
      const all = await revisions();
      expect(all.map(({ revision }) => revision)).toEqual([2, 3]);
      expect(all[1]!.metadata.uid).toBe(first!.metadata.uid);
    });

    test('goes with its pods and revisions', async () => {
      await gantryOk(cluster(), ['delete', 'daemonset', 'agent']);
      await eventually('its pods and revisions are gone', async () => {
        const pods = await cluster().client.list('Pod', { namespace, labelSelector: 'app=agent' });
        return pods.items.length + (await revisions()).length === 0;
      });
    });
  });

  describe('a cron job', () => {
    test('makes a job at its time, and says when one succeeded', async () => {
      const containers = [{ name: 'main', image: 'gantry.dev/hello:1', command: ['sh', '-c', 'echo tick'] }];
      const spec = { template: { spec: { restartPolicy: 'Never', containers } } };
      // A second after it was made, and then once a minute: the names of jobs tell minutes.
      await apply({
        apiVersion: 'batch/v1',
        kind: 'CronJob',
        metadata: { name: 'tick', namespace },
        spec: { schedule: '@every 1s', concurrencyPolicy: 'Forbid', jobTemplate: { spec } },
      });
      const cron = (): Promise<CronJob> => cluster().client.get('CronJob', { namespace, name: 'tick' });
      const done = await eventually('a job succeeded', async () => {
        const { status: now } = await cron();
        return now?.lastSuccessfulTime !== undefined && now;
      });
      expect(Date.parse(done.lastSuccessfulTime!)).toBeGreaterThanOrEqual(Date.parse(done.lastScheduleTime!));
      await gantryOk(cluster(), ['delete', 'cronjob', 'tick']);
      await eventually('its jobs are gone', async () => {
        const { items } = await cluster().client.list('Job', { namespace });
        return !items.some(({ metadata }) => metadata.name.startsWith('tick-'));
      });
    });
  });
}

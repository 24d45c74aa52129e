import { ask, type Load, startLoad } from '@gantry/bench/http-load.ts';
import { describe, expect, test } from 'vitest';
import type { Form, TestCluster } from '../harness.ts';
import { containerRuns, helloUrl, untilReady } from '../hello.ts';
import { eventually } from '../wait.ts';

/** A deployment that shows by one more pod whether changes are carried out. */
const canary = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'canary' },
  spec: {
    replicas: 0,
    selector: { matchLabels: { app: 'canary' } },
    template: {
      metadata: { labels: { app: 'canary' } },
      spec: {
        terminationGracePeriodSeconds: 0,
        containers: [{ name: 'main', image: 'gantry.dev/hello:1', command: ['sleep', '1000'] }],
      },
    },
  },
};

/** Parts of each form that can be killed; what is not in `gantry` is started again by it, and `gantry` itself by its user. */
const partsOf: Readonly<Record<Form, readonly string[]>> = {
  up: ['envoy', 'gantry'],
  distributed: [
    'api',
    'scheduler',
    'controllers',
    'xds-lb',
    'node-1',
    'node-2',
    'redis-server',
    'nats-server',
    'envoy',
    'gantry',
  ],
};

/** Every process killed with SIGKILL: containers live on, and so does traffic to them. */
export function crashScenarios(form: Form, cluster: () => TestCluster): void {
  describe('a process killed with SIGKILL', () => {
    test.each(partsOf[form])('%s: containers and traffic live on, and changes are carried out', async (part) => {
      const { client } = cluster();
      const pods = await untilReady(cluster(), 'hello', 3);
      const before = containerRuns(pods);
      await client.apply(JSON.stringify(canary), { defaultNamespace: 'default' });
      const loads = loadsOn(
        part,
        pods.map(({ status }) => status!.podIP!),
      );
      await cluster().crash(part);
      const scaled = JSON.stringify({ ...canary, spec: { ...canary.spec, replicas: 1 } });
      await eventually('the api takes a change', () => client.apply(scaled, { defaultNamespace: 'default' }));
      await untilReady(cluster(), 'canary', 1);
      await eventually('Envoy answers', () => ask(helloUrl).then(() => true));
      const results = await Promise.all(loads.map((load) => load.stop()));
      expect(results.flatMap(({ failures }) => failures)).toEqual([]);
      expect(containerRuns(await untilReady(cluster(), 'hello', 3))).toEqual(before);
      await client.apply(JSON.stringify(canary), { defaultNamespace: 'default' });
      await untilReady(cluster(), 'canary', 0);
    });
  });
}

/** Traffic straight to the pods, and through Envoy unless it dies too. */
function loadsOn(part: string, addresses: readonly string[]): Load[] {
  const straight = addresses.map((address) => startLoad(`http://${address}:8080/`, 10));
  return part === 'envoy' || part === 'gantry' ? straight : [...straight, startLoad(helloUrl, 50)];
}

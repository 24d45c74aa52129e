import { startTestApi, type TestApi } from '@gantry/api/testing/harness.ts';
import { defaultControllersConfig, startControllers } from '@gantry/controllers/service.ts';
import { decodeManifest } from '@gantry/model/decode.ts';
import type { Deployment } from '@gantry/model/gen/gantry.apps.v1.ts';
import { systemClock } from '@gantry/runtime/clock.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Context } from '../context.ts';
import { autoscale } from './autoscale.ts';

// The command against an api and the controllers, which have no metrics: bounds hold all the same.

let owned: AsyncDisposableStack;
let running: TestApi;
const soon = { timeout: 20_000, interval: 50 };
const target = { namespace: 'default', name: 'web' };

beforeAll(async () => {
  owned = new AsyncDisposableStack();
  running = owned.use(await startTestApi());
  const deps = { client: running.client, bus: running.bus, clock: systemClock, log: silentLogger };
  const { autoscaling } = defaultControllersConfig;
  const config = { ...defaultControllersConfig, identity: 'test', autoscaling: { ...autoscaling, syncPeriodMs: 200 } };
  owned.use(startControllers(config, deps));
});
afterAll(() => owned.disposeAsync());

function context(): Context & { readonly printed: string[] } {
  const printed: string[] = [];
  const write = (text: string): void => void printed.push(text);
  const { signal } = new AbortController();
  const output = { write, note: write };
  return { client: running.client, namespace: 'default', clock: systemClock, signal, output, printed };
}

const manifest = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: default}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: c, image: "i:1"}]}
`;

test('a Deployment has the fewest replicas that its new autoscaler allows, and is told so', async () => {
  const { client } = running;
  await client.create(decodeManifest(manifest) as Deployment);
  const told = context();
  await autoscale(told, ['deploy/web'], { min: 3, max: 5, cpu: '70%', dryRun: false });
  expect(told.printed).toEqual(['horizontalpodautoscaler.autoscaling/web autoscaled\n']);
  await expect.poll(async () => (await client.get('Deployment', target)).spec.replicas, soon).toBe(3);
  const conditions = async (): Promise<string[]> => {
    const { status } = await client.get('HorizontalPodAutoscaler', target);
    return (status?.conditions ?? []).map(({ type, status: is, reason }) => `${type}=${is} ${reason}`);
  };
  // Nobody runs the pods, so that nothing is measured of them.
  await expect
    .poll(conditions, soon)
    .toEqual([
      'AbleToScale=True SucceededGetScale',
      'ScaledToZero=False NotScaledToZero',
      'ScalingActive=False FailedGetResourceMetric',
    ]);
  const events = async (): Promise<(string | undefined)[]> => {
    const { items } = await client.list('Event', { namespace: 'default' });
    return items.filter(({ involvedObject }) => involvedObject?.name === 'web').map(({ message }) => message);
  };
  const rescaled = 'New size: 3; reason: Current number of replicas below Spec.MinReplicas';
  await expect.poll(events, soon).toContain(rescaled);
});

test('nothing is made for a workload that there is not, or has no replicas', async () => {
  const flags = { max: 5, dryRun: false };
  await expect(autoscale(context(), ['deploy/nobody'], flags)).rejects.toThrow('deployments.apps "nobody" not found');
  await expect(autoscale(context(), ['service/web'], flags)).rejects.toThrow('cannot autoscale a Service');
  const { items } = await running.client.list('HorizontalPodAutoscaler');
  expect(items.map(({ metadata }) => metadata.name)).toEqual(['web']);
});

import { startTestApi, type TestApi } from '@gantry/api/testing/harness.ts';
import { defaultControllersConfig, startControllers } from '@gantry/controllers/service.ts';
import { systemClock } from '@gantry/runtime/clock.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { afterEach, beforeEach, expect, test } from 'vitest';

// Deployments as people write them, through the api and the controllers.

let owned: AsyncDisposableStack;
let running: TestApi;
const soon = { timeout: 20_000, interval: 50 };

beforeEach(async () => {
  owned = new AsyncDisposableStack();
  running = owned.use(await startTestApi());
  const { client, bus } = running;
  const deps = { client, bus, clock: systemClock, log: silentLogger };
  owned.use(startControllers({ ...defaultControllersConfig, identity: 'test' }, deps));
});

afterEach(() => owned.disposeAsync());

const manifest = (image: string): string => `
apiVersion: apps/v1
kind: Deployment
metadata: {name: z, annotations: {}}
spec:
  replicas: 2
  selector: {matchLabels: {app: z}, matchExpressions: []}
  template:
    metadata: {labels: {app: z}}
    spec:
      hostNetwork: false
      volumes: []
      containers:
        - {name: c, image: "${image}", env: [], args: [], securityContext: {}, readinessProbe: null, resources: {}}
`;

const eventsOf = async (name: string) =>
  (await running.client.list('Event', {})).items.filter(({ involvedObject }) => involvedObject?.name === name);

test('a Deployment that spells out what is empty rolls out, keeps its status, and makes one set a template', async () => {
  const { client } = running;
  for (const [index, image] of ['web:1', 'web:2'].entries()) {
    await client.apply(manifest(image), { defaultNamespace: 'default' });
    const deployment = () => client.get('Deployment', { namespace: 'default', name: 'z' });
    const revision = async () => (await deployment()).metadata.annotations?.['deployment.kubernetes.io/revision'];
    await expect.poll(revision, soon).toBe(String(index + 1));
    const isObserved = async () =>
      (await deployment()).status?.observedGeneration === (await deployment()).metadata.generation;
    await expect.poll(isObserved, soon).toBe(true);
    expect((await client.list('ReplicaSet', { namespace: 'default' })).items).toHaveLength(index + 1);
  }
  const pods = async () => (await client.list('Pod', { namespace: 'default' })).items.length;
  await expect.poll(pods, soon).toBeGreaterThanOrEqual(2);
});

test('users hear of the pods that a ReplicaSet makes, and of no scaling from 0 to 0', async () => {
  const { client } = running;
  await client.apply(manifest('web:1').replace('replicas: 2', 'replicas: 0'), { defaultNamespace: 'default' });
  const sets = async () => (await client.list('ReplicaSet', { namespace: 'default' })).items;
  await expect.poll(async () => (await sets()).length, soon).toBe(1);
  await client.apply(manifest('web:1'), { defaultNamespace: 'default' });
  const [set] = await sets();
  const reasons = async (name: string) => (await eventsOf(name)).map(({ reason }) => reason);
  await expect.poll(() => reasons(set!.metadata.name), soon).toEqual(['SuccessfulCreate', 'SuccessfulCreate']);
  const told = (await eventsOf('z')).map(({ message }) => message);
  expect(told).toEqual([`Scaled up replica set ${set!.metadata.name} from 0 to 2`]);
});

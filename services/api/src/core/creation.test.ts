import type { Service } from '@gantry/model/gen/gantry.core.v1.ts';
import type { KubeObject } from '@gantry/model/kind.ts';
import { isError } from '@gantry/runtime/errors.ts';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { podNamed, startTestApi, type TestApi } from '../testing/harness.ts';

let running: TestApi;
let client: TestApi['client'];
let round = 0;
beforeAll(async () => {
  running = await startTestApi({ serviceCidr: '10.96.0.0/29', nodePorts: { first: 30_000, last: 30_005 } });
  ({ client } = running);
});
afterAll(() => running[Symbol.asyncDispose]());
beforeEach(() => {
  round++;
});

const own = (name: string): string => `${name}-${round}`;
const configMap = (name: string, namespace = 'default'): KubeObject => {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace } };
};
const reasons = (results: readonly { readonly reason: string }[]): string[] => results.map(({ reason }) => reason);

describe('a batch of new objects', () => {
  test('stores each as if it came alone, with consecutive revisions', async () => {
    const results = await client.createBatch([podNamed(own('a')), configMap(own('b')), podNamed(own('c'))]);
    expect(reasons(results)).toEqual(['', '', '']);
    expect(results.map(({ name }) => name)).toEqual([own('a'), own('b'), own('c')]);
    const [first, second, third] = results.map(({ resourceVersion }) => resourceVersion);
    expect([second! - first!, third! - second!]).toEqual([1, 1]);
    const stored = await client.get('Pod', { namespace: 'default', name: own('c') });
    expect(stored.metadata).toMatchObject({ uid: results[2]!.uid, resourceVersion: String(third), generation: 1 });
    const alone = await client.create(podNamed(own('alone')));
    expect({ ...stored.spec, ...stored.status }).toEqual({ ...alone.spec, ...alone.status });
  });

  test('refuses those that are wrong, and stores the others', async () => {
    await client.create(configMap(own('taken')));
    const broken = { ...podNamed(own('broken')), spec: { containers: [] } };
    const results = await client.createBatch([
      configMap(own('a')),
      configMap(own('taken')),
      broken,
      configMap(own('b'), 'nowhere'),
      configMap(own('a')),
      configMap(own('c')),
    ]);
    expect(reasons(results)).toEqual(['', 'AlreadyExists', 'Invalid', 'NotFound', 'AlreadyExists', '']);
    expect(results[1]!.message).toBe(`configmaps "${own('taken')}" already exists`);
    expect(results[2]!.message).toContain('spec.containers: Required value');
    expect(results[1]).toMatchObject({ code: 6, name: '', uid: '', resourceVersion: 0 });
  });

  test('stores the others, too, where more names are taken than it tries together', async () => {
    const taken = Array.from({ length: 12 }, (_, index) => configMap(own(`taken-${index}`)));
    await client.createBatch(taken);
    const results = await client.createBatch([...taken, configMap(own('free'))]);
    expect(reasons(results)).toEqual([...taken.map(() => 'AlreadyExists'), '']);
  });

  test('gives generated names, all of them different', async () => {
    const object: KubeObject = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: '', generateName: 'g-', namespace: 'default' },
    };
    const results = await client.createBatch(Array.from({ length: 50 }, () => object));
    expect(new Set(results.map(({ name }) => name)).size).toBe(50);
    expect(results.every(({ name }) => name.startsWith('g-'))).toBe(true);
  });

  test('gives no two services one address', async () => {
    const services = Array.from({ length: 8 }, (_, index): Service => {
      const metadata = { namespace: 'default', name: own(`s-${index}`) };
      return { apiVersion: 'v1', kind: 'Service', metadata, spec: { ports: [{ port: 80 }] } };
    });
    const results = await client.createBatch(services);
    // The range has room for fewer than eight.
    const stored = (await client.list('Service', { namespace: 'default' })).items;
    expect(stored.length).toBe(results.filter(({ code }) => code === 0).length);
    expect(new Set(stored.map(({ spec }) => spec?.clusterIP)).size).toBe(stored.length);
    expect(stored.length).toBeLessThan(8);
    expect(stored.length).toBeGreaterThan(3);
  });

  test('creates each name once, whoever asks at the same time', async () => {
    const objects = Array.from({ length: 40 }, (_, index) => configMap(own(`race-${index}`)));
    const batches = await Promise.all([0, 1, 2].map(() => client.createBatch(objects)));
    for (const index of objects.keys()) {
      const outcomes = batches.map((results) => results[index]!.reason).sort();
      expect(outcomes).toEqual(['', 'AlreadyExists', 'AlreadyExists']);
    }
  });

  test('stores nothing in a dry run', async () => {
    await client.create(configMap(own('taken')));
    const results = await client.createBatch([configMap(own('a')), configMap(own('taken'))], { dryRun: true });
    expect(reasons(results)).toEqual(['', 'AlreadyExists']);
    const missing = client.get('ConfigMap', { namespace: 'default', name: own('a') });
    await expect(missing).rejects.toSatisfy((error) => isError(error, 'NotFound'));
  });

  test('is refused where it is too large', async () => {
    const objects = Array.from({ length: 1_025 }, (_, index) => configMap(own(`many-${index}`)));
    const refused = client.createBatch(objects);
    await expect(refused).rejects.toSatisfy((error) => isError(error, 'RequestEntityTooLarge'));
  });
});

test('a job whose generated name is taken has the labels of the name that it gets', async () => {
  const draws = [0.1, 0.9];
  let drawn = 0;
  let uids = 0;
  // Suffixes have five characters: the first two names are the same one.
  const entropy = { uid: () => `u${++uids}`, random: () => draws[drawn++ < 10 ? 0 : 1]! };
  await using api = await startTestApi({}, undefined, { entropy });
  const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'x' }] } };
  const metadata = { generateName: 'j-', namespace: 'default' };
  const job = (): KubeObject =>
    ({ apiVersion: 'batch/v1', kind: 'Job', metadata, spec: { template } }) as unknown as KubeObject;
  drawn = 0;
  const first = await api.client.create(job());
  const second = await api.client.create(job());
  expect(second.metadata.name).not.toBe(first.metadata.name);
  for (const { metadata: made } of [first, second]) {
    expect(made.labels).toMatchObject({ 'job-name': made.name, 'batch.kubernetes.io/job-name': made.name });
  }
});

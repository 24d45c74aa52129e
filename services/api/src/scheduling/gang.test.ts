import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { podNamed, startTestApi, type TestApi } from '../testing/harness.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
  for (const [name, cpu] of [
    ['large', '2'],
    ['small', '1'],
  ] as const) {
    const room = { cpu, memory: '8Gi', pods: '100' };
    const status = { allocatable: room, capacity: room };
    const created = await api.client.create({ apiVersion: 'v1', kind: 'Node', metadata: { name }, status });
    await api.client.updateStatus({ ...created, status });
  }
});
afterAll(() => api[Symbol.asyncDispose]());

async function makePods(names: readonly string[], cpu: string): Promise<Pod[]> {
  return Promise.all(names.map((name) => api.client.create(podNamed(name, { cpu }))));
}

async function removePods(pods: readonly Pod[]): Promise<void> {
  for (const { metadata } of pods) {
    await api.client.delete('Pod', { namespace: 'default', name: metadata.name }, { gracePeriodSeconds: 0 });
  }
}

const bindingOf = ({ metadata }: Pod, nodeName: string, gang?: string) => ({
  namespace: 'default',
  name: metadata.name,
  uid: metadata.uid!,
  nodeName,
  ...(gang === undefined ? {} : { gang }),
});

const boundCount = async (): Promise<number> =>
  (await api.client.list('Pod')).items.filter(({ spec }) => spec.nodeName).length;

describe('bindings of a gang', () => {
  test('are refused together where one of them is, and say because of what', async () => {
    const pods = await makePods(['a', 'b', 'c'], '1');
    const results = await api.client.bind(
      pods.map((pod) => bindingOf(pod, 'large', 'default/g')),
      'test',
    );
    expect(results.map(({ reason }) => reason)).toEqual(Array(3).fill('FailedPrecondition'));
    expect(results[2]!.message).toContain("Node didn't have enough resource: cpu");
    expect(results[0]!.message).toContain('the gang is bound as a whole or not at all: ');
    expect(await boundCount()).toBe(0);
    const again = await api.client.bind(
      pods.map((pod, index) => bindingOf(pod, index === 0 ? 'small' : 'large', 'default/g')),
      'test',
    );
    expect(again.map(({ code }) => code)).toEqual([0, 0, 0]);
    await removePods(pods);
  });

  test('do not hold back others of the same request', async () => {
    const pods = await makePods(['a', 'b', 'c'], '900m');
    const [a, b, c] = pods as [Pod, Pod, Pod];
    const bindings = [bindingOf(a, 'small', 'x'), bindingOf(b, 'small', 'x'), bindingOf(c, 'large')];
    const results = await api.client.bind(bindings, 'test');
    expect(results.map(({ code }) => code === 0)).toEqual([false, false, true]);
    await removePods(pods);
  });

  test('are all carried out or none, whatever other schedulers bind at the same time', async () => {
    const size = fc.integer({ min: 1, max: 4 });
    const nodes = fc.constantFrom('large', 'small');
    const request = fc.array(fc.record({ node: nodes, gang: fc.constantFrom('g', 'h', '') }), {
      minLength: 1,
      maxLength: 6,
    });
    await fc.assert(
      fc.asyncProperty(fc.array(request, { minLength: 1, maxLength: 3 }), size, async (requests, tenths) => {
        const names = requests.map((items, at) => items.map((_, index) => `p${at}-${index}`));
        const pods = await Promise.all(names.map((each) => makePods(each, `${tenths}00m`)));
        await Promise.all(
          requests.map((items, at) =>
            api.client.bind(
              items.map(({ node, gang }, index) => bindingOf(pods[at]![index]!, node, gang)),
              'test',
            ),
          ),
        );
        const { items: stored } = await api.client.list('Pod');
        const isBound = new Map(stored.map(({ metadata, spec }) => [metadata.name, Boolean(spec.nodeName)]));
        for (const [at, items] of requests.entries()) {
          for (const gang of ['g', 'h']) {
            const members = items.flatMap((item, index) =>
              item.gang === gang ? [isBound.get(`p${at}-${index}`)] : [],
            );
            expect(new Set(members).size).toBeLessThanOrEqual(1);
          }
        }
        await removePods(stored);
      }),
      { numRuns: 25 },
    );
  }, 60_000);
});

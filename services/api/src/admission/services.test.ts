import type { Service } from '@gantry/model/gen/gantry.core.v1.ts';
import { isError } from '@gantry/runtime/errors.ts';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestApi, type TestApi } from '../testing/harness.ts';
import { claimsOf } from './services.ts';

let running: TestApi;
beforeAll(async () => {
  // Small ranges, so that writes meet.
  running = await startTestApi({ serviceCidr: '10.96.0.0/29', nodePorts: { first: 30_000, last: 30_005 } });
});
afterAll(() => running[Symbol.asyncDispose]());

const step = fc.record({
  action: fc.constantFrom('create', 'create', 'change', 'delete'),
  name: fc.constantFrom('a', 'b', 'c', 'd'),
  type: fc.constantFrom('ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName'),
  ports: fc.uniqueArray(fc.integer({ min: 80, max: 84 }), { minLength: 1, maxLength: 3 }),
  headless: fc.boolean(),
  local: fc.boolean(),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function specOf({ type, ports, headless, local }: Step): Service['spec'] {
  return {
    type,
    ports: ports.map((port) => ({ name: `p${port}`, port })),
    ...(type === 'ExternalName' ? { externalName: 'example.com' } : {}),
    ...(type === 'ClusterIP' && headless ? { clusterIP: 'None' } : {}),
    ...(type === 'LoadBalancer' && local ? { externalTrafficPolicy: 'Local' } : {}),
  };
}

async function take(client: TestApi['client'], wanted: Step): Promise<void> {
  const metadata = { namespace: 'default', name: wanted.name };
  switch (wanted.action) {
    case 'create':
      await client.create<Service>({ apiVersion: 'v1', kind: 'Service', metadata, spec: specOf(wanted) });
      return;
    case 'change': {
      const { spec: _, ...current } = await client.get('Service', metadata);
      await client.update<Service>({ ...current, spec: specOf(wanted) } as Service);
      return;
    }
    case 'delete':
      await client.delete('Service', metadata);
  }
}

describe('what services are given', () => {
  test('is theirs alone, and exactly what the store says is taken, however writes meet', async () => {
    const { client, store } = running;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(step, { maxLength: 4 }), { maxLength: 6 }), async (rounds) => {
        for (const round of rounds) {
          // Refusals (taken, gone, full, changed meanwhile) are fine; what matters is what they leave behind.
          const outcomes = await Promise.allSettled(round.map((each) => take(client, each)));
          for (const outcome of outcomes) if (outcome.status === 'rejected') expect(isError(outcome.reason)).toBe(true);
        }
        const { items } = await client.list('Service');
        const held = items.flatMap(claimsOf);
        expect(new Set(held).size).toBe(held.length);
        const { entries } = await store.list({ prefix: 'allocations/' });
        expect(entries.map(({ key }) => key).sort()).toEqual([...held].sort());
        for (const { metadata } of items) await client.delete('Service', { namespace: 'default', name: metadata.name });
      }),
      { numRuns: 60 },
    );
  }, 60_000);

  test('a load balancer that keeps traffic local gets a port for its health checks', async () => {
    const { client } = running;
    const metadata = { namespace: 'default', name: 'local' };
    const spec: Service['spec'] = { type: 'LoadBalancer', externalTrafficPolicy: 'Local', ports: [{ port: 80 }] };
    const created = await client.create<Service>({ apiVersion: 'v1', kind: 'Service', metadata, spec });
    expect(created.spec.healthCheckNodePort).toBeGreaterThanOrEqual(30_000);
    expect(created.spec.healthCheckNodePort).not.toBe(created.spec.ports![0]!.nodePort);
    await client.delete('Service', metadata);
  });
});

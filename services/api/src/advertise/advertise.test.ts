import type { Endpoints, Service } from '@gantry/model/gen/gantry.core.v1.ts';
import type { EndpointSlice } from '@gantry/model/gen/gantry.discovery.v1.ts';
import { FakeClock } from '@gantry/runtime/clock.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startTestApi, type TestApi } from '../testing/harness.ts';
import { Advertiser, advertiserOf } from './advertise.ts';
import { apiEndpoints, apiSlices } from './objects.ts';

describe('the objects', () => {
  test('name the addresses of each port, each once, in order', () => {
    const addresses = [
      { ip: '10.0.0.2', port: 6443 },
      { ip: '10.0.0.1', port: 6443 },
      { ip: '10.0.0.1', port: 7000 },
      { ip: '10.0.0.2', port: 6443 },
      { ip: '2001:db8::1', port: 6443 },
    ];
    expect(apiEndpoints(addresses).subsets).toEqual([
      {
        addresses: [{ ip: '10.0.0.1' }, { ip: '10.0.0.2' }, { ip: '2001:db8::1' }],
        ports: [{ name: 'https', port: 6443, protocol: 'TCP' }],
      },
      { addresses: [{ ip: '10.0.0.1' }], ports: [{ name: 'https', port: 7000, protocol: 'TCP' }] },
    ]);
    expect(
      apiSlices(addresses).map(({ metadata, addressType, endpoints = [] }) => [
        metadata.name,
        addressType,
        endpoints.flatMap((endpoint) => endpoint.addresses),
      ]),
    ).toEqual([
      ['kubernetes', 'IPv4', ['10.0.0.1', '10.0.0.2']],
      ['kubernetes-6443-ipv6', 'IPv6', ['2001:db8::1']],
      ['kubernetes-7000', 'IPv4', ['10.0.0.1']],
    ]);
    expect(apiSlices([])).toMatchObject([{ metadata: { name: 'kubernetes' }, endpoints: [] }]);
  });
});

/** For machines with much else to do. */
const patient = { timeout: 15_000 };

describe('advertising', () => {
  let running: TestApi;
  let clock: FakeClock;
  /** Living values; a test ends them as a store does when they were not renewed. */
  let living: Map<string, string>;
  beforeEach(async () => {
    running = await startTestApi();
    clock = new FakeClock();
    living = new Map();
  });
  afterEach(() => running[Symbol.asyncDispose]());

  /** An api of the cluster; `stop` ends it in peace. */
  function replica(...addresses: readonly string[]): { readonly advertiser: Advertiser; stop(): Promise<void> } {
    const ephemeral = {
      put: async (key: string, value: string, ttlMs: number) =>
        void (ttlMs > 1 ? living.set(key, value) : living.delete(key)),
      list: async (prefix: string) => new Map([...living].filter(([key]) => key.startsWith(prefix))),
    };
    const deps = { api: running.api.resources, store: running.store, ephemeral, clock, log: silentLogger };
    const advertiser = new Advertiser(deps, '10.96.0.1');
    for (const address of addresses) advertiser.add(address);
    const end = new AbortController();
    const done = advertiser.run(end.signal);
    return {
      advertiser,
      stop: async () => {
        end.abort();
        await done;
      },
    };
  }

  const at = { namespace: 'default', name: 'kubernetes' };
  const service = (): Promise<Service> => running.client.get('Service', at);
  const addressesNow = async (): Promise<string[]> => {
    clock.advance(5_000);
    const found: Endpoints | undefined = await running.client.get('Endpoints', at).catch(() => undefined);
    return (found?.subsets ?? []).flatMap(({ addresses = [], ports = [] }) =>
      addresses.flatMap(({ ip }) => ports.map(({ port }) => `${ip}:${port}`)),
    );
  };
  const sliceNames = async (): Promise<string[]> => {
    const { items } = await running.client.list('EndpointSlice', { namespace: 'default' });
    return (items as EndpointSlice[]).map(({ metadata }) => metadata.name ?? '').sort();
  };

  test('the Service has the first address of the range, and leads to each api while it lives', async () => {
    const first = replica('10.0.0.1:6443');
    await expect.poll(addressesNow, patient).toEqual(['10.0.0.1:6443']);
    expect((await service()).spec).toMatchObject({
      clusterIP: '10.96.0.1',
      type: 'ClusterIP',
      ports: [{ name: 'https', port: 443, targetPort: 6443, protocol: 'TCP' }],
    });
    const second = replica('10.0.0.2:6443');
    await expect.poll(addressesNow, patient).toEqual(['10.0.0.1:6443', '10.0.0.2:6443']);
    const { metadata } = await running.client.get('EndpointSlice', at);
    expect(metadata.labels).toEqual({ 'kubernetes.io/service-name': 'kubernetes' });
    // One that ends in peace takes its address off itself.
    await second.stop();
    await expect(running.client.get('Endpoints', at)).resolves.toMatchObject({
      subsets: [{ addresses: [{ ip: '10.0.0.1' }] }],
    });
    await first.stop();
    await expect(running.client.get('Endpoints', at)).resolves.not.toHaveProperty('subsets');
  });

  test('an api that is gone without a word is taken off by the others, with its slice', async () => {
    const first = replica('10.0.0.1:6443');
    living.set('api-addresses/10.0.0.9:7000', '10.0.0.9');
    await expect.poll(addressesNow, patient).toEqual(['10.0.0.1:6443', '10.0.0.9:7000']);
    expect(await sliceNames()).toEqual(['kubernetes', 'kubernetes-7000']);
    living.delete('api-addresses/10.0.0.9:7000');
    await expect.poll(addressesNow, patient).toEqual(['10.0.0.1:6443']);
    expect(await sliceNames()).toEqual(['kubernetes']);
    await first.stop();
  });

  test('objects that somebody deleted or changed are mended', async () => {
    const one = replica('10.0.0.1:6443');
    await expect.poll(addressesNow, patient).toEqual(['10.0.0.1:6443']);
    const before = (await service()).metadata.uid;
    await running.client.delete('Service', at);
    await running.client.update({ ...apiEndpoints([{ ip: '10.9.9.9', port: 1 }]) });
    await expect.poll(addressesNow, patient).toEqual(['10.0.0.1:6443']);
    await expect.poll(async () => (await service()).metadata.uid, patient).not.toBe(before);
    await one.stop();
  });

  test('addresses that mean something on this machine alone are not told, and the Service is there all the same', async () => {
    const one = replica('127.0.0.1:6443', '0.0.0.0:6443', 'localhost:6443', '[::1]:6443');
    await expect.poll(() => service().then(({ spec }) => spec.clusterIP), patient).toBe('10.96.0.1');
    await expect(running.client.get('Endpoints', at)).rejects.toThrow('not found');
    await one.stop();
    expect(living.size).toBe(0);
  });

  test('the Service takes another address where somebody has the first one', async () => {
    await running.client.create({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'squatter', namespace: 'default' },
      spec: { clusterIP: '10.96.0.1', ports: [{ port: 80 }] },
    } as Service);
    const one = replica('10.0.0.1:6443');
    await expect.poll(addressesNow, patient).toEqual(['10.0.0.1:6443']);
    expect((await service()).spec.clusterIP).toMatch(/^10\.96\.(?!0\.1$)/);
    await one.stop();
  });

  test('an address that the configuration names is served, too, unless it is on another machine', async () => {
    const deps = {
      ...{ api: running.api.resources, store: running.store, clock, log: silentLogger },
      ephemeral: { put: async (key: string) => void living.set(key, ''), list: async () => living },
    };
    const told = async (advertise: string, problem?: string): Promise<string[]> => {
      living.clear();
      const asked: unknown[] = [];
      const alsoListen = async (address: unknown): Promise<number> => {
        asked.push(address);
        if (problem !== undefined) throw Object.assign(new Error(problem), { code: problem });
        return 7;
      };
      const config = { advertise, rest: '127.0.0.1:6443', serviceCidr: '10.96.0.0/16' };
      const advertiser = await advertiserOf(config, deps, { port: 6443, alsoListen });
      expect(asked).toEqual([{ host: '10.0.0.7', port: 6443 }]);
      const end = new AbortController();
      const done = advertiser.run(end.signal);
      await expect.poll(() => living.size, patient).toBe(1);
      const keys = [...living.keys()];
      end.abort();
      await done;
      return keys;
    };
    expect(await told('10.0.0.7:6443')).toEqual(['api-addresses/10.0.0.7:6443']);
    expect(await told('10.0.0.7:6443', 'EADDRNOTAVAIL')).toEqual(['api-addresses/10.0.0.7:6443']);
    await expect(told('10.0.0.7:6443', 'EACCES')).rejects.toThrow('EACCES');
  });
});

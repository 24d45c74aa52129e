import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Node, Service } from '@gantry/model/gen/gantry.core.v1.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { expect, it } from 'vitest';
import { type Cloud, connectCloud, serveCloud } from './cloud.ts';
import { atSocket } from './serve.ts';

it('a cloud tells of machines, and makes load balancers; what it lacks, hangs or refuses is named', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'cloud-'));
  const path = join(folder, 'cloud.sock');
  const seen: unknown[] = [];
  const cloud: Cloud = {
    instance: async (node) =>
      node.nodeName === 'slow'
        ? new Promise(() => {})
        : {
            state: 'RUNNING',
            providerID: `c://${node.nodeName}`,
            addresses: [{ type: 'ExternalIP', address: '1.2.3.4' }],
          },
    ensureLoadBalancer: async (service, nodes) => {
      seen.push([service.metadata.name, nodes.map(({ metadata }) => metadata.name)]);
      if (service.metadata.name === 'many') throw new GantryError('TooManyRequests', 'no address left');
      return [{ ip: '1.2.3.4', ipMode: 'Proxy' }, { hostname: 'lb.example.com' }];
    },
  };
  const settings = { address: `unix:${path}`, insecure: false, timeoutMs: 5_000 };
  await using _ = await serveCloud(cloud, { at: atSocket(path), log: silentLogger });
  using client = connectCloud(settings);
  expect(await client.instance({ nodeName: 'n', providerID: '' })).toEqual({
    state: 'RUNNING',
    providerID: 'c://n',
    addresses: [{ type: 'ExternalIP', address: '1.2.3.4' }],
  });
  const slow = client.instance({ nodeName: 'slow', providerID: '' }, { timeoutMs: 50 });
  await expect(slow).rejects.toMatchObject({
    reason: 'Timeout',
    message: `cloud unix:${path}: GetInstance: no answer within 50 ms`,
  });
  const service = (name: string) => ({ metadata: { name }, spec: { ports: [{ port: 80 }] } }) as unknown as Service;
  const nodes = [{ metadata: { name: 'n' } }] as Node[];
  expect(await client.ensureLoadBalancer(service('web'), nodes)).toEqual([
    { ip: '1.2.3.4', ipMode: 'Proxy' },
    { hostname: 'lb.example.com' },
  ]);
  await expect(client.ensureLoadBalancer(service('many'), [])).rejects.toMatchObject({ reason: 'TooManyRequests' });
  expect(seen).toEqual([
    ['web', ['n']],
    ['many', []],
  ]);
  await expect(client.deleteLoadBalancer(service('web'))).rejects.toMatchObject({
    reason: 'MethodNotAllowed',
    message: `cloud unix:${path}: DeleteLoadBalancer: this cloud has no load balancers`,
  });
  await expect(client.listRoutes('c')).rejects.toMatchObject({
    reason: 'MethodNotAllowed',
    message: `cloud unix:${path}: ListRoutes: this cloud has no routes`,
  });
  await rm(folder, { recursive: true });
});

it('a cloud lists, makes and removes routes', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'cloud-'));
  const path = join(folder, 'cloud.sock');
  const seen: unknown[] = [];
  const cloud: Cloud = {
    listRoutes: async (clusterName) => [{ name: `${clusterName}-1`, destinationCIDR: '10.0.0.0/24', blackhole: true }],
    createRoute: async (...[clusterName, route, node]) => void seen.push([clusterName, route, node.metadata.name]),
    deleteRoute: async (clusterName, route) => void seen.push([clusterName, route]),
  };
  await using _ = await serveCloud(cloud, { at: atSocket(path), log: silentLogger });
  using client = connectCloud({ address: `unix:${path}`, insecure: false, timeoutMs: 5_000 });
  const [route] = await client.listRoutes('c');
  expect(route).toEqual({ name: 'c-1', targetNode: '', destinationCIDR: '10.0.0.0/24', blackhole: true });
  await client.createRoute('c', route!, { metadata: { name: 'n' } } as Node);
  await client.deleteRoute('c', route!);
  expect(seen).toEqual([
    ['c', route, 'n'],
    ['c', route],
  ]);
  await rm(folder, { recursive: true });
});

import type { Change } from '@gantry/store/store.ts';
import { afterEach, describe, expect, it } from 'vitest';
import { ObjectCache } from '../core/stored-object.ts';
import { startTestApi, type TestApi } from '../testing/harness.ts';
import { Routes } from './routes.ts';

let test: TestApi | undefined;
afterEach(async () => {
  await test?.[Symbol.asyncDispose]();
  test = undefined;
});

async function started(): Promise<{ readonly test: TestApi; readonly routes: Routes }> {
  test = await startTestApi();
  const entropy = { random: () => 0 };
  return { test, routes: new Routes({ store: test.store, cache: new ObjectCache(1_000_000), entropy }) };
}

const service = { namespace: 'default', name: 'hook' };
const ports = [{ name: 'https', port: 443, targetPort: 8443 }];

function slice(address: string, pod?: string): object {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'hook-1', namespace: 'default', labels: { 'kubernetes.io/service-name': 'hook' } },
    addressType: 'IPv4',
    ports: [{ name: 'https', port: 8443, protocol: 'TCP' }],
    endpoints: [
      { addresses: ['10.0.0.1'], conditions: { ready: false } },
      { addresses: [address], ...(pod ? { targetRef: { kind: 'Pod', name: pod, namespace: 'default' } } : {}) },
    ],
  };
}

describe('ways to services', () => {
  it('finds ready endpoints, and keeps them until something of the namespace changes', async () => {
    const { test, routes } = await started();
    await expect(routes.find(service)).rejects.toThrow('service "hook" not found');
    await test.client.create({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'hook', namespace: 'default' },
      spec: { ports },
    } as never);
    await expect(routes.find({ ...service, port: 1 })).rejects.toThrow('no service port 1 found for service "hook"');
    await expect(routes.find(service)).rejects.toThrow('no endpoints available for service "hook"');
    const made = await test.client.create(slice('10.0.0.2', 'web') as never);
    await expect(routes.find(service)).rejects.toThrow('no endpoints available');
    const change = { key: 'endpointslices.discovery.k8s.io/default/hook-1' } as Change;
    routes.onChange(change);
    const pod = { namespace: 'default', pod: 'web', port: 8443 };
    await expect(routes.find(service)).resolves.toEqual({ host: '10.0.0.2', port: 8443, pod });
    await test.client.update({ ...(made as object), ...slice('10.0.0.3') } as never);
    routes.onChange({ key: 'endpointslices.discovery.k8s.io/other/hook-1' } as Change);
    await expect(routes.find(service)).resolves.toMatchObject({ host: '10.0.0.2' });
    routes.onChange(change);
    await expect(routes.find(service)).resolves.toEqual({ host: '10.0.0.3', port: 8443 });
  });

  it('goes to the name of an external service', async () => {
    const { test, routes } = await started();
    await test.client.create({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'hook', namespace: 'default' },
      spec: { type: 'ExternalName', externalName: 'hooks.example.com' },
    } as never);
    await expect(routes.find(service)).resolves.toEqual({ host: 'hooks.example.com', port: 443 });
  });
});

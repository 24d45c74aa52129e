import { silentLogger } from '@gantry/runtime/log.ts';
import { expect, it } from 'vitest';
import { serviceOf, sliceOf } from '../testing/services.ts';
import { HealthCheckServers, healthAnswer, healthChecksOf } from './health-checks.ts';

const spec = { type: 'LoadBalancer', externalTrafficPolicy: 'Local', healthCheckNodePort: 31_234 };
const endpoints = [
  { addresses: ['10.64.0.2'], nodeName: 'node-1' },
  { addresses: ['10.64.0.3'], nodeName: 'node-1', conditions: { ready: false } },
  { addresses: ['10.64.1.2'], nodeName: 'node-2' },
];
const slices = [sliceOf('web', endpoints)];

it('a node counts its own ready endpoints of services that ask for it', () => {
  const service = serviceOf('web', spec);
  expect(healthChecksOf([{ service, slices }], 'node-1')).toEqual([
    { namespace: 'default', name: 'web', port: 31_234, localEndpoints: 1 },
  ]);
  expect(healthChecksOf([{ service, slices }], 'node-3')).toMatchObject([{ localEndpoints: 0 }]);
  // The same endpoint in two slices, as while they are being rewritten.
  expect(healthChecksOf([{ service, slices: [...slices, ...slices] }], 'node-1')).toMatchObject([
    { localEndpoints: 1 },
  ]);
  for (const other of [{ type: 'NodePort' }, { externalTrafficPolicy: 'Cluster' }, { healthCheckNodePort: 0 }])
    expect(healthChecksOf([{ service: serviceOf('web', { ...spec, ...other }), slices }], 'node-1')).toEqual([]);
});

it('the answer is 200 where there are endpoints, else 503, in the form of kube-proxy', () => {
  const check = { namespace: 'default', name: 'web', port: 31_234 };
  const yes = healthAnswer({ ...check, localEndpoints: 2 });
  expect(yes.status).toBe(200);
  expect(JSON.parse(yes.body)).toEqual({
    service: { namespace: 'default', name: 'web' },
    localEndpoints: 2,
    serviceProxyHealthy: true,
  });
  expect(healthAnswer({ ...check, localEndpoints: 0 }).status).toBe(503);
});

it('servers follow the checks that are wanted', async () => {
  let listening = Promise.withResolvers<void>();
  await using servers = new HealthCheckServers('127.0.0.1', () => listening.resolve(), silentLogger);
  const check = { namespace: 'default', name: 'web', port: 31_234, localEndpoints: 1 };
  servers.want([check]);
  expect(servers.addresses()).toEqual([]);
  await listening.promise;
  const [address] = servers.addresses();
  expect(address).toMatchObject({ port: 31_234, protocol: 'TCP', backends: [{ ip: '127.0.0.1' }] });
  expect(address?.ip).toBeUndefined();
  const url = `http://127.0.0.1:${address!.backends[0]!.port}/healthz`;
  const first = await fetch(url);
  expect([first.status, first.headers.get('content-type')]).toEqual([200, 'application/json']);
  servers.want([{ ...check, localEndpoints: 0 }]);
  expect((await fetch(url)).status).toBe(503);
  listening = Promise.withResolvers<void>();
  servers.want([{ ...check, port: 31_235 }]);
  await listening.promise;
  await expect(fetch(url)).rejects.toThrow();
  expect(servers.addresses()).toMatchObject([{ port: 31_235 }]);
});

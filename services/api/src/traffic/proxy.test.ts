import { toServiceError } from '@gantry/client/errors-grpc.ts';
import { admitPeers } from '@gantry/client/guard.ts';
import { trafficService } from '@gantry/client/protos.ts';
import { serveGrpc } from '@gantry/client/serve.ts';
import { summarized, trafficAddressAnnotation } from '@gantry/client/traffic.ts';
import type { MeasureTrafficRequest, TrafficMeasurement } from '@gantry/client/traffic-messages.ts';
import type { Lease } from '@gantry/model/gen/gantry.coordination.v1.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { ServerUnaryCall, sendUnaryData } from '@grpc/grpc-js';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { RequestContext } from '../core/context.ts';
import { startTestApi, type TestApi, testCredentials } from '../testing/harness.ts';
import { TrafficProxy, type TrafficProxyDeps } from './proxy.ts';

// The api between a client and xDS servers that are played by this test.

let owned: AsyncDisposableStack;
let running: TestApi;

beforeEach(async () => {
  owned = new AsyncDisposableStack();
  running = owned.use(await startTestApi());
});
afterEach(() => owned.disposeAsync());

const boundsMs = [1, 10];

function counted(requests: number, complete = true): TrafficMeasurement {
  const names = { namespace: 'shop', service: 'web', port: 80, revision: 'a', route: 'all', tcp: false };
  const counts = { ...names, requests, errors: 0, perSecond: requests / 60 };
  const series = [summarized({ ...counts, latencyCounts: [requests, 0, 0] }, boundsMs)];
  return { series, complete, problem: complete ? '' : 'an Envoy is silent', boundsMs, windowSeconds: 60 };
}

/** An xDS server that answers as it is told, to those alone who prove that they belong to the cluster; and what it was asked. */
async function startServer(answer: TrafficMeasurement | GantryError): Promise<MeasureTrafficRequest[]> {
  const requests: MeasureTrafficRequest[] = [];
  const Measure = (call: ServerUnaryCall<MeasureTrafficRequest, object>, reply: sendUnaryData<object>): void => {
    requests.push(call.request);
    if (answer instanceof GantryError) reply(toServiceError(answer));
    else reply(null, answer);
  };
  const service = { name: 'TrafficService', definition: trafficService, handlers: { Measure } };
  const admit = admitPeers(testCredentials, []);
  const options = { host: '127.0.0.1', port: 0, maxRequestBytes: 10_000, credentials: testCredentials, admit };
  const server = owned.use(await serveGrpc([service], options));
  await tell(`127.0.0.1:${server.port}`);
  return requests;
}

let leases = 0;

/** An xDS server is at this address, by its Lease. */
async function tell(address: string, renewTime = new Date().toISOString(), holderIdentity = 'somebody'): Promise<void> {
  const lease: Lease = {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      name: `xds-lb-${++leases}`,
      namespace: 'kube-system',
      annotations: { [trafficAddressAnnotation]: address },
    },
    spec: { holderIdentity, renewTime: renewTime.replace('Z', '000Z') },
  };
  await running.client.create(lease);
}

const question = { namespace: 'shop', service: 'web', revision: 'a', windowSeconds: 30 };
const nowhere = '127.0.0.1:1';
const longAgo = '2020-01-01T00:00:00.000Z';

test('every server is asked, and what they counted is added', async () => {
  const asked = await startServer(counted(1));
  await startServer(counted(2));
  const measurement = await running.client.traffic.measure(question);
  expect(measurement).toMatchObject({ series: [{ requests: 3, p50Ms: 0.5 }], complete: true, windowSeconds: 30 });
  expect(asked).toEqual([{ ...question, byRoute: false, includeIdle: false }]);
  expect(await running.client.traffic.sample(question)).toMatchObject({ requests: 3, errors: 0 });
});

test('nobody decides by half of the truth', async () => {
  await startServer(counted(1));
  await tell(nowhere);
  const measurement = await running.client.traffic.measure(question);
  const problem = `the xDS server at ${nowhere} does not answer`;
  expect(measurement).toMatchObject({ series: [{ requests: 1 }], complete: false, problem });
  await expect(running.client.traffic.sample(question)).rejects.toThrow(`statistics are not complete: ${problem}`);
});

test('a server that is gone for long is missed no more, and one that gave its Lease up is not asked', async () => {
  await startServer(counted(1));
  await tell(nowhere, longAgo);
  await tell(nowhere, undefined, '');
  expect(await running.client.traffic.measure(question)).toMatchObject({ complete: true });
});

test.each([
  ['there is none', async () => {}, 'no xDS server says where it can be asked'],
  ['all are gone', () => tell(nowhere, longAgo), 'no xDS server answers'],
  ['one has not heard all', async () => void (await startServer(counted(1, false))), 'an Envoy is silent'],
])('the answer says that %s', async (_, happen, problem) => {
  await happen();
  expect(await running.client.traffic.measure(question)).toMatchObject({ complete: false, problem });
});

test('a refusal is passed on', async () => {
  await startServer(new GantryError('BadRequest', 'windowSeconds: no'));
  await expect(running.client.traffic.measure(question)).rejects.toMatchObject({ message: 'windowSeconds: no' });
});

test('a Service without a namespace is refused', async () => {
  await expect(running.client.traffic.measure({ service: 'web' })).rejects.toThrow('namespace: Required value');
});

test('a watch answers again and again', async () => {
  await startServer(counted(1));
  const stop = new AbortController();
  const seen: number[] = [];
  for await (const { series } of running.client.traffic.watch({ measure: question, intervalSeconds: 1 }, stop.signal)) {
    seen.push(series[0]!.requests);
    if (seen.length === 2) break;
  }
  stop.abort();
  expect(seen).toEqual([1, 1]);
  const refused = running.client.traffic.watch(
    { measure: question, intervalSeconds: -1 },
    new AbortController().signal,
  );
  await expect(refused.next()).rejects.toThrow('intervalSeconds: Invalid value: -1');
});

test('who may not get the traffic of a Service is told nothing', async () => {
  const asked = await startServer(counted(1));
  const attempts: object[] = [];
  const authorize: TrafficProxyDeps['authorize'] = (_user, attempt) => {
    attempts.push(attempt);
    if (!('namespace' in attempt) || attempt.namespace !== 'shop') throw new GantryError('Forbidden', 'not yours');
  };
  const { store } = running;
  const cache = { decode: ({ value }: { value: string }) => ({ object: JSON.parse(value), damage: undefined }) };
  const deps = { authorize, store, cache, credentials: testCredentials, clock: { now: Date.now } };
  const proxy = new TrafficProxy(deps as unknown as TrafficProxyDeps);
  const context = { user: { name: 'eve' }, signal: new AbortController().signal } as unknown as RequestContext;
  expect(await proxy.measure(context, question)).toMatchObject({ series: [{ requests: 1 }] });
  await expect(proxy.measure(context, { namespace: 'bank' })).rejects.toMatchObject({ reason: 'Forbidden' });
  await expect(proxy.measure(context, {})).rejects.toMatchObject({ reason: 'Forbidden' });
  await expect(proxy.watch(context, { measure: { namespace: 'bank' } }).next()).rejects.toThrow('not yours');
  expect(attempts[0]).toMatchObject({ verb: 'get', resource: 'services', subresource: 'traffic', name: 'web' });
  expect(asked.length).toBe(1);
});

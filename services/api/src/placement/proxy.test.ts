import { connect } from '@gantry/client/client.ts';
import { toServiceError } from '@gantry/client/errors-grpc.ts';
import { admitPeers } from '@gantry/client/guard.ts';
import { schedulerAddressAnnotation } from '@gantry/client/placement.ts';
import type { ExplainPodRequest, PodExplanation, SimulateRequest } from '@gantry/client/placement-messages.ts';
import { placementService } from '@gantry/client/protos.ts';
import { serveGrpc } from '@gantry/client/serve.ts';
import type { Lease } from '@gantry/model/gen/gantry.coordination.v1.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { ServerUnaryCall, sendUnaryData } from '@grpc/grpc-js';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { RequestContext } from '../core/context.ts';
import { podNamed, startTestApi, type TestApi, testCredentials } from '../testing/harness.ts';
import { PlacementProxy, type PlacementProxyDeps } from './proxy.ts';

// The api between a client and schedulers that are played by this test.

let owned: AsyncDisposableStack;
let running: TestApi;

beforeEach(async () => {
  owned = new AsyncDisposableStack();
  running = owned.use(await startTestApi());
  await running.client.create(podNamed('web'));
});
afterEach(() => owned.disposeAsync());

/** Schedulers answer those alone who prove that they belong to the cluster, as the api must. */
const listenOptions = {
  host: '127.0.0.1',
  port: 0,
  maxRequestBytes: 10_000,
  credentials: testCredentials,
  admit: admitPeers(testCredentials, []),
};

/** A scheduler that answers as it is told, and the requests that it got. */
async function startScheduler(answer: Partial<PodExplanation> | GantryError): Promise<ExplainPodRequest[]> {
  const requests: ExplainPodRequest[] = [];
  const handlers = {
    ExplainPod: (call: ServerUnaryCall<ExplainPodRequest, object>, reply: sendUnaryData<object>) => {
      requests.push(call.request);
      if (answer instanceof GantryError) reply(toServiceError(answer));
      else reply(null, { name: call.request.name, ...answer });
    },
  };
  const service = { name: 'PlacementService', definition: placementService, handlers };
  const server = owned.use(await serveGrpc([service], listenOptions));
  await leads(`127.0.0.1:${server.port}`);
  return requests;
}

let leases = 0;

/** A scheduler at this address leads, by its Lease. */
async function leads(address: string, holderIdentity = 'somebody'): Promise<void> {
  const lease: Lease = {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      name: `scheduler-${++leases}`,
      namespace: 'kube-system',
      annotations: { [schedulerAddressAnnotation]: address },
    },
    spec: { holderIdentity },
  };
  await running.client.create(lease);
}

async function explain(): Promise<PodExplanation> {
  using client = connect(running.api.address, { whenAway: 'fail' });
  return await client.placement.explainPod({ namespace: 'default', name: 'web' });
}

test('the scheduler hears of which pod is meant, and for whom it waits', async () => {
  const requests = await startScheduler({ owned: true, message: 'here' });
  expect(await explain()).toMatchObject({ name: 'web', message: 'here' });
  const { metadata } = await running.client.get('Pod', { namespace: 'default', name: 'web' });
  expect(requests).toEqual([
    { namespace: 'default', name: 'web', uid: metadata.uid, schedulerName: 'default-scheduler' },
  ]);
});

test('of several the one is believed that looks after the pod', async () => {
  await startScheduler({ owned: false, message: 'a guess' });
  await startScheduler({ owned: true, message: 'mine' });
  await startScheduler(new GantryError('NotFound', 'never heard of it'));
  expect(await explain()).toMatchObject({ message: 'mine' });
});

test('a refusal says more than that others do not answer', async () => {
  await leads('127.0.0.1:1');
  await expect(explain()).rejects.toMatchObject({
    reason: 'ServiceUnavailable',
    message: 'the scheduler at 127.0.0.1:1 does not answer',
  });
  await startScheduler(new GantryError('FailedPrecondition', 'not mine'));
  await expect(explain()).rejects.toMatchObject({ reason: 'FailedPrecondition', message: 'not mine' });
});

test('where none leads, that is said; a Lease that was given up names nobody', async () => {
  await leads('127.0.0.1:1', '');
  await expect(explain()).rejects.toThrow('no scheduler says where it can be asked');
  using client = connect(running.api.address, { whenAway: 'fail' });
  const plan = client.placement.defragment({ execute: false }, new AbortController().signal);
  await expect(Array.fromAsync(plan)).rejects.toThrow('no scheduler says where it can be asked');
});

test('requests that name no pod are refused', async () => {
  const ask = (namespace: string, name: string): Promise<unknown> =>
    running.client.placement.explainPod({ namespace, name });
  await expect(ask('', 'web')).rejects.toThrow('namespace: Required value');
  await expect(ask('default', '')).rejects.toThrow('name: Required value');
  await expect(ask('default', 'nobody')).rejects.toThrow('pods "nobody" not found');
});

test('simulations are for those who may create them, and change nothing on the way', async () => {
  const handlers = {
    Simulate: (call: ServerUnaryCall<SimulateRequest, object>, reply: sendUnaryData<object>) => {
      const { templates = [], podUids = [] } = call.request;
      reply(null, { added: templates.map(({ id }) => ({ templateId: id, podUids })) });
    },
  };
  const service = { name: 'PlacementService', definition: placementService, handlers };
  const server = owned.use(await serveGrpc([service], listenOptions));
  await leads(`127.0.0.1:${server.port}`);
  const node = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'n' },
    status: { allocatable: { cpu: '4' } },
  } as const;
  const request = { templates: [{ id: 'group', node, most: 1 }], podUids: ['u'] };
  using client = connect(running.api.address, { whenAway: 'fail' });
  expect(await client.placement.simulate(request)).toEqual({ added: [{ templateId: 'group', podUids: ['u'] }] });
});

test('simulations are refused to others, before any scheduler hears of them', async () => {
  const asked: unknown[] = [];
  const authorize = (_user: unknown, attempt: unknown): void => {
    asked.push(attempt);
    throw new GantryError('Forbidden', 'not yours');
  };
  // Nothing else of the core is reached.
  const proxy = new PlacementProxy({ authorize } as unknown as PlacementProxyDeps);
  const context = { user: { name: 'jane' } } as unknown as RequestContext;
  await expect(proxy.simulate(context, {})).rejects.toMatchObject({ reason: 'Forbidden' });
  expect(asked).toMatchObject([{ verb: 'create', resource: 'nodes', subresource: 'simulation' }]);
});

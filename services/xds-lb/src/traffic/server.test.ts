import { connect } from '@gantry/client/client.ts';
import { type Credentials, noCredentials, tokenCredentials } from '@gantry/client/credentials.ts';
import { trafficAddressAnnotation } from '@gantry/client/traffic.ts';
import type { Lease } from '@gantry/model/gen/gantry.coordination.v1.ts';
import { systemClock } from '@gantry/runtime/clock.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { serveTraffic, type TrafficServer, type TrafficServerDeps } from './server.ts';
import { TrafficStatistics } from './statistics.ts';

const credentials = tokenCredentials(() => 'the-token-of-the-tests');
let owned: AsyncDisposableStack;
let leases: Map<string, Lease>;
beforeEach(() => {
  owned = new AsyncDisposableStack();
  leases = new Map();
});
afterEach(() => owned.disposeAsync());

/** The api's Leases, without conflicts. */
function client(): TrafficServerDeps['client'] {
  const put = async (lease: Lease): Promise<Lease> => {
    const stored = { ...lease, metadata: { ...lease.metadata, resourceVersion: '1', uid: lease.metadata.name } };
    leases.set(lease.metadata.name, stored);
    return stored;
  };
  return {
    get: async (_kind: string, { name }: { name: string }) => {
      const found = leases.get(name);
      if (found === undefined) throw new GantryError('NotFound', name);
      return found;
    },
    list: async () => ({ items: [...leases.values()], resourceVersion: 1 }),
    create: put,
    update: put,
    delete: async (_kind: string, { name }: { name: string }) => void leases.delete(name),
  } as unknown as TrafficServerDeps['client'];
}

async function start(of: Credentials | undefined = credentials): Promise<TrafficServer> {
  const statistics = new TrafficStatistics(systemClock.monotonic());
  const deps = { statistics, client: client(), clock: systemClock, log: silentLogger, credentials: of };
  return owned.use(await serveTraffic({ listen: '127.0.0.1:0', identity: 'one' }, deps));
}

test('the api is answered, and nobody else', async () => {
  const { address } = await start();
  const ask = async (as: Credentials) => {
    using caller = connect(address, { credentials: as, whenAway: 'fail' });
    return await caller.traffic.measure({});
  };
  expect(await ask(credentials)).toMatchObject({ series: [], complete: false, problem: 'no Envoy reports' });
  await expect(ask(noCredentials)).rejects.toMatchObject({ reason: 'Unauthorized' });
  await expect(ask(tokenCredentials(() => 'another-token-of-nobody'))).rejects.toMatchObject({
    reason: 'Unauthorized',
  });
});

test('without credentials nobody is answered', async () => {
  const { address } = await start(noCredentials);
  using caller = connect(address, { credentials, whenAway: 'fail' });
  await expect(caller.traffic.measure({})).rejects.toMatchObject({ reason: 'Unauthorized' });
});

test('a Lease says where it is until it ends, and those of servers long gone are removed', async () => {
  const gone = (name: string, annotations: Record<string, string>): Lease => ({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name, namespace: 'kube-system', annotations },
    spec: { holderIdentity: 'gone', renewTime: '2020-01-01T00:00:00.000000Z' },
  });
  leases.set('gantry-xds-lb-gone', gone('gantry-xds-lb-gone', { [trafficAddressAnnotation]: 'a:1' }));
  leases.set('gantry-scheduler', gone('gantry-scheduler', {}));
  const server = await start();
  await expect.poll(() => [...leases.keys()].sort()).toEqual(['gantry-scheduler', 'gantry-xds-lb-one']);
  const own = () => leases.get('gantry-xds-lb-one');
  expect(own()?.metadata.annotations).toEqual({ [trafficAddressAnnotation]: server.address });
  expect(own()?.spec?.holderIdentity).toBe('one');
  await server[Symbol.asyncDispose]();
  expect(own()?.spec?.holderIdentity).toBe('');
});

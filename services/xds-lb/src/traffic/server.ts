/** TrafficService on a port, and the Lease that says where it is. */

import type { Reader, Writer } from '@gantry/client/api.ts';
import { type Credentials, noCredentials } from '@gantry/client/credentials.ts';
import { admitPeers } from '@gantry/client/guard.ts';
import { runWithLeadership } from '@gantry/client/leader.ts';
import { trafficService } from '@gantry/client/protos.ts';
import { serveGrpc } from '@gantry/client/serve.ts';
import { ServerCalls } from '@gantry/client/server-calls.ts';
import { trafficAddressAnnotation } from '@gantry/client/traffic.ts';
import type { MeasureTrafficRequest } from '@gantry/client/traffic-messages.ts';
import { parseAddress } from '@gantry/runtime/address.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { isError } from '@gantry/runtime/errors.ts';
import { serviceNames } from '@gantry/runtime/identities.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import { reachableAddress } from '@gantry/runtime/reachable-address.ts';
import type { TrafficStatistics } from './statistics.ts';

/** Questions are small. */
const maxRequestBytes = 64 * 1024;

export interface TrafficServerOptions {
  /** `host:port`; port 0 for any free one. */
  readonly listen: string;
  /** `host:port` under which the api reaches it; by default what it listens on. */
  readonly advertise?: string | undefined;
  /** Our name among the replicas; different in every process. */
  readonly identity: string;
}

export interface TrafficServerDeps {
  readonly statistics: Pick<TrafficStatistics, 'measure'>;
  readonly client: Pick<Reader, 'get' | 'list'> & Pick<Writer, 'create' | 'update' | 'delete'>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Proof that the api must give. */
  readonly credentials?: Credentials | undefined;
}

/** A TrafficService that listens and says so. */
export interface TrafficServer extends AsyncDisposable {
  readonly address: string;
}

/** Serves the api alone, which knows who may ask what. */
export async function serveTraffic(options: TrafficServerOptions, deps: TrafficServerDeps): Promise<TrafficServer> {
  const { statistics, client, clock, log, credentials = noCredentials } = deps;
  const { host, port } = parseAddress(options.listen);
  const calls = new ServerCalls({ contextOf: (_, signal) => ({ signal }), log });
  const handlers = {
    Measure: calls.unary((_, request: MeasureTrafficRequest) => statistics.measure(request, clock.monotonic())),
  };
  const service = { name: 'TrafficService', definition: trafficService, handlers };
  const admit = admitPeers(credentials, [serviceNames.api]);
  await using stack = new AsyncDisposableStack();
  const server = stack.use(await serveGrpc([service], { host, port, maxRequestBytes, credentials, admit }));
  const address = options.advertise ?? reachableAddress(host, server.port);
  const stop = new AbortController();
  // Nobody else has a Lease of this name: to lead is to be there.
  const announced = runWithLeadership(
    {
      client,
      namespace: 'kube-system',
      name: `gantry-xds-lb-${options.identity}`.toLowerCase().slice(0, 253),
      identity: options.identity,
      annotations: { [trafficAddressAnnotation]: address },
      clock,
      lead: async (signal) => {
        await removeRemains(client, clock, signal);
        await untilAborted(signal);
      },
      onError: (error) => log.warn({ error }, 'the address of the statistics could not be told and will be again'),
    },
    stop.signal,
  ).catch((error: unknown) => {
    if (!stop.signal.aborted) log.error({ error }, 'the address of the statistics is told no more');
  });
  stack.defer(async () => {
    stop.abort(new DOMException('the statistics were stopped', 'AbortError'));
    await announced;
  });
  const owned = stack.move();
  return { address, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** Leases whose holders have not been heard of for an hour, by whosever clock, are of replicas that are gone. */
const remainsAfterMs = 3_600_000;

/** Deletes the Leases that replicas of other names left behind. */
async function removeRemains(client: TrafficServerDeps['client'], clock: Clock, signal: AbortSignal): Promise<void> {
  const { items } = await client.list('Lease', { namespace: 'kube-system' }, { signal });
  const remains = items.filter(
    ({ metadata, spec }) =>
      metadata.annotations?.[trafficAddressAnnotation] !== undefined &&
      clock.now() - Date.parse(spec?.renewTime ?? '') > remainsAfterMs,
  );
  for (const { metadata } of remains) {
    const { namespace, name, resourceVersion } = metadata;
    const options = { signal, ...(resourceVersion === undefined ? {} : { resourceVersion }) };
    await client.delete('Lease', { namespace: namespace!, name }, options).catch((error: unknown) => {
      // Another replica was faster, or its holder is back.
      if (!isError(error, 'NotFound', 'Conflict')) throw error;
    });
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

/** A running xds-lb over sources in memory, and an Envoy, for integration tests. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Credentials } from '@gantry/client/credentials.ts';
import type { Node, Service } from '@gantry/model/gen/gantry.core.v1.ts';
import type { EndpointSlice } from '@gantry/model/gen/gantry.discovery.v1.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import type { AdsTls } from 'envoy-control-plane-ts/process/tls.ts';
import { defaultConfig, type XdsLbConfig } from '../config.ts';
import { findGantryEnvoy, type SupervisedEnvoy, startEnvoy } from '../envoy.ts';
import { startXdsLb, type XdsLb } from '../service.ts';
import type { RolloutState } from '../splits.ts';
import { envoyMetrics } from '../traffic/sink.ts';
import { ListSource, PodList } from './fixtures.ts';

/** The project's folder for data and binaries. */
export const stateDir = new URL('../../../../.gantry', import.meta.url).pathname;

export interface Harness extends AsyncDisposable {
  readonly xdsLb: XdsLb;
  readonly services: ListSource<Service>;
  readonly endpointSlices: ListSource<EndpointSlice>;
  readonly nodes: ListSource<Node>;
  readonly rollouts: ListSource<RolloutState>;
  /** Pods with the revision of each. */
  readonly pods: PodList;
  /** Warnings that users were told, as `reason message`. */
  readonly warnings: string[];
  /** Statuses that were written, newest last. */
  readonly statuses: Service[];
}

/** Tests that serve no statistics tell nobody where. */
const noLease = (): never => {
  throw new Error('no Lease is expected');
};
const noLeases = { get: noLease, list: noLease, create: noLease, update: noLease, delete: noLease };

/** Starts xds-lb on a free port. Statuses that it writes come back as a changed Service, as from an api. */
export async function startHarness(config: Partial<XdsLbConfig> = {}, credentials?: Credentials): Promise<Harness> {
  const services = new ListSource<Service>();
  const endpointSlices = new ListSource<EndpointSlice>();
  const nodes = new ListSource<Node>();
  const rollouts = new ListSource<RolloutState>();
  rollouts.set([]);
  const pods = new PodList();
  const warnings: string[] = [];
  const statuses: Service[] = [];
  const updateStatus = async (written: Service): Promise<void> => {
    statuses.push(written);
    services.set([...services.values()].map((item) => (item.metadata.uid === written.metadata.uid ? written : item)));
  };
  const xdsLb = await startXdsLb(
    {
      ...defaultConfig,
      xdsPort: 0,
      trustNetwork: true,
      // The servers of tests listen on 127.0.0.1.
      loadBalancer: { ...defaultConfig.loadBalancer, deniedEndpoints: [] },
      ...config,
    },
    {
      services,
      endpointSlices,
      nodes,
      rollouts,
      openPods: pods.open,
      statusWriter: { updateStatus },
      leases: noLeases,
      events: { record: (_subject, _type, reason, message) => warnings.push(`${reason} ${message}`) },
      log: silentLogger,
      credentials,
    },
  );
  return {
    xdsLb,
    services,
    endpointSlices,
    nodes,
    rollouts,
    pods,
    warnings,
    statuses,
    [Symbol.asyncDispose]: () => xdsLb[Symbol.asyncDispose](),
  };
}

/** Starts the Envoy that the set-up installed. */
export async function startTestEnvoy(
  xdsAddress: string,
  protocol: 'sotw' | 'delta' = 'delta',
  xdsTls?: AdsTls,
): Promise<SupervisedEnvoy & { readonly adminSocket: string }> {
  const binary = findGantryEnvoy(stateDir);
  if (binary === undefined) throw new Error('Envoy is not installed; npm run setup does it');
  const folder = await mkdtemp(join(tmpdir(), 'gantry-envoy-'));
  const adminSocket = join(folder, 'admin.sock');
  const envoy = startEnvoy(
    {
      binary,
      xdsAddress,
      adminSocket,
      nodeId: `test-${protocol}`,
      concurrency: 1,
      protocol,
      metrics: { ...envoyMetrics, flushIntervalMs: 500 },
      ...(xdsTls && { xdsTls }),
    },
    { log: silentLogger },
  );
  return {
    ...envoy,
    adminSocket,
    get pid() {
      return envoy.pid;
    },
    get restarts() {
      return envoy.restarts;
    },
    [Symbol.asyncDispose]: async () => {
      await envoy[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}

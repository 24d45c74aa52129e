import { join } from 'node:path';
import { defaultApiConfig, readConfig as readApiConfig } from '@gantry/api/config.ts';
import { parseEncryption } from '@gantry/api/encryption/config.ts';
import { startApi } from '@gantry/api/service.ts';
import { type Client, connect } from '@gantry/client/client.ts';
import type { Credentials } from '@gantry/client/credentials.ts';
import { EventRecorder } from '@gantry/client/event-recorder.ts';
import { readConfig as readControllersConfig } from '@gantry/controllers/config.ts';
import { type ControllersConfig, startControllers } from '@gantry/controllers/service.ts';
import { openBus } from '@gantry/events/open.ts';
import { readAuthority } from '@gantry/pki/files.ts';
import { loadTokenKeys, readTokenKeys } from '@gantry/pki/token-keys.ts';
import { formatAddress, parseAddress } from '@gantry/runtime/address.ts';
import { type Clock, systemClock } from '@gantry/runtime/clock.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import { readConfig as readSchedulerConfig } from '@gantry/scheduler/config.ts';
import { startScheduler } from '@gantry/scheduler/service.ts';
import { openStore } from '@gantry/store/open.ts';
import { defaultConfig as defaultXdsConfig } from '@gantry/xds-lb/config.ts';
import type { SupervisedEnvoy } from '@gantry/xds-lb/envoy.ts';
import { startXdsLb } from '@gantry/xds-lb/service.ts';
import { openSources } from '@gantry/xds-lb/sources.ts';
import { certificatesDir, clusterToken } from '../known-clusters.ts';
import { keptNodes, readBooks, startNodeGroups, writeCloudConfig } from '../node-groups/start.ts';
import { type ClusterCertificates, openCertificates } from './certificates.ts';
import { ensureEncryption } from './encryption.ts';
import { findServiceEnvoy, startServiceEnvoy } from './envoy.ts';
import { freeAddress } from './free-port.ts';
import { prepareKubeAccess } from './kube-access.ts';
import { startNodes } from './node-agents.ts';
import type { Nodes } from './node-set.ts';
import type { UpOptions } from './options.ts';
import { announceCluster, prepareState } from './state.ts';

/** Identity in leader elections. It never changes, since nobody else can open the database: after a crash the next process leads at once. */
const identity = 'gantry-up';

/** A whole cluster on this machine. Disposing of it ends every container and undoes what was set up. */
export interface Cluster extends AsyncDisposable {
  /** host:port of the api. */
  readonly address: string;
  readonly client: Client;
  readonly nodes: Nodes;
  /** The Envoy in front of the services; undefined where the machine has none. */
  readonly envoy: SupervisedEnvoy | undefined;
  /** Rejects when a part of it fails for good. */
  readonly done: Promise<void>;
}

export interface ClusterDeps {
  readonly log: Logger;
  readonly clock?: Clock;
  /** Told of each step, in words for the user. */
  readonly progress: (text: string) => void;
  /** Fires when the user interrupts, also during the start. */
  readonly signal: AbortSignal;
}

/** Starts every service in this process: one store, one bus, the same code as in separate processes. */
export async function startCluster(options: UpOptions, deps: ClusterDeps): Promise<Cluster> {
  const { log, clock = systemClock, progress, signal } = deps;
  const listen = await freeAddress(options.listen);
  await using stack = new AsyncDisposableStack();
  const folders = stack.use(await prepareState(options.stateDir));
  const token = await clusterToken(options.stateDir);
  const certificates = stack.use(await openCertificates(options, listen, { clock, log }));
  const store = stack.use(await openStore(`sqlite:${join(options.stateDir, 'state.db')}`, { log }));
  const bus = stack.use(await openBus('memory:up'));
  const kube = await prepareKubeAccess(options.stateDir, listen, certificates, log);
  const secrets = {
    ...(await apiSecrets(options, certificates, clock)),
    credentials: certificates.credentialsOf('api', token.read),
  };
  const api = stack.use(
    await startApi(
      // Variables of the api alone, as those of the scheduler below.
      { ...defaultApiConfig, listen, rest: kube.address, metrics: readApiConfig([], process.env).api.metrics },
      { store, bus, ...secrets, log: log.child({ service: 'api' }) },
    ),
  );
  const service = (part: string, name: string = part): ServiceDeps => {
    const dialed = dialing(api.address, certificates.credentialsOf(part), name);
    const own = { ...dialed, clock, log: log.child({ service: name }) };
    stack.use(own.client);
    return own;
  };
  const { client } = service('admin');
  progress(`api listens on ${api.address}, its state is in ${options.stateDir}`);
  progress(`kubectl finds it with --kubeconfig ${kube.kubeconfigPath}`);
  stack.use(await announceCluster(api.address, certificates.folderOf('admin'), progress));

  const controllersConfig = controllersConfigOf(options, await writeCloudConfig(options, folders.run));
  const controllers = stack.use(startControllers(controllersConfig, { ...service('controllers'), bus }));
  const scheduler = stack.use(
    startScheduler({ ...readSchedulerConfig([], process.env), identity }, { ...service('scheduler'), bus }),
  );
  const binary = findServiceEnvoy({ progress });
  const balancer =
    binary === undefined
      ? undefined
      : stack.use(await startLoadBalancer(binary, folders.run, progress, service('xdsLb', 'xds-lb')));
  const { nodes } = stack.use(
    await startAllNodes(options, {
      ...{ certificates, client, clock, log, signal, progress, apiAddress: api.address, runDir: folders.run },
      // Pods reach the REST api there; it is on no other network.
      onNetwork: (gateway) => api.serveRestAt(formatAddress(gateway, parseAddress(kube.address).port)),
    }),
  );
  const owned = stack.move();
  return {
    address: api.address,
    client,
    nodes,
    envoy: balancer?.envoy,
    done: Promise.race([api.done, controllers.done, scheduler.done, ...(balancer ? [balancer.done] : [])]),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** The cluster's own nodes, and the groups of those that come and go. */
async function startAllNodes(
  options: UpOptions,
  deps: Required<ClusterDeps> & {
    readonly certificates: ClusterCertificates;
    readonly client: Client;
    readonly apiAddress: string;
    readonly runDir: string;
    readonly onNetwork: (gateway: string) => Promise<void>;
  },
): Promise<AsyncDisposable & { readonly nodes: Nodes }> {
  const { certificates, apiAddress, progress } = deps;
  await using stack = new AsyncDisposableStack();
  const books = await readBooks(options);
  const log = deps.log.child({ service: 'node-agent' });
  const nodes = stack.use(
    await startNodes(options, {
      ...deps,
      serviceOf: (node) => ({ ...dialing(apiAddress, certificates.credentialsOf(node), 'node-agent'), log }),
      kept: keptNodes(options, books),
    }),
  );
  const { driver, reasons } = nodes.host;
  progress(`${options.nodes} nodes with the ${driver} driver: ${reasons.join('; ')}`);
  stack.use(await startNodeGroups(options, { ...deps, nodes, driver, books, forget: async () => {} }));
  const owned = stack.move();
  return { nodes, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** Keys of the api: those of the Secrets in the store, and of service accounts' tokens. They are made at the first start. */
async function apiSecrets({ stateDir }: UpOptions, certificates: ClusterCertificates, clock: Clock) {
  const encryption = await ensureEncryption(stateDir);
  const folder = join(certificates.folderOf('api'), 'tokens');
  await loadTokenKeys(folder, clock.now());
  const signer = await readAuthority(certificatesDir(stateDir));
  return { encryption: parseEncryption(encryption.text), tokenKeys: () => readTokenKeys(folder), signer };
}

/** @param cloudConfig File with the settings of the provider of nodes; undefined where there is none. */
function controllersConfigOf({ silenceConfirmMs }: UpOptions, cloudConfig: string | undefined): ControllersConfig {
  const config = readControllersConfig(cloudConfig === undefined ? [] : ['--cloud-config', cloudConfig], process.env);
  return { ...config, identity, silenceConfirmMs: silenceConfirmMs ?? config.silenceConfirmMs };
}

/** A client of the api with the credentials of one part, which owns what it writes by its name. */
function dialing(address: string, credentials: Credentials, name: string): Pick<ServiceDeps, 'client' | 'credentials'> {
  const manager = name === 'admin' ? 'gantry' : `gantry-${name}`;
  return { client: connect(address, { credentials, manager }), credentials };
}

type ServiceDeps = {
  readonly client: Client;
  readonly credentials: Credentials;
  readonly clock: Clock;
  readonly log: Logger;
};

/** xds-lb, and the Envoy that it configures. */
async function startLoadBalancer(
  binary: string,
  runDir: string,
  progress: ClusterDeps['progress'],
  { client, credentials, clock, log }: ServiceDeps,
) {
  await using stack = new AsyncDisposableStack();
  const xds = stack.use(
    await startXdsLb(
      {
        ...defaultXdsConfig,
        xdsSocket: join(runDir, 'xds.sock'),
        traffic: { listen: '127.0.0.1:0', identity },
        // Envoy listens on every address of this machine.
        loadBalancer: { ...defaultXdsConfig.loadBalancer, ingressIps: ['127.0.0.1'] },
      },
      {
        ...stack.use(openSources({ client, log })),
        statusWriter: client,
        leases: client,
        credentials,
        events: stack.use(new EventRecorder(client, { component: 'xds-lb', clock, log })),
        log,
        clock,
      },
    ),
  );
  const { xdsAddress } = xds;
  const envoy = stack.use(startServiceEnvoy(binary, { xdsAddress, runDir, nodeId: identity }, { log, progress }));
  const owned = stack.move();
  return { envoy, done: xds.done, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Client, connect } from '@gantry/client/client.ts';
import { openBus } from '@gantry/events/open.ts';
import { lockDirectory } from '@gantry/node-agent/host/lock.ts';
import type { HostNodes } from '@gantry/node-agent/host/nodes.ts';
import { type Clock, systemClock } from '@gantry/runtime/clock.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import { ensurePrivateFolder, newSecret } from '@gantry/runtime/private-files.ts';
import { openStore } from '@gantry/store/open.ts';
import type { SupervisedEnvoy } from '@gantry/xds-lb/envoy.ts';
import { clusterToken } from '../known-clusters.ts';
import { keptNodes, readBooks, startNodeGroups, writeCloudConfig } from '../node-groups/start.ts';
import { type ClusterCertificates, openCertificates } from '../up/certificates.ts';
import type { Cluster, ClusterDeps } from '../up/cluster.ts';
import { ensureEncryption } from '../up/encryption.ts';
import { findServiceEnvoy, startServiceEnvoy } from '../up/envoy.ts';
import { freeAddress, freePort } from '../up/free-port.ts';
import { type KubeAccess, prepareKubeAccess } from '../up/kube-access.ts';
import type { Nodes } from '../up/node-set.ts';
import type { UpOptions } from '../up/options.ts';
import { announceCluster, prepareState } from '../up/state.ts';
import { type NodeProgramDeps, setUpNodes, startNodePrograms } from './nodes.ts';
import {
  type Addresses,
  apiProgram,
  busAddress,
  controllersProgram,
  natsProgram,
  redisDirectory,
  redisProgram,
  redisSocket,
  schedulerProgram,
  storeAddress,
  xdsProgram,
  xdsSocket,
} from './programs.ts';
import { findServers } from './requirements.ts';
import { stopInOrder } from './shutdown.ts';
import { logPath, type ProgramSpec, type Supervised, stopTimeoutMs, supervise } from './supervised.ts';
import { accepts, untilAnswers } from './wait.ts';

/** A cluster whose services are processes of their own, all on this machine. */
export interface DistributedCluster extends Cluster {
  /** Running programs by name: redis-server, nats-server, api, scheduler, controllers, xds-lb and the nodes' agents. */
  readonly programs: ReadonlyMap<string, Supervised>;
}

/** Starts a program and resolves once it answers. */
type Launch = (spec: ProgramSpec, answers: () => Promise<boolean>) => Promise<void>;

/**
 * Starts Redis, NATS and every service as a process of its own, each started again whenever it ends, and the nodes of `gantry up`.
 * FailedPrecondition where a server is missing, the api's address is taken, or another one runs with the same folder.
 */
export async function startDistributed(options: UpOptions, deps: ClusterDeps): Promise<DistributedCluster> {
  const { stateDir } = options;
  const { log, clock = systemClock, progress, signal } = deps;
  const servers = await findServers();
  await using stack = new AsyncDisposableStack();
  stack.use(await lockDirectory(stateDir));
  const logDir = join(stateDir, 'logs');
  const { run } = stack.use(await prepareState(stateDir));
  for (const folder of [logDir, redisDirectory(stateDir)]) await ensurePrivateFolder(folder);
  const token = await clusterToken(stateDir);
  const ports = await choosePorts(options);
  const certificates = stack.use(await openCertificates(options, ports.api, { clock, log }));
  const books = await readBooks(options);
  // Nodes come before the api, which is served on their network, too.
  const host = stack.use(await setUpNodes(options, keptNodes(options, books), { clock, log, signal }));
  const known = await apiAddresses(options, host, ports.api, { certificates, log });
  const cloudConfig = await writeCloudConfig(options, run);
  const addresses = { ...ports, ...known, runDir: run, tokenFile: token.path, certificates, cloudConfig };
  const programs = new Map<string, Supervised>();
  const launch: Launch = async (spec, answers) => {
    const program = stack.use(supervise(spec, { logDir, clock, progress }));
    programs.set(spec.name, program);
    const hint = `its log is ${logPath(logDir, spec.name)}`;
    await untilAnswers(spec.name, hint, answers, { clock, signal: AbortSignal.any([signal, program.stopped]) });
  };

  await launchBacking(launch, { servers, addresses, stateDir, certificates });
  certificates.onRenewed((parts) => parts.includes('nats') && readAnew(programs.get('nats-server')));
  progress(`redis-server listens on unix:${redisSocket(addresses)}, its data is in ${redisDirectory(stateDir)}`);
  progress(`nats-server listens on 127.0.0.1:${addresses.natsPort}`);
  const client = stack.use(
    connect(addresses.api, { manager: 'gantry', credentials: certificates.credentialsOf('admin') }),
  );
  await launchServices(launch, { addresses, options, client });
  progress(`api listens on ${addresses.api}; scheduler and controllers run beside it`);
  progress(`kubectl finds it with --kubeconfig ${known.kube.kubeconfigPath}`);
  stack.use(await announceCluster(addresses.api, certificates.folderOf('admin'), progress));
  const binary = findServiceEnvoy({ progress });
  const envoy =
    binary === undefined
      ? undefined
      : stack.use(await launchLoadBalancer(launch, binary, addresses, { log, progress }));
  const all = { ...deps, client, clock, logDir, programs, certificates, books, runDir: run };
  const started = stack.use(await startAllNodes(host, { ...options, ...addresses }, all));
  progress(`each service is a process of its own and started again when it ends; their logs are in ${logDir}`);
  const owned = stack.move();
  return {
    address: addresses.api,
    client,
    nodes: started.nodes,
    envoy,
    programs,
    // Programs that end are started again, for as long as it takes.
    done: new Promise(() => {}),
    [Symbol.asyncDispose]: async () => {
      await endServices(programs, [started, ...(envoy ? [envoy] : [])], clock);
      await owned.disposeAsync();
    },
  };
}

/** The agents of the cluster's own nodes, and the groups of those that come and go. */
async function startAllNodes(
  host: HostNodes,
  options: UpOptions & Pick<Addresses, 'api' | 'certificates'>,
  deps: NodeProgramDeps & {
    readonly certificates: ClusterCertificates;
    readonly books: Awaited<ReturnType<typeof readBooks>>;
    readonly runDir: string;
  },
): Promise<AsyncDisposable & { readonly nodes: Nodes }> {
  const { progress, logDir } = deps;
  await using stack = new AsyncDisposableStack();
  const nodes = stack.use(await startNodePrograms(host, options, deps));
  const { driver, reasons } = host;
  progress(`${options.nodes} nodes with the ${driver} driver: ${reasons.join('; ')}`);
  const forget = (name: string): Promise<void> => rm(logPath(logDir, name), { force: true });
  stack.use(await startNodeGroups(options, { ...deps, nodes, driver, forget }));
  const owned = stack.move();
  return { nodes, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** Ends the services, the nodes and Envoy, and then the servers that the services depend on. */
async function endServices(
  programs: ReadonlyMap<string, Supervised>,
  others: readonly AsyncDisposable[],
  clock: Clock,
): Promise<void> {
  const ends = (owner: AsyncDisposable) => ({ stop: () => owner[Symbol.asyncDispose]() });
  const services = [...programs.values()].filter(({ name }) => !backing.has(name));
  const servers = [...programs.values()].filter(({ name }) => backing.has(name));
  await stopInOrder([[...others.map(ends), ...services], servers], stopTimeoutMs, clock);
}

/** The api's addresses beside its own, and the file with the keys of its Secrets. */
async function apiAddresses(
  { stateDir }: UpOptions,
  host: HostNodes,
  api: string,
  { certificates, log }: { readonly certificates: ClusterCertificates; readonly log: Logger },
): Promise<Pick<Addresses, 'gateway' | 'encryptionFile'> & { readonly kube: KubeAccess }> {
  const kube = await prepareKubeAccess(stateDir, api, certificates, log);
  const { path: encryptionFile } = await ensureEncryption(stateDir);
  return { kube, gateway: host.gateway, encryptionFile };
}

/** Lets a program read its settings and certificates anew. */
function readAnew(program: Supervised | undefined): void {
  if (program?.pid !== undefined) process.kill(program.pid, 'SIGHUP');
}

/** Servers that the services depend on; they end after the services. */
const backing: ReadonlySet<string> = new Set(['redis-server', 'nats-server']);

/** Chooses free ports, and a password for the servers of this run. */
async function choosePorts({ listen }: UpOptions): Promise<Pick<Addresses, 'natsPort' | 'password' | 'api'>> {
  return { natsPort: await freePort(), password: newSecret(), api: await freeAddress(listen) };
}

async function launchBacking(
  launch: Launch,
  {
    servers,
    addresses,
    stateDir,
    certificates,
  }: {
    servers: Awaited<ReturnType<typeof findServers>>;
    addresses: Addresses;
    stateDir: string;
    certificates: ClusterCertificates;
  },
): Promise<void> {
  await Promise.all([
    launch(redisProgram(servers, addresses, stateDir), async () => {
      await using _ = await openStore(storeAddress(addresses));
      return true;
    }),
    launch(natsProgram(servers, addresses), async () => {
      await using _ = await openBus(busAddress(addresses), 'gantry', certificates.sourceOf('admin'));
      return true;
    }),
  ]);
}

/** Starts the api, and then its clients. */
async function launchServices(
  launch: Launch,
  { addresses, options, client }: { addresses: Addresses; options: UpOptions; client: Client },
): Promise<void> {
  await launch(apiProgram(addresses), async () => {
    await client.list('Namespace', { limit: 1 }, { timeoutMs: 1_000 });
    return true;
  });
  const started = async (): Promise<boolean> => true;
  await Promise.all([
    launch(schedulerProgram(addresses), started),
    launch(controllersProgram(addresses, options), started),
  ]);
}

async function launchLoadBalancer(
  launch: Launch,
  binary: string,
  addresses: Addresses,
  deps: Pick<ClusterDeps, 'log' | 'progress'>,
): Promise<SupervisedEnvoy> {
  await launch(xdsProgram(addresses), () => accepts(xdsSocket(addresses)));
  const { runDir } = addresses;
  const xdsAddress = `unix:${xdsSocket(addresses)}`;
  return startServiceEnvoy(binary, { xdsAddress, runDir, nodeId: 'gantry-distributed' }, deps);
}

import { join } from 'node:path';
import type { Credentials } from '@gantry/client/credentials.ts';
import { diagnosticsDoor } from '@gantry/client/guard.ts';
import type { GrpcServer } from '@gantry/client/serve.ts';
import { kubernetesVersion } from '@gantry/model/kubernetes-version.ts';
import { parseAddress } from '@gantry/runtime/address.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { GantryError, toGantryError } from '@gantry/runtime/errors.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import { createMetrics, serveDiagnostics } from '@gantry/runtime/metrics.ts';
import { ensurePassableFolder, ensurePrivateFolder } from '@gantry/runtime/private-files.ts';
import type { Running } from '@gantry/runtime/service.ts';
import type { Registry } from 'prom-client';
import type { AgentApi } from './api.ts';
import { cgroupRootOf, type NodeAgentConfig } from './config.ts';
import { Access, type AccessDeps } from './kubelet/access.ts';
import { kubeletPaths } from './kubelet/paths.ts';
import { type GrowingLog, rotateLogs } from './logs/rotate.ts';
import { type AgentMetrics, agentMetrics } from './metrics.ts';
import { type NodeNetwork, plainNetwork, startNetwork } from './network/network.ts';
import { allocatableOf, capacityOf, defaultMaxPods } from './node/capacity.ts';
import { importImages } from './node/image-imports.ts';
import type { NodeFacts, NodeHealth } from './node/object.ts';
import { defaultNodeTimes, registerNode } from './node/registrar.ts';
import { systemInfo } from './node/system-info.ts';
import { type Pods, startPods } from './pods/pods.ts';
import { ownPodSource, type PodSource } from './pods/source.ts';
import type { NodeStats, Runtime } from './runtime/runtime.ts';
import { type PodServerDeps, servePods } from './server/server.ts';
import { CgroupFiles } from './statistics/cgroup-files.ts';
import { CgroupStats } from './statistics/cgroup-stats.ts';
import { annotatedUsage } from './statistics/play.ts';
import { PlayedStats } from './statistics/played.ts';
import { Sampler } from './statistics/sampler.ts';
import type { StatsSource } from './statistics/source.ts';

/** Dependencies of an agent. Client and runtime belong to the caller: disposing of the agent closes neither. */
export interface NodeAgentDeps {
  readonly client: AgentApi;
  readonly runtime: Runtime;
  readonly clock: Clock;
  readonly log: Logger;
  /** Source of the agent's pods; a watch of its own where absent. */
  readonly podSource?: PodSource;
  /** Proof that callers of PodService must give; needed where the configuration says that it listens. */
  readonly credentials?: Credentials | undefined;
}

/** A running agent. Disposing of it leaves the node's containers running, for the next one to adopt. */
export interface NodeAgent extends Running {
  /** `host:port` of its PodService; undefined if it has none. */
  readonly address: string | undefined;
  /** Resolves once the node is registered and its pods are known. */
  readonly ready: Promise<void>;
}

/** Port of kubelets: Prometheus and metrics-server ask the port of the Node object, and people this one. */
const kubeletPort = 10_250;
/** Longest time that the api takes to review a caller, in milliseconds. */
const reviewMs = 5_000;

/** Starts the agent of one node: registers it, runs its pods, reports, and serves logs and commands. */
export async function startNodeAgent(config: NodeAgentConfig, deps: NodeAgentDeps): Promise<NodeAgent> {
  const { client, runtime, clock } = deps;
  const log = deps.log.child({ node: config.nodeName });
  checkConfig(config);
  const listener = listenerOf(config, deps);
  await prepareFolders(config.rootDir, runtime.info);
  await using stack = new AsyncDisposableStack();
  const registry = createMetrics('node-agent');
  const metrics = agentMetrics(registry);
  const machine = await runtime.stats.node();
  if (config.imagesDir !== undefined) {
    await stack.use(importImages(config.imagesDir, { images: runtime.images, clock, log })).imported;
  }
  const network = stack.use(await networkOf(config, deps, log));
  const pods = stack.use(await startPods(config, { client, runtime, clock, log, machine, network, metrics }));
  const server =
    listener && stack.use(await serveNode(config, listener, deps, { pods, registry, metrics, log }, stack));
  stack.use(rotateLogs(() => runningLogs(config, pods), { containers: runtime.containers, clock, log }));
  const source = deps.podSource ?? stack.use(ownPodSource(client, log));
  const address =
    server === undefined ? undefined : `${config.listen?.advertise ?? config.listen?.host}:${server.port}`;
  const kubeletPort = server && (await openKubeletPort(server, network, deps));
  const facts = { ...(await nodeFacts(config, runtime, machine, address)), kubeletPort };
  const registration = stack.use(
    registerNode({
      client,
      clock,
      log,
      times: config.nodeTimes ?? defaultNodeTimes,
      facts,
      health: (signal) => healthOf(runtime, pods, signal),
      onHeard: () => pods.heard(),
    }),
  );
  stack.use(afterwards(registration.registered, () => source.subscribe(config.nodeName, pods.listener)));
  let isReady = false;
  const door = diagnosticsDoor(deps.credentials);
  if (config.diagnostics !== undefined) {
    const options = { ...parseAddress(config.diagnostics), registry, ready: () => isReady };
    stack.use(await serveDiagnostics(options, door));
  }
  const owned = stack.move();
  const done = Promise.withResolvers<void>();
  const ready = Promise.all([registration.registered, pods.ready, network.ready]).then(() => {});
  ready.then(
    () => {
      isReady = true;
    },
    () => {},
  );
  return {
    address,
    ready,
    done: done.promise,
    async [Symbol.asyncDispose]() {
      await owned.disposeAsync();
      done.resolve();
    },
  };
}

/**
 * Subscribes to pods once the node has said that it is there. A node that was declared out of service loses its pods to other nodes until
 * then: one that is back and asked for them before might start pods that are about to run elsewhere.
 */
function afterwards(registered: Promise<void>, subscribe: () => Disposable): Disposable {
  const subscription = new DisposableStack();
  registered.then(
    () => {
      if (!subscription.disposed) subscription.use(subscribe());
    },
    () => {},
  );
  return subscription;
}

/** Log files that grow. */
function* runningLogs({ diskless }: NodeAgentConfig, pods: Pods): Generator<GrowingLog> {
  if (diskless) return;
  for (const { uid } of pods.workers()) {
    for (const { id, state, logPath } of (pods.sandboxesOf(uid) ?? []).flatMap((sandbox) => sandbox.containers)) {
      if (state.kind === 'running') yield { containerId: id, path: logPath };
    }
  }
}

function networkOf(config: NodeAgentConfig, { client, clock }: NodeAgentDeps, log: Logger): Promise<NodeNetwork> {
  const { network } = config;
  return network === undefined ? plainNetwork(config) : startNetwork({ ...config, network }, { client, clock, log });
}

/**
 * Makes the agent's folders, which hold Secrets and logs. Other users of the machine may not enter them, except where containers are
 * plain processes that root starts as other users: those pass through, and can list nothing.
 */
async function prepareFolders(rootDir: string, { isolated }: Runtime['info']): Promise<void> {
  const ensure = isolated || process.geteuid?.() !== 0 ? ensurePrivateFolder : ensurePassableFolder;
  for (const folder of ['', 'pods', 'logs']) await ensure(join(rootDir, folder));
}

/** Address and credentials of PodService. Throws FailedPrecondition if callers could prove nothing. */
function listenerOf({ listen }: NodeAgentConfig, { credentials }: NodeAgentDeps) {
  if (listen === undefined) return undefined;
  if (credentials !== undefined) return { ...listen, credentials };
  throw new GantryError(
    'FailedPrecondition',
    "no credentials: commands in the node's containers need the cluster's token; name its file in GANTRY_TOKEN_FILE",
  );
}

/**
 * Opens kubelets' usual port at the node's own address, where the node has a network apart from that of the agent; undefined where it has
 * not, and where callers over HTTP could prove nothing.
 */
async function openKubeletPort(
  server: GrpcServer,
  network: NodeNetwork,
  { credentials }: NodeAgentDeps,
): Promise<number | undefined> {
  if (network.agentHost === undefined || credentials?.serving === undefined) return undefined;
  network.openPort(kubeletPort, await server.alsoListen({ host: network.agentHost, port: 0 }));
  return kubeletPort;
}

/** Parts of the agent that its port tells of. */
interface ServedParts {
  readonly pods: Pods;
  readonly registry: Registry;
  readonly metrics: AgentMetrics;
  readonly log: Logger;
}

/** Serves the node's pods, and reads their statistics while it does. */
function serveNode(
  config: NodeAgentConfig,
  listener: NonNullable<ReturnType<typeof listenerOf>>,
  { client, runtime, clock }: NodeAgentDeps,
  { pods, registry, metrics, log }: ServedParts,
  stack: AsyncDisposableStack,
): Promise<GrpcServer> {
  const { nodeName } = config;
  const served = { nodeName, pods, runtime, clock, log };
  const samples = stack.use(new Sampler({ ...served, stats: statsSourceOf(config, served) }, config.statisticsMs));
  const review: AccessDeps['review'] = (request) => client.access.reviewCaller(request, { timeoutMs: reviewMs });
  const http = kubeletPaths({
    ...{ ...served, samples, registry, probes: metrics.probes, cgroupRoot: cgroupRootOf(config) },
    logsDir: join(config.rootDir, 'logs'),
    access: new Access({ nodeName, clock, review }),
    problem: () => pods.problem(),
    startedAtMs: clock.now(),
  });
  return servePods(listener, { ...served, credentials: listener.credentials, samples, http });
}

/** Counters as the driver has them: of control groups, of processes, or played. */
function statsSourceOf(
  config: NodeAgentConfig,
  { runtime, pods, clock }: Pick<PodServerDeps, 'runtime' | 'pods' | 'clock'>,
): StatsSource {
  switch (runtime.info.driver) {
    case 'cri':
      return new CgroupStats({
        ...{ files: new CgroupFiles(), cgroupRoot: cgroupRootOf(config), pods, runtime: runtime.stats, clock },
      });
    case 'process':
      return runtime.stats;
    case 'hollow':
      return new PlayedStats({ stats: runtime.stats, pods, clock, play: config.play ?? annotatedUsage });
  }
}

function checkConfig({ nodeName, addresses, rootDir }: NodeAgentConfig): void {
  if (!/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/.test(nodeName)) {
    throw new GantryError('Invalid', `node name ${JSON.stringify(nodeName)}: must be a lowercase RFC 1123 subdomain`);
  }
  if (addresses.length === 0) throw new GantryError('Invalid', `node ${nodeName}: at least one address is needed`);
  if (!rootDir.startsWith('/'))
    throw new GantryError('Invalid', `root directory ${JSON.stringify(rootDir)}: must be absolute`);
}

async function nodeFacts(
  config: NodeAgentConfig,
  runtime: Runtime,
  machine: NodeStats,
  agentAddress: string | undefined,
): Promise<NodeFacts> {
  return {
    name: config.nodeName,
    addresses: config.addresses,
    agentAddress,
    podCidr: config.podCidr,
    labels: config.labels ?? {},
    taints: config.taints ?? [],
    providerId: config.providerId,
    capacity: capacityOf(machine, config.maxPods ?? defaultMaxPods, config.capacity ?? {}),
    allocatable: allocatableOf(config, machine),
    systemInfo: await systemInfo(runtime.info, kubernetesVersion.gitVersion),
  };
}

/** A node is ready while its runtime answers. */
async function healthOf(runtime: Runtime, pods: Pods, signal: AbortSignal): Promise<NodeHealth> {
  try {
    const machine = await runtime.stats.node(signal);
    const fsAvailableShare = machine.fsTotalBytes === 0 ? 1 : machine.fsAvailableBytes / machine.fsTotalBytes;
    const problem = pods.problem();
    return {
      problem: problem === undefined ? undefined : `container runtime is down: ${problem}`,
      memoryAvailableBytes: machine.memoryAvailableBytes,
      fsAvailableShare,
    };
  } catch (error) {
    const problem = `container runtime is down: ${toGantryError(error).message}`;
    return { problem, memoryAvailableBytes: Number.POSITIVE_INFINITY, fsAvailableShare: 1 };
  }
}

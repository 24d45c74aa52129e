import { chmod } from 'node:fs/promises';
import { EventRecorder } from '@gantry/client/event-recorder.ts';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import type { AgentApi } from '../api.ts';
import { defaultObservation, type NodeAgentConfig } from '../config.ts';
import { contain } from '../contain.ts';
import type { AgentMetrics } from '../metrics.ts';
import type { NodeNetwork } from '../network/network.ts';
import { allocatableOf } from '../node/capacity.ts';
import { defaultNodeTimes } from '../node/registrar.ts';
import { ProbeManager, type ProbeManagerDeps } from '../probes/manager.ts';
import { openPodSizes, type PodSizes } from '../resize/open.ts';
import type { NodeStats, Runtime } from '../runtime/runtime.ts';
import { ConfigObjects } from '../volumes/config-objects.ts';
import { hollowVolumes } from '../volumes/hollow.ts';
import { type VolumeManager, volumeManager } from '../volumes/manager.ts';
import { memoryDirectory } from '../volumes/memory-directory.ts';
import { type Mounter, systemMounter } from '../volumes/mounter.ts';
import { PodCertificates } from '../volumes/pod-certificates.ts';
import { PodTokens, renewTokens } from '../volumes/pod-tokens.ts';
import { TrustBundles } from '../volumes/trust-bundles.ts';
import { rejectionOf } from './admission.ts';
import { backOffsOf, containerFieldPath, type RecordPodEvent } from './events.ts';
import { execute } from './executor.ts';
import { executorOf, type SharedParts } from './executor-deps.ts';
import { HostPorts } from './host-ports.ts';
import { PodManager } from './manager.ts';
import { NotReadyMarks } from './not-ready-marks.ts';
import { Observation } from './observation.ts';
import { removeOrphanedDirectories } from './orphaned-directories.ts';
import { hollowPaths, podPaths } from './paths.ts';
import { StatusReporter } from './reporter.ts';
import type { PodListener } from './source.ts';
import { podUid } from './spec.ts';
import { watchStorage } from './storage-watch.ts';
import { noMessages, TerminationMessages } from './termination-messages.ts';
import type { PodWorker, WorkerDeps } from './worker.ts';

/** Dependencies of the part that runs pods. */
export interface PodsDeps {
  readonly client: AgentApi;
  readonly runtime: Runtime;
  readonly clock: Clock;
  readonly log: Logger;
  readonly machine: NodeStats;
  readonly metrics?: AgentMetrics;
  readonly network: Pick<NodeNetwork, 'dnsFor' | 'serviceVariables'>;
}

/** The running pods of a node. Disposing of it leaves them running. */
export interface Pods extends AsyncDisposable {
  /** Receives changes to the node's pods. */
  readonly listener: PodListener;
  /** Resolves once the runtime was looked at and the node's pods are known. */
  readonly ready: Promise<void>;
  /** The worker of a pod; undefined if the node has no such pod. */
  find(namespace: string, name: string): PodWorker | undefined;
  workers(): IterableIterator<PodWorker>;
  /** The api hears the node: pods that were taken for not ready because it did not are told of anew. */
  heard(): void;
  /** The error of a runtime that could not be observed for a while; undefined if it can. */
  readonly problem: () => string | undefined;
  /** The pod's sandboxes as of the last observation. */
  sandboxesOf: WorkerDeps['sandboxesOf'];
}

/** Starts everything that runs the node's pods. */
export async function startPods(config: NodeAgentConfig, deps: PodsDeps): Promise<Pods> {
  const { runtime, clock, log } = deps;
  await using stack = new AsyncDisposableStack();
  // Other users of the machine may not look into pods' secrets and scratch space. Without isolation, other users' pods must get through.
  await chmod(config.rootDir, runtime.info.isolated ? 0o700 : 0o711);
  const parts = await makeParts(config, deps, stack, () => manager);
  const { observation, reporter, configObjects, volumes, paths } = parts;
  const manager = new PodManager(
    workerDeps(config, deps, parts, () => manager),
    () => observation.latest,
    (uid) => {
      parts.hostPorts.forget(uid);
      parts.resizes.forget(uid);
      deps.metrics?.probes.forget(uid);
      reporter.forget(uid);
      configObjects.release(uid);
    },
  );
  stack.use(observation);
  stack.use(manager);
  // Hollow containers use no storage.
  if (runtime.info.driver !== 'hollow') {
    const { sandboxesOf } = parts;
    const workers = () => manager.workers();
    stack.use(watchStorage({ clock, log, workers, sandboxesOf, stats: runtime.stats, volumes, paths }));
  }
  const { heartbeatMs } = config.nodeTimes ?? defaultNodeTimes;
  const marks = new NotReadyMarks(clock, parts.reporter, heartbeatMs);
  const synced = Promise.withResolvers<void>();
  const owned = stack.move();
  return {
    listener: listenerOf(manager, parts, marks, log, () => {
      synced.resolve();
      cleanDisk(config.rootDir, manager, parts, log).catch((error: unknown) =>
        log.warn({ error }, 'the disk could not be cleaned'),
      );
    }),
    ready: Promise.all([observation.refresh(), synced.promise]).then(() => parts.resizes.start()),
    find: (namespace, name) => manager.byName(namespace, name),
    workers: () => manager.workers(),
    heard: () => marks.heard(manager.workers()),
    problem: () => observation.problem,
    sandboxesOf: (uid) => observation.latest?.byPod.get(uid),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** The parts that a pod's workers share. */
interface Parts extends SharedParts, PodSizes {
  readonly mounter: Mounter | undefined;
  readonly probes: ProbeManager;
  readonly terminationMessages: Pick<TerminationMessages, 'of' | 'sync'>;
  readonly reporter: StatusReporter;
  readonly observation: Observation;
  readonly sandboxesOf: WorkerDeps['sandboxesOf'];
  readonly hostPorts: HostPorts;
}

/** @param managerOf The manager, which is made after its parts and before any of them calls it. */
async function makeParts(
  config: NodeAgentConfig,
  deps: PodsDeps,
  stack: AsyncDisposableStack,
  managerOf: () => PodManager,
): Promise<Parts> {
  const { client, runtime, clock, log } = deps;
  const { diskless = false } = config;
  const paths = diskless ? hollowPaths(config.rootDir) : podPaths(config.rootDir);
  const isCri = runtime.info.driver === 'cri';
  const mounter = isCri ? systemMounter : undefined;
  const recordEvent = eventsOf(config, deps, stack);
  const refreshPod = (uid: string): void => refresh(managerOf().get(uid), volumes, log);
  const onObjects = { log, onChange: (uids: ReadonlySet<string>): void => uids.forEach(refreshPod) };
  const configObjects = stack.use(new ConfigObjects(client, onObjects));
  const bundles = stack.use(new TrustBundles(client, onObjects));
  const tokens = new PodTokens({ api: client, clock, log, random: Math.random });
  const { nodeName } = config;
  const certificates = stack.use(
    new PodCertificates({ api: client, nodeName, clock, log, random: Math.random, recordEvent, onChange: refreshPod }),
  );
  const stop = new AbortController();
  stack.defer(() => stop.abort());
  for (const held of [tokens, certificates]) void renewTokens(held, clock, refreshPod, stop.signal);
  const onDisk = volumeManager({
    paths,
    memoryDir: await memoryDirectory(config.rootDir, isCri, log),
    config: configObjects,
    tokens,
    bundles,
    certificates,
    nodeMemoryBytes: deps.machine.memoryTotalBytes,
    allocatable: allocatableOf(config, deps.machine),
    ...(mounter === undefined ? {} : { mounter }),
  });
  const volumes = diskless ? hollowVolumes(onDisk) : onDisk;
  const wake = (uid: string): void => managerOf().get(uid)?.wake();
  const hostIp = config.addresses[0] ?? '';
  const { streams } = runtime;
  const onChecked: ProbeManagerDeps['onChecked'] = (...checked) => deps.metrics?.probes.add(...checked);
  const probes = stack.use(new ProbeManager({ streams, clock, log, recordEvent, hostIp, onResult: wake, onChecked }));
  const reporter = stack.use(
    new StatusReporter((batch, signal) => client.reportPods(config.nodeName, batch, { signal }), { clock, log }),
  );
  const times = config.observation ?? defaultObservation;
  const onChange = (changed: ReadonlySet<string>): void => managerOf().observed(changed);
  const observation = new Observation(runtime.observer, { clock, log, times, onChange });
  const terminationMessages = diskless ? noMessages : new TerminationMessages(paths);
  const sandboxesOf: WorkerDeps['sandboxesOf'] = (uid) =>
    observation.latest === undefined ? undefined : (observation.latest.byPod.get(uid) ?? []);
  const shared = { paths, volumes, configObjects, recordEvent };
  const hostPorts = new HostPorts();
  const allocatable = allocatableOf(config, deps.machine);
  const sizes = await openPodSizes(runtime.info, paths, { clock, log, recordEvent, allocatable, wake });
  const looks = { terminationMessages, reporter, observation, sandboxesOf };
  return { ...shared, ...sizes, ...looks, mounter, probes, hostPorts };
}

function workerDeps(config: NodeAgentConfig, deps: PodsDeps, parts: Parts, managerOf: () => PodManager): WorkerDeps {
  const { runtime, clock, log } = deps;
  const { observation, probes, terminationMessages, reporter, recordEvent, hostPorts, resizes } = parts;
  const executor = executorOf(config, deps, parts);
  const rules = { allowedUnsafeSysctls: config.allowedUnsafeSysctls ?? [] };
  return {
    clock,
    log,
    node: { runtimeName: runtime.info.name, hostIps: config.addresses },
    execute: (action, context, signal) => execute(executor, action, context, signal),
    sandboxesOf: parts.sandboxesOf,
    resizes,
    refresh: () => observation.refresh(),
    verdict: (id) => probes.verdict(id),
    terminationMessage: (id) => terminationMessages.of(id),
    rejectionOf: (pod) => rejectionOf(pod, rules) ?? hostPorts.admit(pod, startedPods(managerOf(), parts.sandboxesOf)),
    onObserved(view) {
      probes.sync(view);
      terminationMessages.sync(view);
    },
    onDecided(view, status, before, gone) {
      const { pod } = view;
      if (!view.removed) reporter.report(namedPod(pod), status, gone);
      for (const { container, message } of backOffsOf(before, status))
        recordEvent(pod, 'Warning', 'BackOff', message, container);
      if (gone || status.phase === 'Succeeded' || status.phase === 'Failed') {
        hostPorts.release(podUid(pod));
        resizes.release(podUid(pod));
      }
      if (gone) managerOf().forgetIfFinished(podUid(pod));
    },
    onDecisionFailed(pod, message) {
      deps.metrics?.failedDecisions.inc();
      recordEvent(pod, 'Warning', 'FailedSync', `error determining what to do: ${message}`);
    },
  };
}

/** Pods of which something runs, or ran and was not removed yet. */
function* startedPods(manager: PodManager, sandboxesOf: WorkerDeps['sandboxesOf']): Generator<Pod> {
  for (const { uid, pod, status } of manager.workers()) {
    const isOver = status?.phase === 'Succeeded' || status?.phase === 'Failed';
    if (!isOver && (sandboxesOf(uid)?.length ?? 0) > 0) yield pod;
  }
}

function listenerOf(
  manager: PodManager,
  { volumes }: Parts,
  marks: NotReadyMarks,
  log: Logger,
  onSynced: () => void,
): PodListener {
  return {
    put: (pod) =>
      contain(log, 'the news of a pod', () => {
        const known = manager.get(podUid(pod));
        const isChanged = known !== undefined && metadataOf(known.pod) !== metadataOf(pod);
        manager.put(pod);
        if (isChanged) refresh(known, volumes, log);
        marks.seen(manager.get(podUid(pod)));
      }),
    delete: (pod) => contain(log, 'the end of a pod', () => manager.delete(pod)),
    synced() {
      manager.synced();
      onSynced();
    },
  };
}

/** Removes the directories of pods that exist no more, after a look at the runtime: its pods need theirs. */
async function cleanDisk(
  rootDir: string,
  manager: PodManager,
  { observation, mounter }: Parts,
  log: Logger,
): Promise<void> {
  const { byPod } = await observation.refresh();
  const isKnown = (uid: string): boolean => manager.get(uid) !== undefined || byPod.has(uid);
  await removeOrphanedDirectories(rootDir, isKnown, { log, ...(mounter === undefined ? {} : { mounter }) });
}

/** Brings a pod up to date with a change of the objects or of the metadata that it shows. */
function refresh(worker: PodWorker | undefined, volumes: VolumeManager, log: Logger): void {
  if (worker === undefined) return;
  worker.retryConfig();
  refreshVolumes(volumes, worker, log);
}

function namedPod(pod: Pod): { readonly namespace: string; readonly name: string; readonly uid: string } {
  return { namespace: pod.metadata.namespace ?? '', name: pod.metadata.name ?? '', uid: podUid(pod) };
}

/** The part of a pod's metadata that downward API volumes may show. */
function metadataOf({ metadata }: Pod): string {
  return JSON.stringify([metadata.labels, metadata.annotations]);
}

/** Brings the content of a running pod's volumes up to date. */
function refreshVolumes(volumes: VolumeManager, worker: PodWorker, log: Logger): void {
  const { pod } = worker;
  volumes.refresh(pod, AbortSignal.timeout(30_000)).catch((error: unknown) => {
    // The volumes keep their content until the next change.
    log.debug({ error, pod: pod.metadata.name }, 'the content of volumes could not be brought up to date');
  });
}

function eventsOf(
  config: NodeAgentConfig,
  { client, clock, log }: PodsDeps,
  stack: AsyncDisposableStack,
): RecordPodEvent {
  if (config.events === false) return () => {};
  const recorder = stack.use(new EventRecorder(client, { component: 'kubelet', host: config.nodeName, clock, log }));
  return (pod, type, reason, message, container) =>
    recorder.record(
      pod,
      type,
      reason,
      message,
      container === undefined ? undefined : containerFieldPath(pod, container),
    );
}

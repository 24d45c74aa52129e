import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { EventRecorder } from '@gantry/client/event-recorder.ts';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import { Semaphore } from '@gantry/runtime/semaphore.ts';
import type { AgentApi } from '../api.ts';
import { defaultClusterDomain, defaultObservation, defaultParallelStarts, type NodeAgentConfig } from '../config.ts';
import { contain } from '../contain.ts';
import { environmentOf } from '../containers/env.ts';
import { mountsOf } from '../containers/mounts.ts';
import { pullAuthFor } from '../containers/pull-secrets.ts';
import type { AgentMetrics } from '../metrics.ts';
import type { NodeNetwork } from '../network/network.ts';
import { ProbeManager } from '../probes/manager.ts';
import type { NodeStats, Runtime } from '../runtime/runtime.ts';
import { ConfigObjects } from '../volumes/config-objects.ts';
import { type VolumeManager, volumeManager } from '../volumes/manager.ts';
import { memoryDirectory } from '../volumes/memory-directory.ts';
import { systemMounter } from '../volumes/mounter.ts';
import { rejectionOf } from './admission.ts';
import { backOffsOf, containerFieldPath, type RecordPodEvent } from './events.ts';
import { type ExecutorDeps, execute } from './executor.ts';
import { hookRunner } from './hooks.ts';
import { imagePuller } from './image-puller.ts';
import { PodManager } from './manager.ts';
import { Observation } from './observation.ts';
import { removeOrphanedDirectories } from './orphaned-directories.ts';
import { type PodPaths, podPaths } from './paths.ts';
import { StatusReporter } from './reporter.ts';
import type { PodListener } from './source.ts';
import { podUid } from './spec.ts';
import { containerStarter } from './start-container.ts';
import { containerStopper } from './stop-container.ts';
import { watchStorage } from './storage-watch.ts';
import { TerminationMessages } from './termination-messages.ts';
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
  /** Is to be told of the node's pods. */
  readonly listener: PodListener;
  /** Resolves once the runtime was looked at and the node's pods are known. */
  readonly ready: Promise<void>;
  /** The worker of a pod; undefined where the node has no such pod. */
  find(namespace: string, name: string): PodWorker | undefined;
  workers(): IterableIterator<PodWorker>;
  /** The api hears the node: pods that were taken for not ready because it did not are told of anew. */
  heard(): void;
  /** Why the runtime cannot be looked at, and has not been for a while; undefined where it can. */
  readonly problem: () => string | undefined;
  /** The pod's sandboxes as of the last observation. */
  sandboxesOf: WorkerDeps['sandboxesOf'];
}

/** Wires everything that runs pods together. */
export async function startPods(config: NodeAgentConfig, deps: PodsDeps): Promise<Pods> {
  const { client, runtime, clock, log } = deps;
  await using stack = new AsyncDisposableStack();
  // Secrets and scratch space of pods: other users of the machine may not look in. Without isolation, pods of other users must get through.
  await chmod(config.rootDir, runtime.info.isolated ? 0o700 : 0o711);
  const paths = podPaths(config.rootDir);
  const mounter = runtime.info.driver === 'cri' ? systemMounter : undefined;
  const recordEvent = eventsOf(config, deps, stack);
  const configObjects = stack.use(new ConfigObjects(client, { log, onChange: (uids) => refreshAll(uids) }));
  const volumes = volumeManager({
    paths,
    memoryDir: await memoryDirectory(config.rootDir, runtime.info.driver === 'cri', log),
    config: configObjects,
    nodeMemoryBytes: deps.machine.memoryTotalBytes,
    ...(mounter === undefined ? {} : { mounter }),
  });
  const wake = (uid: string): void => manager.get(uid)?.wake();
  const probes = stack.use(
    new ProbeManager({
      streams: runtime.streams,
      clock,
      log,
      recordEvent,
      hostIp: config.addresses[0] ?? '',
      onResult: wake,
    }),
  );
  const terminationMessages = new TerminationMessages(paths, wake, log);
  const reporter = stack.use(
    new StatusReporter((batch, signal) => client.reportPods(config.nodeName, batch, { signal }), { clock, log }),
  );
  const executor = executorOf(config, deps, { paths, volumes, configObjects, recordEvent });
  const synced = Promise.withResolvers<void>();
  const observation = new Observation(runtime.observer, {
    clock,
    log,
    times: config.observation ?? defaultObservation,
    onChange: (changed) => manager.observed(changed),
  });
  const sandboxesOf: WorkerDeps['sandboxesOf'] = (uid) =>
    observation.latest === undefined ? undefined : (observation.latest.byPod.get(uid) ?? []);
  const manager = new PodManager(
    {
      clock,
      log,
      node: { runtimeName: runtime.info.name, hostIps: config.addresses },
      execute: (action, context, signal) => execute(executor, action, context, signal),
      sandboxesOf,
      refresh: () => observation.refresh(),
      verdict: (id) => probes.verdict(id),
      terminationMessage: (id) => terminationMessages.of(id),
      rejectionOf: (pod) => rejectionOf(pod, { allowedUnsafeSysctls: config.allowedUnsafeSysctls ?? [] }),
      onObserved(view) {
        probes.sync(view);
        terminationMessages.sync(view);
      },
      onDecided(view, status, before, gone) {
        const { pod } = view;
        if (!view.removed) reporter.report(namedPod(pod), status, gone);
        for (const { container, message } of backOffsOf(before, status))
          recordEvent(pod, 'Warning', 'BackOff', message, container);
        if (gone) manager.forgetIfFinished(podUid(pod));
      },
      onDecisionFailed(pod, message) {
        deps.metrics?.failedDecisions.inc();
        recordEvent(pod, 'Warning', 'FailedSync', `error determining what to do: ${message}`);
      },
    },
    () => observation.latest,
    (uid) => {
      reporter.forget(uid);
      configObjects.release(uid);
    },
  );
  const refresh = (worker: PodWorker | undefined): void => {
    worker?.retryConfig();
    if (worker !== undefined) refreshVolumes(volumes, worker, log);
  };
  const refreshAll = (uids: ReadonlySet<string>): void => {
    for (const uid of uids) refresh(manager.get(uid));
  };
  const cleanDisk = async (): Promise<void> => {
    // Not before the runtime was looked at: what it has belongs to somebody too.
    const { byPod } = await observation.refresh();
    await removeOrphanedDirectories(config.rootDir, (uid) => manager.get(uid) !== undefined || byPod.has(uid), {
      log,
      ...(mounter === undefined ? {} : { mounter }),
    });
  };
  const cleaned = (): Promise<void> =>
    cleanDisk().catch((error: unknown) => log.warn({ error }, 'the disk could not be cleaned'));
  stack.use(observation);
  stack.use(manager);
  // Containers that exist nowhere use nothing.
  if (runtime.info.driver !== 'hollow') {
    const workers = () => manager.workers();
    stack.use(watchStorage({ clock, log, workers, sandboxesOf, stats: runtime.stats, volumes, paths }));
  }
  const owned = stack.move();
  return {
    listener: {
      put: (pod) =>
        contain(log, 'the news of a pod', () => {
          const known = manager.get(podUid(pod));
          const isChanged = known !== undefined && metadataOf(known.pod) !== metadataOf(pod);
          manager.put(pod);
          if (isChanged) refresh(known);
        }),
      delete: (pod) => contain(log, 'the end of a pod', () => manager.delete(pod)),
      synced() {
        manager.synced();
        synced.resolve();
        void cleaned();
      },
    },
    ready: Promise.all([observation.refresh(), synced.promise]).then(() => {}),
    find: (namespace, name) => manager.byName(namespace, name),
    workers: () => manager.workers(),
    heard() {
      for (const worker of manager.workers()) {
        if (!isMarkedNotReady(worker.pod)) continue;
        reporter.forget(worker.uid);
        worker.wake();
      }
    },
    problem: () => observation.problem,
    sandboxesOf: (uid) => observation.latest?.byPod.get(uid),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function namedPod(pod: Pod): { readonly namespace: string; readonly name: string; readonly uid: string } {
  return { namespace: pod.metadata.namespace ?? '', name: pod.metadata.name ?? '', uid: podUid(pod) };
}

/** Whether the node-health controller took the pod out of its services, since nobody heard its node. */
function isMarkedNotReady({ status }: Pod): boolean {
  return status?.conditions?.some(({ type, reason }) => type === 'Ready' && reason === 'NodeNotReady') ?? false;
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

interface Shared {
  readonly paths: PodPaths;
  readonly volumes: VolumeManager;
  readonly configObjects: ConfigObjects;
  readonly recordEvent: RecordPodEvent;
}

function executorOf(config: NodeAgentConfig, deps: PodsDeps, shared: Shared): ExecutorDeps {
  const { runtime, clock } = deps;
  const { paths, volumes, configObjects, recordEvent } = shared;
  const starts = new Semaphore(config.parallelStarts ?? defaultParallelStarts);
  const hooks = hookRunner({ runtime, clock });
  const stopper = containerStopper({ runtime, hooks, clock, recordEvent, hostIps: config.addresses });
  const clusterDomain = config.clusterDomain ?? defaultClusterDomain;
  const hostIps = config.addresses;
  const authFor = async (pod: Pod, image: string) =>
    (pod.spec.imagePullSecrets ?? []).length === 0
      ? undefined
      : pullAuthFor(pod, image, await configObjects.dataFor(pod, AbortSignal.timeout(30_000)));
  return {
    runtime,
    volumes,
    paths,
    starts,
    recordEvent,
    dnsFor: (pod) => deps.network.dnsFor(pod),
    cgroupRoot: config.cgroupRoot ?? join('/gantry', config.nodeName),
    clusterDomain,
    stopper,
    starter: containerStarter({
      runtime,
      hooks,
      stopper,
      clock,
      paths,
      starts,
      recordEvent,
      hostIps,
      nodeMemoryBytes: deps.machine.memoryTotalBytes,
      seccompRoot: join(config.rootDir, 'seccomp'),
      puller: imagePuller({ runtime, clock, recordEvent, authFor }),
      environment: async (pod, planned, podIps, signal) => {
        const data = await configObjects.dataFor(pod, signal);
        return environmentOf(planned.spec, {
          pod,
          config: data,
          podIps,
          hostIps,
          serviceVariables: deps.network.serviceVariables(pod),
        });
      },
      mounts: (pod, planned, attempt, podIps, env) =>
        mountsOf(
          { volumes, paths, clusterDomain, isolated: runtime.info.isolated },
          pod,
          planned,
          attempt,
          podIps,
          env,
        ),
    }),
  };
}

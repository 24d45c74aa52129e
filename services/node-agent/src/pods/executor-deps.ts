import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { Semaphore } from '@gantry/runtime/semaphore.ts';
import { cgroupRootOf, defaultClusterDomain, defaultParallelStarts, type NodeAgentConfig } from '../config.ts';
import { environmentOf } from '../containers/env.ts';
import { mountsOf } from '../containers/mounts.ts';
import { pullAuthFor } from '../containers/pull-secrets.ts';
import { podCgroupOf } from '../containers/sandbox.ts';
import type { NodeNetwork } from '../network/network.ts';
import { allocatableOf } from '../node/capacity.ts';
import type { PodSizes } from '../resize/open.ts';
import type { ResizerDeps } from '../resize/resizer.ts';
import type { NodeStats, Runtime } from '../runtime/runtime.ts';
import type { ConfigObjects } from '../volumes/config-objects.ts';
import type { VolumeManager } from '../volumes/manager.ts';
import type { RecordPodEvent } from './events.ts';
import type { ExecutorDeps } from './executor.ts';
import { hookRunner } from './hooks.ts';
import { imagePuller } from './image-puller.ts';
import type { PodPaths } from './paths.ts';
import { containerStarter } from './start-container.ts';
import { containerStopper } from './stop-container.ts';

/** Parts of the node that the executor uses. */
export interface NodeParts {
  readonly runtime: Runtime;
  readonly clock: Clock;
  readonly machine: NodeStats;
  readonly network: Pick<NodeNetwork, 'dnsFor' | 'serviceVariables'>;
}

/** Parts of the agent that the executor shares with others. */
export interface SharedParts {
  readonly paths: PodPaths;
  readonly volumes: VolumeManager;
  readonly configObjects: ConfigObjects;
  readonly recordEvent: RecordPodEvent;
}

/** Puts together what actions are carried out with. */
export function executorOf(config: NodeAgentConfig, deps: NodeParts, shared: SharedParts & PodSizes): ExecutorDeps {
  const { runtime, clock } = deps;
  const { paths, volumes, configObjects, recordEvent } = shared;
  const resizer = resizerOf(config, deps, shared);
  const starts = new Semaphore(config.parallelStarts ?? defaultParallelStarts);
  const hooks = hookRunner({ runtime, clock });
  const stopper = containerStopper({ runtime, hooks, clock, recordEvent, hostIps: config.addresses });
  const clusterDomain = config.clusterDomain ?? defaultClusterDomain;
  const hostIps = config.addresses;
  const mounting = { volumes, paths, clusterDomain, isolated: runtime.info.isolated };
  const allocatable = allocatableOf(config, deps.machine);
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
    cgroupRoot: cgroupRootOf(config),
    resizer,
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
      features: { seLinux: existsSync('/sys/fs/selinux/enforce') },
      nodeMemoryBytes: resizer.nodeMemoryBytes,
      seccompRoot: join(config.rootDir, 'seccomp'),
      puller: imagePuller({ runtime, clock, recordEvent, authFor }),
      environment: async (pod, planned, podIps, signal) => {
        const data = await configObjects.dataFor(pod, signal);
        return environmentOf(planned.spec, {
          pod,
          config: data,
          podIps,
          hostIps,
          allocatable,
          serviceVariables: deps.network.serviceVariables(pod),
        });
      },
      mounts: (pod, planned, attempt, podIps, env) =>
        config.diskless ? volumes.mounts(pod, planned, env) : mountsOf(mounting, pod, planned, attempt, podIps, env),
    }),
  };
}

function resizerOf(
  config: NodeAgentConfig,
  { runtime, machine }: NodeParts,
  { resizes, cgroups }: PodSizes,
): ResizerDeps {
  const cgroupOf = (uid: string): string => podCgroupOf(cgroupRootOf(config), uid);
  return { runtime, cgroups, resizes, cgroupOf, nodeMemoryBytes: machine.memoryTotalBytes };
}

import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { unreachable } from '@gantry/runtime/assert.ts';
import type { Semaphore } from '@gantry/runtime/semaphore.ts';
import { sandboxConfigOf } from '../containers/sandbox.ts';
import { podLimitsOf } from '../resize/pod-limits.ts';
import { type ResizerDeps, resizePod } from '../resize/resizer.ts';
import type { DnsConfig, Runtime } from '../runtime/runtime.ts';
import type { VolumeManager } from '../volumes/manager.ts';
import type { Action } from './action.ts';
import type { RecordPodEvent } from './events.ts';
import { retryWaits } from './memory.ts';
import type { Outcome } from './memory-update.ts';
import { outcomeOf } from './outcome.ts';
import type { PodPaths } from './paths.ts';
import { podUid } from './spec.ts';
import type { ContainerStarter } from './start-container.ts';
import type { ContainerStopper } from './stop-container.ts';
import type { ActionContext } from './worker.ts';

/** Dependencies of the executor. */
export interface ExecutorDeps {
  readonly runtime: Runtime;
  readonly volumes: VolumeManager;
  readonly starter: ContainerStarter;
  readonly stopper: ContainerStopper;
  readonly paths: PodPaths;
  /** Sandboxes and containers that start at once. */
  readonly starts: Semaphore;
  readonly recordEvent: RecordPodEvent;
  /** resolv.conf for a pod; undefined for that of the node. */
  readonly dnsFor: (pod: Pod) => DnsConfig | undefined;
  readonly cgroupRoot: string;
  readonly resizer: ResizerDeps;
  /** Such as cluster.local. */
  readonly clusterDomain: string;
}

/** Carries one action out. A failure that concerns the pod is an outcome, not an error. */
export async function execute(
  deps: ExecutorDeps,
  action: Action,
  context: ActionContext,
  signal: AbortSignal,
): Promise<Outcome> {
  switch (action.kind) {
    case 'startContainer':
      return deps.starter.start(context, action, signal);
    case 'stopContainer':
      return attempt('stop', 'FailedKillContainer', () => deps.stopper.stop(context, action, signal), signal);
    case 'resize':
      return resizePod(deps.resizer, context, action.generation, signal);
    case 'prepareVolumes':
      return prepareVolumes(deps, context.pod, signal);
    case 'startSandbox':
      return startSandbox(deps, context.pod, action.attempt, signal);
    case 'stopSandbox':
      return attempt('stop', 'FailedKillPod', () => deps.runtime.sandboxes.stop(action.sandboxId, signal), signal);
    case 'removeSandbox':
      return attempt('stop', 'FailedKillPod', () => deps.runtime.sandboxes.remove(action.sandboxId, signal), signal);
    case 'removeContainer':
      return attempt(
        'stop',
        'FailedKillContainer',
        () => removeContainer(deps, context, action.containerId, signal),
        signal,
      );
    case 'cleanUp':
      return attempt('volumes', 'FailedCleanUp', () => cleanUp(deps, context.pod, action.everything), signal);
    case 'markFailed':
      deps.recordEvent(context.pod, action.event.type, action.reason, action.event.message);
      return { kind: 'done' };
    case 'abort':
      return { kind: 'done' };
    default:
      return unreachable(action);
  }
}

async function attempt(
  waits: keyof typeof retryWaits,
  reason: string,
  work: () => Promise<unknown>,
  signal: AbortSignal,
): Promise<Outcome> {
  try {
    await work();
    return { kind: 'done' };
  } catch (error) {
    return outcomeOf(error, reason, retryWaits[waits], signal);
  }
}

async function prepareVolumes(deps: ExecutorDeps, pod: Pod, signal: AbortSignal): Promise<Outcome> {
  try {
    await deps.volumes.prepare(pod, signal);
    return { kind: 'done' };
  } catch (error) {
    const outcome = outcomeOf(error, 'FailedMount', retryWaits.volumes, signal);
    if (outcome.kind === 'failed') deps.recordEvent(pod, 'Warning', 'FailedMount', outcome.message);
    return outcome;
  }
}

async function startSandbox(
  deps: ExecutorDeps,
  pod: Pod,
  attemptNumber: number,
  signal: AbortSignal,
): Promise<Outcome> {
  try {
    const logDirectory = deps.paths.logs(pod);
    await deps.paths.make(logDirectory);
    const config = sandboxConfigOf({
      pod,
      attempt: attemptNumber,
      logDirectory,
      dns: deps.dnsFor(pod),
      cgroupRoot: deps.cgroupRoot,
      clusterDomain: deps.clusterDomain,
    });
    const id = await deps.starts.run(() => deps.runtime.sandboxes.run(config, signal), signal);
    await boundPod(deps, pod, id, config.cgroupParent, signal);
    return { kind: 'done' };
  } catch (error) {
    const outcome = outcomeOf(error, 'FailedCreatePodSandBox', retryWaits.sandbox, signal);
    if (outcome.kind === 'failed') {
      deps.recordEvent(pod, 'Warning', 'FailedCreatePodSandBox', `Failed to create pod sandbox: ${outcome.message}`);
    }
    return outcome;
  }
}

/** Bounds a new pod as a whole. One that cannot be bounded does not stay. */
async function boundPod(
  { resizer: { cgroups }, runtime }: ExecutorDeps,
  pod: Pod,
  sandboxId: string,
  cgroup: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  if (cgroups === undefined || cgroup === undefined) return;
  try {
    await cgroups.write(cgroup, podLimitsOf(pod));
  } catch (error) {
    await runtime.sandboxes.remove(sandboxId, signal);
    throw error;
  }
}

async function removeContainer(
  deps: ExecutorDeps,
  context: ActionContext,
  containerId: string,
  signal: AbortSignal,
): Promise<void> {
  const container = context.sandboxes.flatMap((sandbox) => sandbox.containers).find(({ id }) => id === containerId);
  await deps.runtime.containers.remove(containerId, signal);
  if (container === undefined || container.state.kind === 'created') return;
  await deps.paths.removeLog(container.logPath);
}

async function cleanUp(deps: ExecutorDeps, pod: Pod, everything: boolean): Promise<void> {
  await deps.volumes.tearDown(podUid(pod));
  if (!everything) return;
  await deps.paths.remove(podUid(pod));
  await deps.paths.removeLogs(pod);
}

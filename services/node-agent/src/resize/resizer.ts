import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { GantryError, toGantryError } from '@gantry/runtime/errors.ts';
import { resourcesOf } from '../containers/resources.ts';
import { retryWaits } from '../pods/memory.ts';
import type { Outcome } from '../pods/memory-update.ts';
import { outcomeOf } from '../pods/outcome.ts';
import { podUid } from '../pods/spec.ts';
import type { ActionContext } from '../pods/worker.ts';
import type { PodCgroups } from '../runtime/pod-cgroup.ts';
import type { ObservedContainer, Runtime } from '../runtime/runtime.ts';
import { memoryProblem, type ResizeStep, resizePlan, type ShareChange } from './plan.ts';
import { type PodLimits, podLimitsOf } from './pod-limits.ts';
import { restartsFor } from './policy.ts';
import type { PodResizes } from './resizes.ts';
import { effectiveShare, sameShare, withShare } from './shares.ts';

/** Dependencies of resizing pods. */
export interface ResizerDeps {
  readonly runtime: Pick<Runtime, 'info' | 'containers' | 'stats'>;
  /** Bounds of whole pods; undefined where the runtime enforces none. */
  readonly cgroups: PodCgroups | undefined;
  /** Path of a pod's cgroup. */
  readonly cgroupOf: (uid: string) => string;
  readonly resizes: Pick<PodResizes, 'inForceOf' | 'applied' | 'finished' | 'failed'>;
  readonly nodeMemoryBytes: number;
}

/** Gives a pod's running containers, and the pod as a whole, the size that is set aside for it. */
export async function resizePod(
  deps: ResizerDeps,
  { pod, sandboxes }: ActionContext,
  generation: number,
  signal: AbortSignal,
): Promise<Outcome> {
  const uid = podUid(pod);
  try {
    const live = sandboxes.filter(({ ready }) => ready).flatMap(({ containers }) => containers);
    const running = live.filter(({ state }) => state.kind === 'running');
    const changes = changesOf(deps, pod, running);
    const after = podLimitsOf(pod);
    const before = live.length === 0 ? undefined : await deps.cgroups?.read(deps.cgroupOf(uid));
    const bounds = { before: before ?? after, after };
    await checkMemory(deps, running, changes, bounds, signal);
    for (const step of resizePlan(changes, bounds.before, after)) await carryOut(deps, pod, step, signal);
    deps.resizes.finished(uid, generation);
    return { kind: 'done' };
  } catch (error) {
    if (!signal.aborted) deps.resizes.failed(uid, toGantryError(error).message);
    return outcomeOf(error, 'ResizeError', retryWaits.create, signal);
  }
}

/** Containers that take their new share while they run. */
function changesOf({ resizes }: ResizerDeps, pod: Pod, running: readonly ObservedContainer[]): ShareChange[] {
  const inForce = resizes.inForceOf(podUid(pod));
  const containers = [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
  return running.flatMap(({ id, name }) => {
    const container = containers.find((each) => each.name === name);
    const before = inForce.get(id);
    if (container === undefined || before === undefined) return [];
    const after = effectiveShare(pod, container);
    if (sameShare(before, after) || restartsFor(container, before, after)) return [];
    return [{ containerId: id, container, before, after }];
  });
}

/** Throws FailedPrecondition where a memory limit would be lowered to less than is used. Looks at what is used only where one is lowered. */
async function checkMemory(
  { runtime }: ResizerDeps,
  running: readonly ObservedContainer[],
  changes: readonly ShareChange[],
  { before, after }: { readonly before: PodLimits; readonly after: PodLimits },
  signal: AbortSignal,
): Promise<void> {
  const everything = new Map(running.map(({ id }) => [id, Number.MAX_SAFE_INTEGER]));
  if (!runtime.info.isolated || memoryProblem(changes, before, after, everything) === undefined) return;
  const stats = await runtime.stats.containers(signal);
  const used = new Map(
    stats
      .filter(({ containerId }) => everything.has(containerId))
      .map(({ containerId, memoryWorkingSetBytes }) => [containerId, memoryWorkingSetBytes]),
  );
  const problem = memoryProblem(changes, before, after, used);
  if (problem !== undefined) throw new GantryError('FailedPrecondition', problem);
}

async function carryOut(deps: ResizerDeps, pod: Pod, step: ResizeStep, signal: AbortSignal): Promise<void> {
  const uid = podUid(pod);
  if (step.kind === 'pod') {
    await deps.cgroups?.write(deps.cgroupOf(uid), step.limits);
    return;
  }
  const { change, share } = step;
  const { containerId, container } = change;
  // A runtime that isolates nothing enforces nothing: what is set aside changes all the same.
  if (deps.runtime.info.isolated) {
    const resized = { ...container, resources: withShare(container.resources, share) };
    await deps.runtime.containers.updateResources(containerId, resourcesOf(pod, resized, deps.nodeMemoryBytes), signal);
  }
  deps.resizes.applied(uid, containerId, share);
}

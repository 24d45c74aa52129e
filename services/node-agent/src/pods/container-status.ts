import type { ContainerState, ContainerStatus } from '@gantry/model/gen/gantry.core.v1.ts';
import { rfc3339 } from '@gantry/runtime/time.ts';
import { goDuration } from '../probes/go-duration.ts';
import { containerResources } from '../resize/status.ts';
import { containerKey } from './action.ts';
import { pullErrorShownMs } from './memory.ts';
import { isWantedAgain, restartDelayMs } from './restart.ts';
import { type PlannedContainer, podUid, reportedStatuses } from './spec.ts';
import { verdictOf } from './verdict.ts';
import { type ContainerEnd, type ContainerLife, endOf, instancesOf, lifeOf, type PodView } from './view.ts';

/** Inputs of a container's status beside the pod. */
export interface StatusContext {
  /** Such as containerd: container ids are shown as `containerd://<id>`. */
  readonly runtimeName: string;
  /** The pod ends, so nothing of it will be started any more. */
  readonly over: boolean;
}

/** One entry of containerStatuses, initContainerStatuses or ephemeralContainerStatuses. */
export function containerStatusOf(view: PodView, planned: PlannedContainer, context: StatusContext): ContainerStatus {
  const life = lifeOf(view, planned);
  const reported = reportedStatuses(view.previous).find((status) => status.name === planned.name);
  // The runtime forgot an init container that ran: the reported status stays.
  if (life.kind === 'absent' && reported?.containerID) return reported;

  const newest = instancesOf(view, planned.name)[0];
  const state = stateOf(view, planned, life, context);
  const lastState = lastStateOf(view, planned, life, state, context) ?? reported?.lastState;
  const containerId = newest?.id ?? (life.kind === 'exited' ? life.end.containerId : '');
  return {
    name: planned.name,
    state,
    ...(lastState === undefined ? {} : { lastState }),
    ...readinessOf(view, planned, life),
    restartCount: restartCountOf(life),
    ...containerResources(view, planned, life),
    image: planned.spec.image ?? '',
    imageID: newest?.imageId ?? reported?.imageID ?? '',
    ...(containerId === '' ? {} : { containerID: `${context.runtimeName}://${containerId}` }),
  };
}

function restartCountOf(life: ContainerLife): number {
  switch (life.kind) {
    case 'absent':
      return 0;
    case 'created':
    case 'interrupted':
    case 'running':
      return life.container.attempt;
    case 'exited':
      return life.end.attempt;
  }
}

function readinessOf(
  view: PodView,
  planned: PlannedContainer,
  life: ContainerLife,
): { readonly ready: boolean; readonly started: boolean } {
  if (planned.role === 'init')
    return { ready: life.kind === 'exited' && life.end.exitCode === 0, started: life.kind === 'running' };
  // Nobody waits for an ephemeral container, and no probe looks at it.
  if (planned.role === 'ephemeral') return { ready: false, started: life.kind === 'running' };
  if (life.kind !== 'running' || isStarting(view, planned)) return { ready: false, started: false };
  const { started, ready } = verdictOf(view, planned, life.container.id);
  return { started, ready: started && ready };
}

function isStarting(view: PodView, planned: PlannedContainer): boolean {
  return view.memory.busy.get(containerKey(planned.name))?.kind === 'start';
}

function stateOf(
  view: PodView,
  planned: PlannedContainer,
  life: ContainerLife,
  context: StatusContext,
): ContainerState {
  switch (life.kind) {
    case 'running':
      return { running: { startedAt: timeOf(life.startedAtMs) } };
    case 'absent':
    case 'created':
    case 'interrupted':
      return { waiting: waitingOf(view, planned) };
    case 'exited': {
      const waits = !context.over && isWantedAgain(view, planned, life.end);
      const trouble = view.memory.troubles.has(containerKey(planned.name));
      const delayMs = restartDelayMs(life.end);
      if (waits && (trouble || isStarting(view, planned))) return { waiting: waitingOf(view, planned) };
      if (waits && delayMs > 0)
        return { waiting: { reason: 'CrashLoopBackOff', message: crashLoopMessage(view, planned, delayMs) } };
      return { terminated: terminatedOf(view, life.end, context) };
    }
  }
}

/** Kubernetes' words. */
export function crashLoopMessage(view: PodView, planned: PlannedContainer, delayMs: number): string {
  const { name, namespace } = view.pod.metadata;
  return `back-off ${goDuration(delayMs)} restarting failed container=${planned.name} pod=${name}_${namespace}(${podUid(view.pod)})`;
}

function waitingOf(view: PodView, planned: PlannedContainer): { reason: string; message?: string } {
  const trouble = view.memory.troubles.get(containerKey(planned.name));
  if (trouble !== undefined) {
    const backsOff = trouble.reason === 'ErrImagePull' && view.monotonicMs >= trouble.failedAtMs + pullErrorShownMs;
    return backsOff
      ? {
          reason: 'ImagePullBackOff',
          message: `Back-off pulling image "${planned.spec.image ?? ''}": ${trouble.message}`,
        }
      : { reason: trouble.reason, message: trouble.message };
  }
  const initializes = (view.pod.spec?.initContainers ?? []).length > 0;
  return { reason: initializes ? 'PodInitializing' : 'ContainerCreating' };
}

/** The end of the previous instance: an earlier attempt, or this one while it waits for the next. */
function lastStateOf(
  view: PodView,
  planned: PlannedContainer,
  life: ContainerLife,
  state: ContainerState,
  context: StatusContext,
): ContainerState | undefined {
  if (life.kind === 'exited' && state.waiting !== undefined)
    return { terminated: terminatedOf(view, life.end, context) };
  const before = instancesOf(view, planned.name)[life.kind === 'absent' ? 0 : 1];
  if (before?.state.kind !== 'exited') return undefined;
  return { terminated: terminatedOf(view, endOf(before, before.state, false), context) };
}

function terminatedOf(
  view: PodView,
  end: ContainerEnd,
  context: StatusContext,
): NonNullable<ContainerState['terminated']> {
  const message = view.terminationMessage(end.containerId) || end.message;
  return {
    exitCode: end.exitCode,
    reason: end.reason,
    ...(message === '' ? {} : { message }),
    ...(end.startedAtMs === 0 ? {} : { startedAt: timeOf(end.startedAtMs) }),
    finishedAt: timeOf(end.finishedAtMs),
    ...(end.containerId === '' ? {} : { containerID: `${context.runtimeName}://${end.containerId}` }),
  };
}

/** A Kubernetes time: RFC 3339 in UTC, in whole seconds. */
export function timeOf(ms: number): string {
  return rfc3339(ms);
}

import type { ContainerStatus, Pod, PodStatus } from '@gantry/model/gen/gantry.core.v1.ts';
import type { ResizeState } from '../resize/resizes.ts';
import type { ObservedContainer, ObservedSandbox } from '../runtime/runtime.ts';
import type { Rejection } from './admission.ts';
import { keys } from './labels.ts';
import type { PodMemory } from './memory.ts';
import { type PlannedContainer, plannedContainers, reportedStatuses } from './spec.ts';

/** The probes' verdict on one container. */
export interface ProbeVerdict {
  /** Its startup probe succeeded, or it has none. */
  readonly started: boolean;
  /** Its readiness probe succeeds, or it has none. */
  readonly ready: boolean;
  /** The probe that wants it restarted. */
  readonly failed?: { readonly probe: 'Liveness' | 'Startup'; readonly graceSeconds?: number };
}

/** All inputs of a decision about one pod. A decision reads nothing else. */
export interface PodView {
  /** The pod as the api has it, or had it last, with the resources that are set aside for it. */
  readonly pod: Pod;
  /** The agent's last status, or the api's before the first: it remembers containers that the runtime has forgotten. */
  readonly previous: PodStatus | undefined;
  /** Its object is gone from the api. */
  readonly removed: boolean;
  /** Its sandboxes as the runtime has them, any order. */
  readonly sandboxes: readonly ObservedSandbox[];
  readonly memory: PodMemory;
  /** The probes' verdict on a running container; undefined before its first check. */
  readonly verdict: (containerId: string) => ProbeVerdict | undefined;
  /** The termination message of a container that ended; empty if it wrote none. */
  readonly terminationMessage: (containerId: string) => string;
  /** The node's refusal to run the pod; undefined if it runs it. */
  readonly rejection: Rejection | undefined;
  /** How its resize stands. `pod` has what is set aside for it, which its spec in the api may not be. */
  readonly resize: ResizeState;
  /** By the wall clock: for times that are shown or come from elsewhere. */
  readonly nowMs: number;
  /** By the monotonic clock: for waits of this agent. */
  readonly monotonicMs: number;
}

/** How a container ended. */
export interface ContainerEnd {
  /** Empty where the runtime has no record any more and the api's status names none. */
  readonly containerId: string;
  readonly attempt: number;
  readonly exitCode: number;
  readonly reason: string;
  readonly message: string;
  /** 0 if it never started. */
  readonly startedAtMs: number;
  readonly finishedAtMs: number;
  /** Its back-off before its start, in milliseconds; undefined for the first instance. */
  readonly restartDelayMs: number | undefined;
  /** It ended in the pod's current sandbox. */
  readonly inCurrentSandbox: boolean;
}

/** A moment of the wall clock on the monotonic one. */
export function monotonicOf(view: PodView, wallMs: number): number {
  return view.monotonicMs + (wallMs - view.nowMs);
}

/** The stage of a container's life. */
export type ContainerLife =
  | { readonly kind: 'absent' }
  | { readonly kind: 'created'; readonly container: ObservedContainer }
  /** Its start was called off before anything ran, as happens when an agent is killed in the middle of it. */
  | { readonly kind: 'interrupted'; readonly container: ObservedContainer }
  | { readonly kind: 'running'; readonly container: ObservedContainer; readonly startedAtMs: number }
  | { readonly kind: 'exited'; readonly end: ContainerEnd };

/** The sandbox that the pod's containers run in: the newest one that lives. */
export function currentSandbox(view: PodView): ObservedSandbox | undefined {
  return byAttempt(view.sandboxes).findLast((sandbox) => sandbox.ready);
}

/** Attempt number for the pod's next sandbox. */
export function nextSandboxAttempt(view: PodView): number {
  return view.sandboxes.reduce((next, sandbox) => Math.max(next, sandbox.attempt + 1), 0);
}

/** All instances of a container that the runtime has, in any sandbox, newest first. */
export function instancesOf(view: PodView, name: string): ObservedContainer[] {
  return byAttempt(view.sandboxes.flatMap((sandbox) => sandbox.containers))
    .filter((container) => container.name === name)
    .reverse();
}

/** The container's present stage by the runtime; without a record there, by the last report to the api. */
export function lifeOf(view: PodView, planned: PlannedContainer): ContainerLife {
  const newest = instancesOf(view, planned.name)[0];
  const current = currentSandbox(view);
  if (newest === undefined) return lifeFromStatus(view, planned);
  const inCurrentSandbox = newest.sandboxId === current?.id;
  switch (newest.state.kind) {
    case 'created':
      return inCurrentSandbox ? { kind: 'created', container: newest } : { kind: 'exited', end: lostEnd(newest, view) };
    case 'running':
      return isLive(view, newest)
        ? { kind: 'running', container: newest, startedAtMs: newest.state.startedAtMs }
        : { kind: 'exited', end: lostEnd(newest, view) };
    case 'exited':
      return inCurrentSandbox && wasInterrupted(newest.state)
        ? { kind: 'interrupted', container: newest }
        : { kind: 'exited', end: endOf(newest, newest.state, inCurrentSandbox) };
    case 'unknown':
      return { kind: 'exited', end: { ...lostEnd(newest, view), inCurrentSandbox } };
  }
}

/** How an exited instance ended. */
export function endOf(
  container: ObservedContainer,
  state: Extract<ObservedContainer['state'], { kind: 'exited' }>,
  inCurrentSandbox: boolean,
): ContainerEnd {
  const delay = container.annotations[keys.restartDelayMs];
  return {
    containerId: container.id,
    attempt: container.attempt,
    exitCode: state.exitCode,
    reason: state.reason,
    message: state.message,
    startedAtMs: state.startedAtMs,
    finishedAtMs: state.finishedAtMs,
    restartDelayMs: delay === undefined ? undefined : Number(delay),
    inCurrentSandbox,
  };
}

/**
 * A start that ended before its process existed, because whoever asked for it went away; these are containerd's words for it. It says
 * nothing of the container, so it neither counts as a restart nor fails a pod under Never. Where containerd had got further, the
 * process may have run for a moment: that is a start like any other.
 */
function wasInterrupted({
  reason,
  message,
  startedAtMs,
}: Extract<ObservedContainer['state'], { kind: 'exited' }>): boolean {
  return (
    reason === 'StartError' &&
    startedAtMs === 0 &&
    /^failed to create containerd task: .*(context canceled|signal: killed)/.test(message)
  );
}

/** Runs, in a sandbox that lives. */
function isLive(view: PodView, container: ObservedContainer): boolean {
  return view.sandboxes.some((sandbox) => sandbox.id === container.sandboxId && sandbox.ready);
}

/** The containers that run now, in whatever sandbox. */
export function runningContainers(view: PodView): ObservedContainer[] {
  return view.sandboxes
    .filter((sandbox) => sandbox.ready)
    .flatMap((sandbox) => sandbox.containers)
    .filter((container) => container.state.kind === 'running');
}

/** Every planned container with its life. */
export function lives(view: PodView): { readonly planned: PlannedContainer; readonly life: ContainerLife }[] {
  return plannedContainers(view.pod).map((planned) => ({ planned, life: lifeOf(view, planned) }));
}

/** 137 is what a process killed by SIGKILL exits with; Kubernetes reports containers that vanished in these words. */
function lostEnd(container: ObservedContainer, view: PodView): ContainerEnd {
  const delay = container.annotations[keys.restartDelayMs];
  return {
    containerId: container.id,
    attempt: container.attempt,
    exitCode: 137,
    reason: 'ContainerStatusUnknown',
    message: 'The container could not be located when the pod was terminated',
    startedAtMs: container.state.kind === 'running' ? container.state.startedAtMs : 0,
    finishedAtMs: Math.max(container.createdAtMs, view.memory.seenAtMs),
    restartDelayMs: delay === undefined ? undefined : Number(delay),
    inCurrentSandbox: false,
  };
}

/** Ends that were reported of containers that the runtime has no record of. */
function lifeFromStatus(view: PodView, planned: PlannedContainer): ContainerLife {
  const status = reportedStatuses(view.previous).find((candidate) => candidate.name === planned.name);
  if (status === undefined) return { kind: 'absent' };
  const end = reportedEnd(status, view);
  return end === undefined ? { kind: 'absent' } : { kind: 'exited', end };
}

function reportedEnd(status: ContainerStatus, view: PodView): ContainerEnd | undefined {
  const ended = status.state?.terminated ?? status.lastState?.terminated;
  const running = status.state?.running;
  const common = { attempt: status.restartCount ?? 0, restartDelayMs: undefined, inCurrentSandbox: false };
  if (running !== undefined) {
    return {
      ...common,
      containerId: bareId(status.containerID),
      exitCode: 137,
      reason: 'ContainerStatusUnknown',
      message: 'The container could not be located when the pod was terminated',
      startedAtMs: timeMs(running.startedAt),
      finishedAtMs: view.memory.seenAtMs,
    };
  }
  if (ended === undefined) return undefined;
  return {
    ...common,
    containerId: bareId(ended.containerID),
    exitCode: ended.exitCode ?? 0,
    reason: ended.reason ?? '',
    message: ended.message ?? '',
    startedAtMs: timeMs(ended.startedAt),
    finishedAtMs: timeMs(ended.finishedAt),
  };
}

/** `containerd://abc` is `abc` to the runtime. */
function bareId(reported: string | undefined): string {
  return (reported ?? '').replace(/^[a-z-]+:\/\//, '');
}

/** Milliseconds since the Unix epoch of a Kubernetes time; 0 if absent. */
export function timeMs(time: string | undefined): number {
  return time === undefined || time === '' ? 0 : Date.parse(time);
}

function byAttempt<T extends { readonly attempt: number; readonly createdAtMs: number }>(items: readonly T[]): T[] {
  return items.toSorted((a, b) => a.attempt - b.attempt || a.createdAtMs - b.createdAtMs);
}

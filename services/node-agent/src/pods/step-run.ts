import { resizeActions, stepsResize } from '../resize/step.ts';
import type { ObservedContainer, ObservedSandbox } from '../runtime/runtime.ts';
import { type Action, containerKey, type Decision, type StopReason } from './action.ts';
import { garbageOf } from './garbage.ts';
import { containerHash, keys } from './labels.ts';
import { isWantedAgain, restartDelayMs } from './restart.ts';
import { graceMsOf, type PlannedContainer, plannedContainers, reportedStatuses } from './spec.ts';
import { verdictOf } from './verdict.ts';
import {
  type ContainerEnd,
  type ContainerLife,
  currentSandbox,
  instancesOf,
  lifeOf,
  monotonicOf,
  nextSandboxAttempt,
  type PodView,
  runningContainers,
} from './view.ts';

/** Instances that should not be there get this long to end, in milliseconds. */
const surplusGraceMs = 2_000;

/** Actions for a pod that is to run. */
export function stepRun(view: PodView): Decision {
  const actions: Action[] = [];
  if (view.memory.volumes !== 'ready') actions.push({ kind: 'prepareVolumes' });
  const current = currentSandbox(view);
  if (current === undefined)
    return { actions: [...actions, ...replaceSandbox(view)], wakeAtMs: Number.POSITIVE_INFINITY };

  const surplus = surplusActions(view, current);
  if (surplus.length > 0) return { actions: [...actions, ...surplus], wakeAtMs: Number.POSITIVE_INFINITY };
  const containers = view.memory.volumes === 'ready' ? stepContainers(view, current) : idle;
  return {
    actions: [...actions, ...containers.actions, ...resizeActions(view), ...garbageOf(view, current)],
    wakeAtMs: containers.wakeAtMs,
  };
}

const idle: Decision = { actions: [], wakeAtMs: Number.POSITIVE_INFINITY };

/** Dead sandboxes give their network (host ports, address) back before the next one is made. */
function replaceSandbox(view: PodView): Action[] {
  const unstopped = view.sandboxes.filter((sandbox) => !view.memory.stoppedSandboxes.has(sandbox.id));
  if (unstopped.length > 0) return unstopped.map((sandbox) => ({ kind: 'stopSandbox', sandboxId: sandbox.id }));
  return [{ kind: 'startSandbox', attempt: nextSandboxAttempt(view) }];
}

/** Nothing is started while anything of the pod runs where it should not. */
function surplusActions(view: PodView, current: ObservedSandbox): Action[] {
  const seen = new Set<string>();
  const actions: Action[] = [];
  const newestFirst = runningContainers(view).toSorted(
    (a, b) => b.attempt - a.attempt || b.createdAtMs - a.createdAtMs,
  );
  for (const container of newestFirst) {
    const misplaced = container.sandboxId !== current.id || seen.has(container.name);
    if (misplaced) actions.push(stop(container, surplusGraceMs, { kind: 'surplus' }));
    else seen.add(container.name);
  }
  for (const sandbox of view.sandboxes) {
    if (sandbox.ready && sandbox.id !== current.id && !sandbox.containers.some((c) => c.state.kind === 'running')) {
      actions.push({ kind: 'stopSandbox', sandboxId: sandbox.id });
    }
  }
  return actions;
}

function stepContainers(view: PodView, current: ObservedSandbox): Decision {
  const planned = plannedContainers(view.pod);
  const parts: Decision[] = [];
  const mainBegan = planned.some(
    ({ name, role }) => role === 'main' && current.containers.some((c) => c.name === name),
  );
  for (const container of planned) {
    const life = lifeOf(view, container);
    if (container.role === 'main') {
      parts.push(stepOne(view, current, container, life));
    } else if (container.role === 'ephemeral') {
    } else if (container.role === 'sidecar') {
      parts.push(stepOne(view, current, container, life));
      if (!mainBegan && !isStartedSidecar(view, container, life)) break;
    } else if (!mainBegan && !isDone(life)) {
      parts.push(stepOne(view, current, container, life));
      break;
    }
  }
  // Containers that were added to look at the pod start whatever holds the others up.
  const added = planned.filter(({ role }) => role === 'ephemeral');
  const looks = added.map((container) => stepOne(view, current, container, lifeOf(view, container)));
  const actions = parts.flatMap((part) => part.actions);
  return {
    actions: [...oneStart(view, actions), ...looks.flatMap((part) => part.actions)],
    wakeAtMs: Math.min(Number.POSITIVE_INFINITY, ...[...parts, ...looks].map((part) => part.wakeAtMs)),
  };
}

/**
 * Containers start in order, each once the start of the one before it (with its image and its postStart hook) came to an end, as with
 * Kubernetes. One that waits for another attempt holds nobody back.
 */
function oneStart(view: PodView, actions: readonly Action[]): Action[] {
  const { busy, troubles } = view.memory;
  let isStarting = plannedContainers(view.pod).some(
    ({ name, role }) => role !== 'ephemeral' && busy.has(containerKey(name)),
  );
  return actions.filter((action) => {
    if (action.kind !== 'startContainer') return true;
    if (isStarting) return false;
    isStarting = (troubles.get(containerKey(action.name))?.retryAtMs ?? Number.NEGATIVE_INFINITY) <= view.monotonicMs;
    return true;
  });
}

/** An init container succeeded in the sandbox that the pod runs in. */
function isDone(life: ContainerLife): boolean {
  return life.kind === 'exited' && life.end.inCurrentSandbox && life.end.exitCode === 0;
}

/** A sidecar lets the next container begin once it runs, its postStart hook is through and its startup probe succeeded. */
function isStartedSidecar(view: PodView, planned: PlannedContainer, life: ContainerLife): boolean {
  if (life.kind !== 'running' || view.memory.busy.has(containerKey(planned.name))) return false;
  return verdictOf(view, planned, life.container.id).started;
}

function stepOne(view: PodView, current: ObservedSandbox, planned: PlannedContainer, life: ContainerLife): Decision {
  switch (life.kind) {
    case 'absent':
      return { actions: [start(view, current, planned, undefined)], wakeAtMs: Number.POSITIVE_INFINITY };
    case 'created':
      return finishStart(current, planned, life.container);
    case 'interrupted':
      return {
        actions: [{ kind: 'removeContainer', containerId: life.container.id }],
        wakeAtMs: Number.POSITIVE_INFINITY,
      };
    case 'running':
      return checkRunning(view, planned, life.container);
    case 'exited':
      return isWantedAgain(view, planned, life.end) ? restart(view, current, planned, life.end) : idle;
  }
}

/** Made and not started: an agent was killed in between, or never heard the answer. */
function finishStart(current: ObservedSandbox, planned: PlannedContainer, container: ObservedContainer): Decision {
  const actions: Action[] =
    container.labels[keys.containerHash] === containerHash(planned.spec)
      ? [
          {
            kind: 'startContainer',
            name: planned.name,
            sandboxId: current.id,
            attempt: container.attempt,
            delayMs: undefined,
            createdId: container.id,
          },
        ]
      : [{ kind: 'removeContainer', containerId: container.id }];
  return { actions, wakeAtMs: Number.POSITIVE_INFINITY };
}

function checkRunning(view: PodView, planned: PlannedContainer, container: ObservedContainer): Decision {
  const wakeAtMs = Number.POSITIVE_INFINITY;
  if (container.labels[keys.containerHash] !== containerHash(planned.spec)) {
    return { actions: [stop(container, graceMsOf(view.pod), { kind: 'specChanged' })], wakeAtMs };
  }
  if (stepsResize(view, planned.spec, container.id) === 'restart') {
    return { actions: [stop(container, graceMsOf(view.pod), { kind: 'resize' })], wakeAtMs };
  }
  const failed = verdictOf(view, planned, container.id).failed;
  if (failed === undefined) return idle;
  const graceMs = failed.graceSeconds === undefined ? graceMsOf(view.pod) : failed.graceSeconds * 1_000;
  return { actions: [stop(container, graceMs, { kind: 'probe', probe: failed.probe })], wakeAtMs };
}

function restart(view: PodView, current: ObservedSandbox, planned: PlannedContainer, end: ContainerEnd): Decision {
  const succeededInit = planned.role === 'init' && end.exitCode === 0;
  const isResized = view.memory.stoppedToResize.has(end.containerId);
  const delayMs = succeededInit || isResized ? 0 : restartDelayMs(end);
  // A wall clock that was stepped back must not make it wait for longer than its delay.
  const seenAtMs = view.memory.exitsSeen.get(end.containerId) ?? Number.POSITIVE_INFINITY;
  const atMs = Math.min(monotonicOf(view, end.finishedAtMs), seenAtMs) + delayMs;
  if (atMs > view.monotonicMs) return { actions: [], wakeAtMs: atMs };
  return { actions: [start(view, current, planned, delayMs)], wakeAtMs: Number.POSITIVE_INFINITY };
}

function start(
  view: PodView,
  current: ObservedSandbox,
  planned: PlannedContainer,
  delayMs: number | undefined,
): Action {
  return {
    kind: 'startContainer',
    name: planned.name,
    sandboxId: current.id,
    attempt: nextAttempt(view, planned),
    delayMs,
    createdId: undefined,
  };
}

/** One more than any instance that the runtime has or that was ever reported. */
function nextAttempt(view: PodView, planned: PlannedContainer): number {
  const observed = instancesOf(view, planned.name)[0];
  const reported = reportedStatuses(view.previous).find((status) => status.name === planned.name);
  const ran = reported?.state?.running ?? reported?.state?.terminated ?? reported?.lastState?.terminated;
  return Math.max(
    observed === undefined ? 0 : observed.attempt + 1,
    ran === undefined ? 0 : (reported?.restartCount ?? 0) + 1,
  );
}

function stop(container: ObservedContainer, graceMs: number, why: StopReason): Action {
  return { kind: 'stopContainer', name: container.name, containerId: container.id, graceMs, why };
}

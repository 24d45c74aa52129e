import type { ObservedContainer } from '../runtime/runtime.ts';
import type { Action, Decision } from './action.ts';
import { keys } from './labels.ts';
import { isWantedAgain } from './restart.ts';
import { graceMsOf, type PlannedContainer, plannedContainers, restartPolicyOf } from './spec.ts';
import { type ContainerLife, currentSandbox, lives, type PodView, runningContainers, timeMs } from './view.ts';

/** However short the grace period, a container gets this long between its stop signal and being killed. */
const leastGraceMs = 1_000;

/** The reason for which a pod ends. */
export type Ending =
  /** Deletion was asked for, or its object is gone already: nothing of it stays. */
  | { readonly kind: 'deleted'; readonly graceMs: number }
  /** It ran its course or failed: its containers stay for their logs, and nothing starts any more. */
  | { readonly kind: 'finished'; readonly graceMs: number }
  /** A reason to fail was found just now; this is to be remembered. */
  | { readonly kind: 'fails'; readonly mark: Extract<Action, { kind: 'markFailed' }> };

/** The reason to end the pod now; undefined if it is to run. */
export function endingOf(view: PodView): Ending | undefined {
  const { pod, memory } = view;
  if (view.removed || pod.metadata.deletionTimestamp !== undefined)
    return { kind: 'deleted', graceMs: deletionGraceMs(view) };
  const graceMs = memory.eviction === undefined ? graceMsOf(pod) : leastGraceMs;
  if (memory.failed !== undefined || isTerminal(pod.status?.phase) || isTerminal(view.previous?.phase)) {
    return { kind: 'finished', graceMs };
  }
  const mark = failureOf(view);
  if (mark !== undefined) return { kind: 'fails', mark };
  return isOver(view) ? { kind: 'finished', graceMs } : undefined;
}

/** The mark of a pod that has to fail now, for its status and its event. */
function failureOf(view: PodView): Extract<Action, { kind: 'markFailed' }> | undefined {
  const { rejection, memory } = view;
  if (rejection !== undefined && view.sandboxes.length === 0) {
    const { reason, message } = rejection;
    return { ...failure(reason, `Pod was rejected: ${message}`), event: { type: 'Warning', message } };
  }
  if (memory.eviction !== undefined) return failure('Evicted', memory.eviction.message);
  if (deadlineMs(view) > view.nowMs) return undefined;
  const message = 'Pod was active on the node longer than the specified deadline';
  return { ...failure('DeadlineExceeded', message), event: { type: 'Normal', message } };
}

function failure(reason: string, message: string): Extract<Action, { kind: 'markFailed' }> {
  return { kind: 'markFailed', reason, message, event: { type: 'Warning', message } };
}

function isTerminal(phase: string | undefined): boolean {
  return phase === 'Succeeded' || phase === 'Failed';
}

/** metadata.deletionTimestamp is when the grace period ends. A pod whose object was taken away without one gets its own. */
function deletionGraceMs(view: PodView): number {
  const { deletionTimestamp, deletionGracePeriodSeconds } = view.pod.metadata;
  if (deletionTimestamp === undefined) return Math.max(leastGraceMs, graceMsOf(view.pod));
  const wholeMs = (deletionGracePeriodSeconds ?? 0) * 1_000;
  const leftMs = timeMs(deletionTimestamp) - view.nowMs;
  return Math.max(leastGraceMs, Math.min(wholeMs, leftMs));
}

/** End of spec.activeDeadlineSeconds by the wall clock; Infinity without one. */
export function deadlineMs(view: PodView): number {
  const seconds = view.pod.spec?.activeDeadlineSeconds;
  if (seconds === undefined) return Number.POSITIVE_INFINITY;
  return (timeMs(view.previous?.startTime) || view.memory.seenAtMs) + seconds * 1_000;
}

/** No main container runs or will run again, or an init container failed for good. */
function isOver(view: PodView): boolean {
  const all = lives(view);
  if (restartPolicyOf(view.pod) === 'Never' && currentSandbox(view) === undefined && all.some(hasRun)) return true;
  const ended = (planned: PlannedContainer, life: ContainerLife): boolean =>
    life.kind === 'exited' && !isWantedAgain(view, planned, life.end);
  if (all.some(({ planned, life }) => planned.role === 'init' && ended(planned, life) && failed(life))) return true;
  const mains = all.filter(({ planned }) => planned.role === 'main');
  return mains.length > 0 && mains.every(({ planned, life }) => ended(planned, life));
}

function hasRun({ life }: { readonly life: ContainerLife }): boolean {
  return life.kind === 'exited';
}

function failed(life: ContainerLife): boolean {
  return life.kind === 'exited' && life.end.exitCode !== 0;
}

/** Actions for a pod that ends: stop main containers, then sidecars from the last to the first, then the sandbox; then clean the disk. */
export function stepEnd(view: PodView, ending: Ending): Decision {
  return { actions: endActions(view, ending), wakeAtMs: Number.POSITIVE_INFINITY };
}

function endActions(view: PodView, ending: Ending): Action[] {
  if (ending.kind === 'fails') return [ending.mark];
  const aborts = [...view.memory.busy]
    .filter(([, operation]) => operation.kind === 'start')
    .map(([key]): Action => ({ kind: 'abort', key }));
  const stops = stopsInOrder(view, ending.graceMs);
  // A start under way may still bring a container to life: decide again after it.
  if (aborts.length > 0 || stops.length > 0) return [...aborts, ...stops];
  const unstopped = view.sandboxes.filter((sandbox) => sandbox.ready || !view.memory.stoppedSandboxes.has(sandbox.id));
  if (unstopped.length > 0) return unstopped.map(({ id }) => ({ kind: 'stopSandbox', sandboxId: id }));
  const everything = ending.kind === 'deleted';
  if (everything && view.sandboxes.length > 0) {
    return view.sandboxes.map(({ id }) => ({ kind: 'removeSandbox', sandboxId: id }));
  }
  const clean = view.memory.volumes === 'cleaned' && (!everything || view.memory.diskCleaned);
  return clean ? [] : [{ kind: 'cleanUp', everything }];
}

function stopsInOrder(view: PodView, graceMs: number): Action[] {
  const running = runningContainers(view);
  const first = running.filter((container) => container.labels[keys.role] !== 'sidecar');
  const order = plannedContainers(view.pod).map(({ name }) => name);
  const lastSidecar = running.toSorted((a, b) => order.indexOf(b.name) - order.indexOf(a.name)).slice(0, 1);
  return (first.length > 0 ? first : lastSidecar).map((container) => stopOf(container, graceMs));
}

function stopOf(container: ObservedContainer, graceMs: number): Action {
  return { kind: 'stopContainer', name: container.name, containerId: container.id, graceMs, why: { kind: 'podEnds' } };
}

/** Nothing of a deleted pod is left: its object may go. */
export function isGone(view: PodView): boolean {
  const ends = view.removed || view.pod.metadata.deletionTimestamp !== undefined;
  return ends && view.sandboxes.length === 0 && view.memory.busy.size === 0 && view.memory.diskCleaned;
}

/** A pod's state in one word, as kubectl prints it, and how many of its containers are ready and were restarted. */
import type { ContainerState, ContainerStatus, Pod } from '../../gen/gantry.core.v1.ts';

/** A pod's line in a list: phase or reason, ready containers and restarts. */
export interface PodSummary {
  /** Such as Running, CrashLoopBackOff, Init:0/1 or Terminating. */
  readonly state: string;
  /** Containers that count as ready, sidecars among them. */
  readonly ready: number;
  /** Containers that run as long as the pod does. */
  readonly total: number;
  readonly restarts: number;
  /** When a container that was restarted last ended before; undefined where none was. Milliseconds since 1970. */
  readonly lastRestartMs: number | undefined;
}

interface Start {
  /** The init container that the pod waits for; undefined once all have ended. */
  readonly state: string | undefined;
  readonly readySidecars: number;
  /** Statuses of the init containers up to the one that the pod waits for. */
  readonly seen: readonly ContainerStatus[];
}

/** Sums up a pod. */
export function summarizePod(pod: Pod): PodSummary {
  const { spec, status = {}, metadata } = pod;
  const sidecars = new Set(
    (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always').map(({ name }) => name),
  );
  const start = summarizeStart(pod, sidecars);
  const isStarted = start.state === undefined || conditionOf(pod, 'Initialized')?.status === 'True';
  const containers = isStarted ? (status.containerStatuses ?? []) : [];
  const counted = isStarted ? [...start.seen.filter(({ name }) => sidecars.has(name)), ...containers] : start.seen;
  const isGated = conditionOf(pod, 'PodScheduled')?.reason === 'SchedulingGated';
  const waiting = start.state ?? (status.reason || (isGated ? 'SchedulingGated' : status.phase) || 'Unknown');
  const state = stateOfContainers(pod, containers) ?? waiting;
  return {
    state: metadata.deletionTimestamp === undefined ? state : stateOfLeaving(pod, state),
    ready: start.readySidecars + containers.filter(isRunningReady).length,
    total: spec.containers.length + sidecars.size,
    restarts: counted.reduce((sum, { restartCount = 0 }) => sum + restartCount, 0),
    lastRestartMs: lastEnd(counted),
  };
}

/** Readiness gates that are open, of how many; undefined where the pod has none. */
export function readinessGates(pod: Pod): { readonly open: number; readonly total: number } | undefined {
  const gates = pod.spec.readinessGates ?? [];
  if (gates.length === 0) return undefined;
  const open = gates.filter(({ conditionType }) => conditionOf(pod, conditionType)?.status === 'True').length;
  return { open, total: gates.length };
}

/** How far the init containers are: they run one after the other, sidecars stay. */
function summarizeStart({ spec, status = {} }: Pod, sidecars: ReadonlySet<string>): Start {
  const statuses = status.initContainerStatuses ?? [];
  const total = spec.initContainers?.length ?? 0;
  let readySidecars = 0;
  for (const [index, each] of statuses.entries()) {
    const { name, state = {}, started = false, ready = false } = each;
    if (state.terminated !== undefined && (state.terminated.exitCode ?? 0) === 0) continue;
    if (sidecars.has(name) && started) {
      if (ready) readySidecars++;
      continue;
    }
    const seen = statuses.slice(0, index + 1);
    return { state: `Init:${blockerOf(state) ?? `${index}/${total}`}`, readySidecars, seen };
  }
  return { state: undefined, readySidecars, seen: statuses };
}

/** Why an init container doesn't get on; undefined where it just isn't there yet. */
function blockerOf({ terminated, waiting }: ContainerState): string | undefined {
  if (terminated !== undefined) return endOf(terminated);
  return waiting?.reason && waiting.reason !== 'PodInitializing' ? waiting.reason : undefined;
}

/** Reason of the first container that has one; undefined if none has. */
function stateOfContainers(pod: Pod, statuses: readonly ContainerStatus[]): string | undefined {
  const told = statuses.flatMap(({ state: { waiting, terminated } = {} }) => {
    if (waiting?.reason) return [waiting.reason];
    return terminated === undefined ? [] : [endOf(terminated)];
  });
  if (told[0] !== 'Completed' || !statuses.some(isRunningReady)) return told[0];
  return conditionOf(pod, 'Ready')?.status === 'True' ? 'Running' : 'NotReady';
}

function endOf({ reason, signal = 0, exitCode = 0 }: NonNullable<ContainerState['terminated']>): string {
  return reason || (signal === 0 ? `ExitCode:${exitCode}` : `Signal:${signal}`);
}

/** A pod that is being deleted. One that has ended keeps telling how. */
function stateOfLeaving({ status = {} }: Pod, state: string): string {
  if (status.reason === 'NodeLost') return 'Unknown';
  return status.phase === 'Succeeded' || status.phase === 'Failed' ? state : 'Terminating';
}

function isRunningReady({ ready, state }: ContainerStatus): boolean {
  return ready === true && state?.running !== undefined;
}

function lastEnd(statuses: readonly ContainerStatus[]): number | undefined {
  const ends = statuses
    .map(({ lastState }) => Date.parse(lastState?.terminated?.finishedAt ?? ''))
    .filter((end) => !Number.isNaN(end));
  return ends.length === 0 ? undefined : Math.max(...ends);
}

function conditionOf({ status }: Pod, type: string): { readonly status: string; readonly reason?: string } | undefined {
  return status?.conditions?.find((condition) => condition.type === type);
}

import type { Clock } from '@gantry/runtime/clock.ts';
import type { Action, AnyObject, Controller, View } from '../core/action.ts';
import type { Measured, PodUse } from '../core/measure.ts';
import { observe, type WatchedOf } from './observe.ts';
import { type AdviceSettings, defaultAdviceSettings } from './settings.ts';
import { workloadKinds } from './workloads.ts';
import { adviceName, readUsage, type Watched, writtenAdvice } from './written.ts';

/** Advices that are written in one plan; the others wait for the next look. */
const maxWrites = 64;

/** Memory of one namespace. Times are of the monotonic clock. */
interface Memory {
  dueMs: number;
  look?: { readonly id: string; measured?: Measured };
  /** Advices of the latest plan, with the time of the write before it: they count as written unless the plan failed. */
  pending: { readonly watched: Watched; readonly writtenMs: number | undefined }[];
  /** By the uid of the workload. */
  readonly workloads: Map<string, Watched>;
}

/**
 * Advises on the requests of workloads by what their pods use: gathers samples each minute, keeps distributions in which older ones count for less, and
 * writes a ResourceAdvice for each workload now and then. It changes no workload. Keys are namespaces.
 */
export function adviceController(
  clock: Pick<Clock, 'monotonic'>,
  settings: AdviceSettings = defaultAdviceSettings,
): Controller {
  const memories = new Map<string, Memory>();
  let looks = 0;
  const count = (): number => memories.values().reduce((sum, { workloads }) => sum + workloads.size, 0);
  return {
    name: 'resource-advice',
    watches: ['Pod', 'ResourceAdvice', 'HorizontalPodAutoscaler', ...workloadKinds],
    keysFor: (object: AnyObject) => (object.kind === 'Pod' ? [object.metadata.namespace ?? ''] : []),
    // A namespace is looked at in each period: what its pods do is no reason to look earlier.
    batchMs: () => settings.sampleMs,

    reconcile(namespace: string, view: View, nowMs: number): readonly Action[] {
      const memory = memories.get(namespace) ?? remember(namespace, view, clock.monotonic());
      memories.set(namespace, memory);
      forgetGone(memory, view, namespace);
      const pods = [...view.list('Pod', namespace)];
      if (memory.look === undefined && memory.dueMs > clock.monotonic()) return [next(memory, clock)];
      if (pods.length === 0) {
        const last = writes(memory, view, nowMs, clock, 0);
        if (last.length === 0) memories.delete(namespace);
        return last.length === 0 ? [] : [...last, { type: 'requeue', afterMs: settings.sampleMs }];
      }
      if (memory.look?.measured === undefined) {
        memory.look = { id: `${namespace}/${++looks}` };
        const questions = [{ type: 'podMetrics', namespace, labelSelector: '' } as const];
        return [
          { type: 'measure', measurement: { id: memory.look.id, questions } },
          { type: 'requeue', afterMs: 0 },
        ];
      }
      const watchedOf = watchedIn(memory, () => count() >= settings.maxWorkloads);
      observe(pods, usesOf(memory.look.measured), view, watchedOf, nowMs);
      delete memory.look;
      memory.dueMs = clock.monotonic() + settings.sampleMs;
      return [...writes(memory, view, nowMs, clock, settings.writeMs), next(memory, clock)];
    },

    failed(namespace: string): void {
      const memory = memories.get(namespace);
      for (const { watched, writtenMs } of memory?.pending ?? []) {
        watched.isChanged = true;
        watched.writtenMs = writtenMs;
      }
    },

    measured(namespace: string, measured: Measured): void {
      const look = memories.get(namespace)?.look;
      if (look?.id === measured.id) look.measured = measured;
    },
  };
}

/** Finds the record of a workload, and makes one as long as there may be more. */
function watchedIn({ workloads }: Memory, isFull: () => boolean): WatchedOf {
  return (workload) => {
    const uid = workload.metadata.uid ?? '';
    const known = workloads.get(uid);
    if (known !== undefined || isFull()) return known;
    const made = unwatched(workload);
    workloads.set(uid, made);
    return made;
  };
}

function next({ dueMs }: Memory, clock: Pick<Clock, 'monotonic'>): Action {
  return { type: 'requeue', afterMs: Math.max(0, dueMs - clock.monotonic()) };
}

function unwatched(workload: AnyObject): Watched {
  return { workload, containers: new Map(), specs: [], pods: 0, writtenMs: undefined, isChanged: false };
}

/** The memory of a namespace, from the advice that was written there. */
function remember(namespace: string, view: View, dueMs: number): Memory {
  const workloads = new Map<string, Watched>();
  for (const advice of view.list('ResourceAdvice', namespace)) {
    const { kind, name } = advice.workload;
    const found = workloadKinds.find((each) => each === kind);
    const workload = found && (view.get(found, namespace, name) as AnyObject | undefined);
    const uid = workload?.metadata.uid;
    const isOwn = advice.metadata.ownerReferences?.some((owner) => owner.uid === uid);
    if (workload === undefined || uid === undefined || !isOwn) continue;
    workloads.set(uid, { ...unwatched(workload), containers: readUsage(advice), writtenMs: dueMs });
  }
  return { dueMs, workloads, pending: [] };
}

/** Forgets workloads that are gone, and what was seen of those whose advice somebody deleted. */
function forgetGone({ workloads }: Memory, view: View, namespace: string): void {
  for (const [uid, watched] of workloads) {
    const { kind, metadata } = watched.workload;
    const found = workloadKinds.find((each) => each === kind)!;
    const isThere = (view.get(found, namespace, metadata.name) as AnyObject | undefined)?.metadata.uid === uid;
    const isDeleted =
      watched.writtenMs !== undefined &&
      view.get('ResourceAdvice', namespace, adviceName(watched.workload)) === undefined;
    if (!isThere || isDeleted) workloads.delete(uid);
  }
}

function usesOf({ answers: [answer] }: Measured): readonly PodUse[] {
  return answer?.type === 'podMetrics' ? answer.pods : [];
}

/** Writes of advice that is not written yet, or was written long enough ago and is out of date. */
function writes(memory: Memory, view: View, nowMs: number, clock: Pick<Clock, 'monotonic'>, afterMs: number): Action[] {
  const atMs = clock.monotonic();
  const due = [...memory.workloads.values()].filter(
    ({ isChanged, writtenMs }) => isChanged && (writtenMs === undefined || atMs - writtenMs >= afterMs),
  );
  const chosen = due.slice(0, maxWrites);
  memory.pending = chosen.map((watched) => ({ watched, writtenMs: watched.writtenMs }));
  return chosen.map((watched): Action => {
    const { namespace = '' } = watched.workload.metadata;
    const stored = view.get('ResourceAdvice', namespace, adviceName(watched.workload));
    watched.writtenMs = atMs;
    watched.isChanged = false;
    const object = writtenAdvice(watched, stored, view, nowMs);
    return { type: stored === undefined ? 'create' : 'update', object };
  });
}

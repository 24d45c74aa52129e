import type { PodBatch } from '@gantry/client/placement-messages.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { PodCompiler } from '../compile/pod.ts';
import type { Profile } from '../profiles.ts';
import type { PodInfo } from '../requirement.ts';
import type { Scheduler } from '../scheduler.ts';
import type { ClusterState } from '../state/cluster.ts';
import type { PodClass, PodRecord } from '../state/pod-class.ts';

/** Pods of one class that are looked at together. */
export interface WaitingSet {
  readonly podClass: PodClass;
  readonly profile: Profile;
  readonly pods: readonly PodRecord[];
}

/** Sets of which enough pods must be placed for any to be. */
export interface WaitingUnit {
  readonly sets: readonly WaitingSet[];
  /** Pods that must be placed for any to be: those that a gang lacks, else 1. */
  readonly least: number;
}

/** All that waits, in the order in which it is placed. */
export interface Waiting {
  readonly units: readonly WaitingUnit[];
  /** Batches by the uid of their made-up pods; pods that exist stand for themselves. */
  readonly batchOf: ReadonlyMap<string, string>;
}

/** Made-up pods of a simulation, at most. */
const maxHeadroom = 20_000;

/** All that is to be placed, as records on a copy of the cluster. */
export function waitingOn(
  cluster: ClusterState,
  scheduler: Scheduler,
  uids: readonly string[],
  headroom: readonly PodBatch[],
  compiler: PodCompiler,
): Waiting {
  const gangs = new Map<string, { readonly pods: Admitted[]; readonly least: number }>();
  const single: Admitted[] = [];
  for (const uid of uids) {
    const entry = scheduler.queue.get(uid);
    if (entry === undefined || entry.place === 'gated' || entry.pod.node >= 0) continue;
    const admitted = admit(cluster, scheduler, entry.info);
    const gang = scheduler.cluster.gangs.of(uid);
    if (gang === undefined || (gang.info !== undefined && gang.lacks === 0)) single.push(admitted);
    else {
      const known = gangs.get(gang.key) ?? {
        pods: [],
        least: gang.info === undefined ? Number.POSITIVE_INFINITY : gang.lacks,
      };
      gangs.set(gang.key, known);
      known.pods.push(admitted);
    }
  }
  const units = [
    ...gangs.values().map(({ pods, least }) => ({ sets: setsOf(pods), least })),
    ...setsOf(single).map((set) => ({ sets: [set], least: 1 })),
  ].sort(byPriority);
  const batchOf = new Map<string, string>();
  const spare = setsOf(headroom.flatMap((batch) => made(batch, cluster, scheduler, compiler, batchOf)));
  return { units: [...units, ...spare.map((set) => ({ sets: [set], least: 1 }))], batchOf };
}

interface Admitted {
  readonly record: PodRecord;
  readonly profile: Profile;
}

function admit(cluster: ClusterState, { options }: Scheduler, info: PodInfo): Admitted {
  return { record: cluster.admit(info), profile: options.profiles[info.schedulerName]! };
}

function made(
  { id, pod, count }: PodBatch,
  cluster: ClusterState,
  scheduler: Scheduler,
  compiler: PodCompiler,
  batchOf: Map<string, string>,
): Admitted[] {
  if (batchOf.size + count > maxHeadroom) {
    throw new GantryError('BadRequest', `headroom: Too many: must have at most ${maxHeadroom} pods`);
  }
  const info = compiler.compile({ ...pod, spec: { ...pod.spec, priority: 0, nodeName: '' } });
  const schedulerName = Object.hasOwn(scheduler.options.profiles, info.schedulerName)
    ? info.schedulerName
    : 'default-scheduler';
  return Array.from({ length: count }, (_, index) => {
    const uid = `headroom/${id}/${index}`;
    batchOf.set(uid, id);
    return admit(cluster, scheduler, { ...info, uid, name: uid, group: '', gates: [], schedulerName });
  });
}

/** Pods by class and profile, the larger classes first: they are the hardest to place. */
function setsOf(pods: readonly Admitted[]): WaitingSet[] {
  const byProfile = Map.groupBy(pods, ({ profile }) => profile);
  const sets = [...byProfile].flatMap(([profile, some]) =>
    [...Map.groupBy(some, ({ record }) => record.class)].map(([podClass, members]) => {
      return { podClass, profile, pods: members.map(({ record }) => record) };
    }),
  );
  return sets.sort(
    (a, b) =>
      priorityOf(b) - priorityOf(a) ||
      sizeOf(b) - sizeOf(a) ||
      (a.podClass.requirement.key < b.podClass.requirement.key ? -1 : 1),
  );
}

function byPriority(a: WaitingUnit, b: WaitingUnit): number {
  return priorityOf(b.sets[0]!) - priorityOf(a.sets[0]!);
}

function priorityOf({ podClass }: WaitingSet): number {
  return podClass.requirement.priority;
}

/** A measure of what a pod asks for: a core counts as 4 GiB. */
function sizeOf({ podClass: { requirement } }: WaitingSet): number {
  const { cpuMilli, memoryBytes } = requirement.scoring;
  return Math.max(cpuMilli / 1000, memoryBytes / (4 * 1024 ** 3)) + 1000 * (requirement.gpu === undefined ? 0 : 1);
}

import { maxMinMember } from '@gantry/model/kinds/podgroup/validation.ts';
import type { ClusterChange } from '../plugin.ts';
import type { Budgets } from '../preempt/budgets.ts';
import type { Eviction, Nominations } from '../preempt/nominations.ts';
import type { Profile } from '../profiles.ts';
import { goesFirst, type QueuedPod, type SchedulingQueue } from '../queue/scheduling-queue.ts';
import { batchesOf } from '../solve/batches.ts';
import { diagnose } from '../solve/diagnosis.ts';
import type { Solver } from '../solve/solver.ts';
import type { ClusterState } from '../state/cluster.ts';
import type { PodClass } from '../state/pod-class.ts';
import type { Gang } from './gangs.ts';
import { missingRoom } from './min-resources.ts';
import { roomByEvicting } from './room.ts';
import { canPackTogether, fillsNodes, placeTogether } from './together.ts';

/** Changes that may let a gang through, beside those that the filters name. */
const evictionChanges: readonly ClusterChange[] = ['podBound', 'budgetGrown'];

/** Dependencies of an attempt. */
export interface GangParts {
  readonly cluster: ClusterState;
  readonly queue: SchedulingQueue;
  readonly solver: Solver;
  readonly budgets: Budgets;
  readonly nominations: Nominations;
  readonly profiles: Readonly<Record<string, Profile>>;
}

/** The outcome of an attempt. */
export interface GangOutcome extends Outcome {
  /** Members that were tried although they had not come to their turn. */
  readonly brought: number;
}

interface Outcome {
  /** Members that have a node now, and are to be bound in one go. */
  readonly placed: readonly QueuedPod[];
  /** Pods to evict, so that all that are lacking have a node. */
  readonly evictions: readonly Eviction[];
  /** Members that wait on, and why; parked already. */
  readonly waiting: readonly { readonly entry: QueuedPod; readonly message: string }[];
}

/**
 * Places the members that a gang lacks, all or none. They are tried one after another on the cluster as it would be; where
 * too few find a node, all are taken back. Then room is made for them by evicting others, if it can be made for as many as
 * are lacking: nobody is evicted in vain.
 */
export function tryGang(gang: Gang, parts: GangParts, nowMs: number): GangOutcome {
  const { entries, brought } = claim(gang, parts.queue);
  return { ...decide(gang, entries, parts, nowMs), brought };
}

function decide(gang: Gang, entries: readonly QueuedPod[], parts: GangParts, nowMs: number): Outcome {
  const { nominations, queue, cluster } = parts;
  for (const entry of entries) nominations.lift(entry);
  const early = whyNotYet(gang, entries.length, cluster);
  if (early !== undefined) {
    for (const entry of entries) nominations.clear(entry);
    return waitingFor(entries, early.message, early.unblockedBy, parts, nowMs);
  }
  placeAll(entries, gang.lacks, parts);
  const placed = entries.filter(({ pod }) => pod.node >= 0);
  const others = entries.filter(({ pod }) => pod.node < 0);
  if (placed.length < gang.lacks) return makeRoom(gang, placed, others, parts, nowMs);
  for (const entry of entries) nominations.clear(entry);
  for (const { pod } of placed) pod.state = 'assumed';
  // Members beyond minMember are retried once the gang has begun.
  for (const entry of others) queue.park(entry, new Set(), nowMs);
  return { placed, evictions: [], waiting: [] };
}

/**
 * Takes the gang's waiting members out of the queue, wherever they are, those that go first in front: as many as the api
 * binds in one commit.
 */
function claim(gang: Gang, queue: SchedulingQueue): { readonly entries: QueuedPod[]; readonly brought: number } {
  const entries = [...gang.members.keys()].map((uid) => queue.get(uid)).filter((entry) => entry !== undefined);
  const ready = entries
    .filter(({ place, pod }) => place !== 'gated' && pod.state !== 'assumed')
    .sort((left, right) => (goesFirst(left, right) ? -1 : 1));
  const claimed = ready.slice(0, maxMinMember);
  const brought = claimed.filter(({ place }) => place !== 'taken').length;
  for (const entry of claimed) queue.claim(entry);
  return { entries: claimed, brought };
}

interface Delay {
  /** Empty where there is nothing new to say. */
  readonly message: string;
  readonly unblockedBy: readonly ClusterChange[];
}

/** Why it is of no use to look for nodes now; undefined where it is. */
function whyNotYet(gang: Gang, available: number, cluster: ClusterState): Delay | undefined {
  const { info, settled, lacks } = gang;
  if (info === undefined) return { message: `${nameOf(gang)} not found`, unblockedBy: [] };
  if (gang.isInFlight) return { message: '', unblockedBy: [] };
  if (available < lacks) {
    const message = `${nameOf(gang)} waits for its pods: ${settled + available} of minMember ${info.minMember} are there`;
    return { message, unblockedBy: [] };
  }
  const missing = settled === 0 ? missingRoom(info.minResources, cluster.nodes) : [];
  if (missing.length === 0) return undefined;
  const message = `${nameOf(gang)} waits for room: minResources are not free on all nodes together: ${missing.join(', ')}`;
  return { message, unblockedBy: ['nodeAdded', 'nodeCapacity', 'nodeTaints', 'podGone'] };
}

function nameOf({ key }: Gang): string {
  return `pod group "${key.slice(key.indexOf('/') + 1)}"`;
}

/**
 * Gives nodes to as many as possible. Where the pods only ask for room they are packed together: at once for profiles that
 * fill nodes up, for others where one after another too few find a node.
 */
function placeAll(entries: readonly QueuedPod[], lacks: number, parts: GangParts): void {
  const { cluster, profiles } = parts;
  const packs = canPackTogether(entries, cluster);
  if (packs && entries.every(({ info }) => fillsNodes(profiles[info.schedulerName]!))) {
    placeTogether(entries, cluster, true);
    return;
  }
  solveAll(entries, parts);
  const placed = entries.filter(({ pod }) => pod.node >= 0);
  if (!packs || placed.length >= lacks) return;
  for (const { pod } of placed) cluster.displace(pod);
  placeTogether(entries, cluster, false);
}

function solveAll(entries: readonly QueuedPod[], { solver, profiles }: GangParts): void {
  for (const batch of batchesOf(entries)) {
    const { pod, info } = batch[0]!;
    solver.solve(
      pod.class,
      batch.map((entry) => entry.pod),
      profiles[info.schedulerName]!,
    );
  }
}

/** Too few have a node: all are taken back, and room is kept or made for them together where that is possible. */
function makeRoom(
  gang: Gang,
  placed: readonly QueuedPod[],
  others: readonly QueuedPod[],
  parts: GangParts,
  nowMs: number,
): Outcome {
  const { cluster, nominations } = parts;
  const entries = [...placed, ...others];
  const held = entries.filter(({ nomination }) => nomination !== undefined && nomination.waitsFor.size > 0);
  const untilMs = Math.min(...held.map(({ nomination }) => nomination!.untilMs));
  const { reasons, unblockedBy } = diagnoseAll(others, cluster);
  const { lacks, settled, info } = gang;
  const fit = `${nameOf(gang)}: ${settled + placed.length} of minMember ${info!.minMember} pods fit: `;
  const messageOf = ({ pod }: QueuedPod): string => fit + (reasons.get(pod.class) ?? [...reasons.values()].join(' '));
  const isHolding = held.length >= lacks && untilMs > nowMs;
  const isLate = held.length >= lacks && untilMs <= nowMs;
  const room = isHolding || isLate ? undefined : roomByEvicting(placed, others, lacks, parts);
  for (const { pod } of placed) cluster.displace(pod);
  const kept = new Set(isHolding ? held.filter((entry) => nominations.renew(entry)) : []);
  for (const entry of entries) if (!kept.has(entry)) nominations.clear(entry);
  const evictions = room === undefined ? [] : nominations.nominateTogether(room, nowMs + info!.timeoutMs);
  const suffix = isLate ? ' The room held for it was not free within scheduleTimeoutSeconds.' : '';
  const wakes = [...unblockedBy, ...evictionChanges];
  return { ...waitingFor(entries, (entry) => messageOf(entry) + suffix, wakes, parts, nowMs), evictions };
}

/** Why no node takes a class, by class, and what could help; on the cluster with the others of the gang in it. */
function diagnoseAll(
  entries: readonly QueuedPod[],
  cluster: ClusterState,
): { readonly reasons: ReadonlyMap<PodClass, string>; readonly unblockedBy: ReadonlySet<ClusterChange> } {
  const classes = [...new Set(entries.map(({ pod }) => pod.class))];
  const diagnoses = classes.map((podClass) => [podClass, diagnose(podClass, cluster)] as const);
  return {
    reasons: new Map(diagnoses.map(([podClass, { message }]) => [podClass, message])),
    unblockedBy: new Set(diagnoses.flatMap(([, { unblockedBy }]) => [...unblockedBy])),
  };
}

function waitingFor(
  entries: readonly QueuedPod[],
  message: string | ((entry: QueuedPod) => string),
  unblockedBy: readonly ClusterChange[],
  { queue }: GangParts,
  nowMs: number,
): Outcome {
  const changes = new Set(unblockedBy);
  for (const entry of entries) queue.park(entry, changes, nowMs, entry.nomination?.untilMs);
  // Those in whose way there were only pods without a node themselves have nobody to wait for.
  for (const entry of entries) if (entry.nomination?.waitsFor.size === 0) queue.hurry(entry);
  const said = entries.map((entry) => ({ entry, message: typeof message === 'string' ? message : message(entry) }));
  return { placed: [], evictions: [], waiting: said.filter((each) => each.message !== '') };
}

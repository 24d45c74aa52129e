import { type BackoffPolicy, backoffMs } from '@gantry/runtime/backoff.ts';
import { BinaryHeap } from '@gantry/runtime/binary-heap.ts';
import type { ClusterChange } from '../plugin.ts';
import type { PodInfo } from '../requirement.ts';
import type { PodClass, PodRecord } from '../state/pod-class.ts';

/** Kubernetes' waits between attempts on one pod: 1 s, doubling to 10 s. */
export const defaultPodBackoff: BackoffPolicy = { initialMs: 1_000, maxMs: 10_000, factor: 2, jitter: 0 };
/** However well the hints are chosen, a pod that waits is tried again after this time. */
const sweepMs = 5 * 60_000;

/** Places in which a pod can wait. */
type Place =
  /** To be tried next, in order of priority. */
  | 'active'
  /** To be tried once its wait is over. */
  | 'backoff'
  /** No node takes it; waits for a change that can help. */
  | 'parked'
  /** Has scheduling gates: nobody looks at it until they are gone. */
  | 'gated'
  /** Taken out by an attempt that is under way. */
  | 'taken'
  | 'gone';

/** A node on which room is being made for a pod. */
export interface Nomination {
  readonly node: number;
  /** Uids of the pods that must leave first. */
  readonly waitsFor: Set<string>;
  /** Given up after this time of the monotonic clock, in milliseconds. */
  readonly untilMs: number;
}

/** A pod that waits for a node. */
export interface QueuedPod {
  readonly pod: PodRecord;
  info: PodInfo;
  readonly sequence: number;
  place: Place;
  /** Attempts that failed since it last got a node. */
  attempts: number;
  /** Not to be tried before this time of the monotonic clock, in milliseconds. */
  readyMs: number;
  /** While it is parked: tried again by then, whatever happens. */
  sweepMs: number;
  /** The node that it is to have once some pods have left it. */
  nomination: Nomination | undefined;
  /** Last report about it, so that nothing is reported twice. */
  reported: string;
}

/** Why no node takes the pods of a class, for as long as nothing happens that can help. */
export interface Verdict {
  readonly unblockedBy: ReadonlySet<ClusterChange>;
  readonly message: string;
}

interface ParkedClass {
  readonly unblockedBy: ReadonlySet<ClusterChange>;
  readonly pods: Set<QueuedPod>;
  /** Why they wait, where it is true of every other pod of the class. */
  readonly message: string | undefined;
}

/**
 * The pods that wait, in the order in which they are tried: by priority, then first come first served. Every pod is in one
 * place; what is parked or backs off costs nothing until its time comes. Parked pods of one class wake together.
 */
export class SchedulingQueue {
  readonly #backoff: BackoffPolicy;
  readonly #entries = new Map<string, QueuedPod>();
  readonly #active = new BinaryHeap<QueuedPod>(goesFirst);
  readonly #waiting = new BinaryHeap<{ readonly entry: QueuedPod; readonly dueMs: number }>(
    (left, right) => left.dueMs < right.dueMs,
  );
  readonly #parked = new Map<PodClass, ParkedClass>();
  #sequence = 0;

  constructor(backoff: BackoffPolicy = defaultPodBackoff) {
    this.#backoff = backoff;
  }

  /** All pods in the queue, also those of attempts under way. */
  get size(): number {
    return this.#entries.size;
  }

  /** Entries in the heaps, those left behind by pods that moved on included. */
  get heapSize(): number {
    return this.#active.size + this.#waiting.size;
  }

  get(uid: string): QueuedPod | undefined {
    return this.#entries.get(uid);
  }

  /** Changes that wake parked pods of a class; undefined where none of its pods is parked. */
  wakesOn(podClass: PodClass): ReadonlySet<ClusterChange> | undefined {
    return this.#parked.get(podClass)?.unblockedBy;
  }

  /** Pods that are tried before one that is active. */
  countBefore(entry: QueuedPod): number {
    let count = 0;
    for (const other of this.#entries.values()) if (other.place === 'active' && goesFirst(other, entry)) count++;
    return count;
  }

  /** How many pods are in each place, for metrics. */
  depths(): Record<'active' | 'backoff' | 'unschedulable' | 'gated', number> {
    const depths = { active: 0, backoff: 0, unschedulable: 0, gated: 0 };
    for (const { place } of this.#entries.values()) {
      if (place === 'active' || place === 'backoff' || place === 'gated') depths[place]++;
      else if (place === 'parked') depths.unschedulable++;
    }
    return depths;
  }

  /** A new pod. */
  add(pod: PodRecord, info: PodInfo): QueuedPod {
    const entry: QueuedPod = {
      pod,
      info,
      sequence: this.#sequence++,
      place: 'gone',
      attempts: 0,
      readyMs: 0,
      sweepMs: 0,
      nomination: undefined,
      reported: '',
    };
    this.#entries.set(pod.uid, entry);
    if (info.gates.length > 0) entry.place = 'gated';
    else this.#activate(entry);
    return entry;
  }

  /** Takes a pod's new state where its class is the same: gates may be gone. */
  update(entry: QueuedPod, info: PodInfo): void {
    entry.info = info;
    if (entry.place === 'gated' && info.gates.length === 0) this.#activate(entry);
  }

  /** The pod needs no node any more: it has one, or is gone. */
  remove(uid: string): QueuedPod | undefined {
    const entry = this.#entries.get(uid);
    if (entry === undefined) return undefined;
    this.#unpark(entry);
    entry.place = 'gone';
    this.#entries.delete(uid);
    return entry;
  }

  /** The next pods to be tried, best first. */
  take(limit: number, nowMs: number): QueuedPod[] {
    this.#releaseDue(nowMs);
    const taken: QueuedPod[] = [];
    while (taken.length < limit) {
      const entry = this.#active.pop();
      if (entry === undefined) break;
      if (entry.place !== 'active') continue;
      entry.place = 'taken';
      taken.push(entry);
    }
    return taken;
  }

  /** Takes a pod out to be tried with others of its gang, wherever it waits. */
  claim(entry: QueuedPod): void {
    if (entry.place === 'gated' || entry.place === 'gone') return;
    this.#unpark(entry);
    entry.place = 'taken';
  }

  /** No node takes the pod: it waits for one of the changes, or for `untilMs`. */
  park(
    entry: QueuedPod,
    unblockedBy: ReadonlySet<ClusterChange>,
    nowMs: number,
    untilMs = Number.POSITIVE_INFINITY,
  ): void {
    if (entry.place !== 'taken') return;
    this.#failed(entry, nowMs);
    entry.place = 'parked';
    entry.sweepMs = Math.min(nowMs + sweepMs, untilMs);
    this.#await(entry, entry.sweepMs);
    const parked = this.#parked.get(entry.pod.class);
    const all = parked === undefined ? unblockedBy : parked.unblockedBy.union(unblockedBy);
    const pods = (parked?.pods ?? new Set()).add(entry);
    this.#parked.set(entry.pod.class, { unblockedBy: all, pods, message: parked?.message });
  }

  /** Keeps the verdict on a parked class for its other pods, until a change can help. */
  conclude(podClass: PodClass, message: string): void {
    const parked = this.#parked.get(podClass);
    if (parked !== undefined) this.#parked.set(podClass, { ...parked, message });
  }

  /** Why pods of a class that were looked at wait, where that is true of every other; undefined where there are none. */
  verdictOn(podClass: PodClass): Verdict | undefined {
    const parked = this.#parked.get(podClass);
    if (parked?.message === undefined) return undefined;
    return { unblockedBy: parked.unblockedBy, message: parked.message };
  }

  /** The attempt failed for a reason that has nothing to do with the nodes: it is repeated after a wait. */
  retry(entry: QueuedPod, nowMs: number): void {
    if (entry.place !== 'taken') return;
    this.#failed(entry, nowMs);
    this.#waitOrActivate(entry, nowMs);
  }

  /** Activates a pod whose wait has ended early. */
  hurry(entry: QueuedPod): void {
    if (entry.place !== 'parked' && entry.place !== 'backoff') return;
    this.#unpark(entry);
    this.#activate(entry);
  }

  /** Something changed; wakes the classes that wait for such a change and that this one can help. */
  wake(change: ClusterChange, nowMs: number, canHelp: (podClass: PodClass) => boolean): void {
    for (const [podClass, { unblockedBy, pods }] of this.#parked) {
      if (!unblockedBy.has(change) || !canHelp(podClass)) continue;
      this.#parked.delete(podClass);
      for (const entry of pods) this.#waitOrActivate(entry, nowMs);
    }
  }

  /** True where pods could be tried now. */
  hasReady(nowMs: number): boolean {
    this.#releaseDue(nowMs);
    while (this.#active.size > 0 && this.#active.peek()!.place !== 'active') this.#active.pop();
    return this.#active.size > 0;
  }

  /** Time at which the next pod's wait ends; undefined if no pod waits for a time. */
  nextDueMs(): number | undefined {
    for (let next = this.#waiting.peek(); next !== undefined; next = this.#waiting.peek()) {
      if (isCurrent(next)) return next.dueMs;
      this.#waiting.pop();
    }
    return undefined;
  }

  #failed(entry: QueuedPod, nowMs: number): void {
    entry.attempts++;
    entry.readyMs = nowMs + backoffMs(this.#backoff, entry.attempts, () => 0);
  }

  #activate(entry: QueuedPod): void {
    entry.place = 'active';
    this.#active.push(entry);
    this.#bound(this.#active, (other) => (other.place === 'active' ? other : undefined));
  }

  #await(entry: QueuedPod, dueMs: number): void {
    this.#waiting.push({ entry, dueMs });
    this.#bound(this.#waiting, (alarm) => (isCurrent(alarm) ? alarm.entry : undefined));
  }

  /** Pods that move on leave entries behind. Where those outnumber the pods, a heap is left with one entry a pod. */
  #bound<T>(heap: BinaryHeap<T>, podOf: (item: T) => QueuedPod | undefined): void {
    if (heap.size < 64 + 2 * this.#entries.size) return;
    const seen = new Set<QueuedPod>();
    heap.prune((item) => {
      const pod = podOf(item);
      if (pod === undefined || seen.has(pod)) return false;
      seen.add(pod);
      return true;
    });
  }

  #waitOrActivate(entry: QueuedPod, nowMs: number): void {
    if (entry.readyMs <= nowMs) {
      this.#activate(entry);
    } else {
      entry.place = 'backoff';
      this.#await(entry, entry.readyMs);
    }
  }

  #releaseDue(nowMs: number): void {
    for (let next = this.#waiting.peek(); next !== undefined && next.dueMs <= nowMs; next = this.#waiting.peek()) {
      this.#waiting.pop();
      if (!isCurrent(next)) continue;
      this.#unpark(next.entry);
      this.#activate(next.entry);
    }
  }

  #unpark(entry: QueuedPod): void {
    if (entry.place !== 'parked') return;
    const parked = this.#parked.get(entry.pod.class);
    parked?.pods.delete(entry);
    if (parked?.pods.size === 0) this.#parked.delete(entry.pod.class);
  }
}

/** Alarms are not taken back when a pod moves on: they are recognised as old. */
function isCurrent({ entry, dueMs }: { readonly entry: QueuedPod; readonly dueMs: number }): boolean {
  return (
    (entry.place === 'backoff' && dueMs === entry.readyMs) || (entry.place === 'parked' && dueMs === entry.sweepMs)
  );
}

/** True where one is tried before the other. */
export function goesFirst(left: QueuedPod, right: QueuedPod): boolean {
  const leftPriority = left.pod.class.requirement.priority;
  const rightPriority = right.pod.class.requirement.priority;
  return leftPriority === rightPriority ? left.sequence < right.sequence : leftPriority > rightPriority;
}

import type { GangRoom } from '../gang/room.ts';
import type { QueuedPod, SchedulingQueue } from '../queue/scheduling-queue.ts';
import type { ClusterState } from '../state/cluster.ts';
import type { PodRecord } from '../state/pod-class.ts';
import type { Candidate } from './candidate.ts';
import { placeInstead } from './place-instead.ts';

/** A pod to evict, and for whom. */
export interface Eviction {
  readonly victim: PodRecord;
  readonly by: PodRecord;
  /** True where it breaks a disruption budget: nothing else makes room. */
  readonly breaksBudget: boolean;
}

/**
 * Pods that wait for others to leave their node. Each holds its room there meanwhile, as if it were on the node, so that
 * nobody of its priority or lower takes what was freed for it; a pod of higher priority takes it by preemption.
 */
export class Nominations {
  readonly #cluster: ClusterState;
  readonly #queue: SchedulingQueue;
  /** Pods that wait for the end of another, by the other's uid. */
  readonly #waiters = new Map<string, Set<QueuedPod>>();

  readonly #released: (node: number) => void;

  /** @param released Called where a pod gives up the room that it held on a node. */
  constructor(cluster: ClusterState, queue: SchedulingQueue, released: (node: number) => void) {
    this.#cluster = cluster;
    this.#queue = queue;
    this.#released = released;
  }

  /** Gives a node to a pod as soon as those in its way have left. Returns whom to evict for that. */
  nominate(entry: QueuedPod, candidate: Candidate): Eviction[] {
    const { node, victims, nominated, leaving } = candidate;
    for (const other of nominated) this.#yield(other);
    this.#reserve(entry, node, [...victims, ...leaving], Number.POSITIVE_INFINITY, [...victims, ...leaving]);
    return evictionsFor(entry, candidate);
  }

  /**
   * Gives the members of a gang their nodes as soon as all those in the way of any of them have left; until then, or until
   * `untilMs`, they hold what is free already.
   */
  nominateTogether({ free, steps }: GangRoom, untilMs: number): Eviction[] {
    for (const { candidate } of steps) for (const other of candidate.nominated) this.#yield(other);
    const inTheWay = new Set(steps.flatMap(({ candidate: { victims, leaving } }) => [...victims, ...leaving]));
    for (const { entry, node } of free) this.#reserve(entry, node, inTheWay, untilMs, []);
    return steps.flatMap(({ entry, candidate }) => {
      const { node, victims, leaving } = candidate;
      this.#reserve(entry, node, inTheWay, untilMs, [...victims, ...leaving]);
      return evictionsFor(entry, candidate);
    });
  }

  /** Holds room for a pod that another scheduler has nominated. */
  holdForeign(pod: PodRecord, node: number): void {
    this.#hold(pod, node);
  }

  /** Takes a pod's hold off its node, so that it can be tried anew. */
  lift({ pod }: QueuedPod): void {
    if (pod.state !== 'nominated') return;
    this.#cluster.displace(pod);
    pod.state = 'pending';
  }

  /** Puts the hold back where those that the pod waits for are still there. True where it did. */
  renew(entry: QueuedPod): boolean {
    const { nomination } = entry;
    if (nomination === undefined) return false;
    if (nomination.waitsFor.size === 0 || this.#cluster.nodes.present[nomination.node] === 0) {
      this.clear(entry);
      return false;
    }
    this.#hold(entry.pod, nomination.node);
    return true;
  }

  /** The pod has a node, or is gone, or must look for another way. */
  clear(entry: QueuedPod): void {
    const { nomination } = entry;
    if (nomination === undefined) return;
    for (const uid of nomination.waitsFor) {
      const waiters = this.#waiters.get(uid);
      waiters?.delete(entry);
      if (waiters?.size === 0) this.#waiters.delete(uid);
    }
    entry.nomination = undefined;
    if (entry.pod.node !== nomination.node) this.#released(nomination.node);
  }

  /** A pod has left. Whoever waited for it last is tried at once. */
  podLeft(uid: string): void {
    for (const entry of this.#takeWaiters(uid)) {
      entry.nomination?.waitsFor.delete(uid);
      if (entry.nomination?.waitsFor.size === 0) this.#queue.hurry(entry);
    }
  }

  /** A pod may not be evicted: those that waited for it look for another way. */
  evictionRefused(victim: PodRecord): void {
    victim.evicting = false;
    for (const entry of this.#takeWaiters(victim.uid)) {
      this.lift(entry);
      this.clear(entry);
    }
  }

  /** A node is gone: pods that hold room on it look for another. */
  nodeGone(node: number): void {
    const holders = [...this.#cluster.podsOn(node)].filter(({ state }) => state === 'nominated');
    for (const holder of holders) this.#yield(holder);
  }

  /** The pod loses its node to another, or with it. */
  #yield(pod: PodRecord): void {
    const entry = this.#queue.get(pod.uid);
    if (entry === undefined) {
      // One of another scheduler, which will hear of it from the api.
      this.#released(pod.node);
      this.#cluster.displace(pod);
      pod.state = 'pending';
      return;
    }
    this.lift(entry);
    this.clear(entry);
    this.#queue.hurry(entry);
  }

  /** Holds a node for a pod that waits for others to leave; `instead` are those on the node whose GPU devices it may get. */
  #reserve(
    entry: QueuedPod,
    node: number,
    inTheWay: Iterable<PodRecord>,
    untilMs: number,
    instead: readonly PodRecord[],
  ): void {
    const waitsFor = new Set<string>();
    for (const { uid } of inTheWay) {
      waitsFor.add(uid);
      const waiters = this.#waiters.get(uid);
      if (waiters === undefined) this.#waiters.set(uid, new Set([entry]));
      else waiters.add(entry);
    }
    entry.nomination = { node, waitsFor, untilMs };
    placeInstead(entry.pod, node, instead, this.#cluster);
    entry.pod.state = 'nominated';
  }

  #hold(pod: PodRecord, node: number): void {
    this.#cluster.place(pod, node);
    pod.state = 'nominated';
  }

  #takeWaiters(uid: string): ReadonlySet<QueuedPod> {
    const waiters = this.#waiters.get(uid) ?? new Set();
    this.#waiters.delete(uid);
    return waiters;
  }
}

/** The evictions that give a pod its node. Their victims count as terminating from now on. */
function evictionsFor({ pod: by }: QueuedPod, { victims, mates, violating }: Candidate): Eviction[] {
  return [...victims, ...mates].map((victim) => {
    victim.evicting = true;
    return { victim, by, breaksBudget: violating.has(victim) };
  });
}

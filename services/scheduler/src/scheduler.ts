import type { BackoffPolicy } from '@gantry/runtime/backoff.ts';
import type { Profile } from './profiles.ts';
import { anyNode, ChangeLog } from './queue/change-log.ts';
import { type QueuedPod, SchedulingQueue } from './queue/scheduling-queue.ts';
import type { NodeInfo, PodInfo } from './requirement.ts';
import { diagnose, refusals } from './solve/diagnosis.ts';
import { type Scan, Solver } from './solve/solver.ts';
import { ClusterState } from './state/cluster.ts';
import type { PodClass, PodRecord } from './state/pod-class.ts';

/** How one scheduler decides. */
export interface SchedulerOptions {
  /** Profiles by the schedulerName of pods; pods of other names are left to others. */
  readonly profiles: Readonly<Record<string, Profile>>;
  /** Whether a pod is one of ours, where several schedulers share the work; all are where absent. */
  readonly isOurs?: (pod: PodInfo) => boolean;
  /** Decides between equally good nodes; the same seed gives the same placements. */
  readonly seed: number;
  /** Pods that one cycle looks at. */
  readonly batchSize: number;
  readonly backoff?: BackoffPolicy;
  /** Scans nodes; on this thread where absent. */
  readonly scan?: Scan;
}

/** A decision: a pod is assumed to be on a node from now on. */
export interface Placement {
  readonly entry: QueuedPod;
  readonly nodeName: string;
}

/** A pod that stays without a node, and why. */
export interface Waiting {
  readonly entry: QueuedPod;
  readonly reason: 'Unschedulable' | 'SchedulingGated';
  readonly message: string;
}

/** What a cycle decided. */
export interface CycleResult {
  readonly placements: readonly Placement[];
  /** Pods of which there is something new to say. */
  readonly waiting: readonly Waiting[];
  /** Pods that were looked at. */
  readonly tried: number;
}

const gatedMessage = 'Scheduling is blocked due to non-empty scheduling gates';

/**
 * The scheduler without its surroundings: it is told what happens, and decides when asked. It does no I/O and knows no
 * clock.
 */
export class Scheduler {
  readonly cluster = new ClusterState();
  readonly queue: SchedulingQueue;
  readonly #options: SchedulerOptions;
  readonly #solver: Solver;
  readonly #pods = new Map<string, PodRecord>();
  readonly #changes = new ChangeLog();
  #gated: QueuedPod[] = [];

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.queue = new SchedulingQueue(options.backoff);
    this.#solver = new Solver(this.cluster, options.seed, options.scan);
  }

  /** Pods on record: those on nodes, and those that wait for us. */
  get podCount(): number {
    return this.#pods.size;
  }

  /** A node is new or changed. */
  setNode(info: NodeInfo): void {
    for (const change of this.cluster.setNode(info)) this.#changes.add(change, this.cluster.slotOf(info.name));
  }

  /** A node is gone. */
  removeNode(name: string): void {
    this.cluster.removeNode(name);
  }

  /** A namespace is new, changed, or gone (no labels). */
  setNamespace(name: string, labels: Readonly<Record<string, string>> | undefined): void {
    if (this.cluster.setNamespace(name, labels)) this.#changes.add('namespaceLabels', anyNode);
  }

  /** A pod is new or changed. */
  setPod(info: PodInfo): void {
    if (info.finished) {
      this.removePod(info.uid);
      return;
    }
    let known = this.#pods.get(info.uid);
    const isSettled = known?.state !== 'assumed' || info.nodeName !== '';
    if (known !== undefined && isSettled && known.class.requirement.key !== info.requirement.key) {
      this.removePod(info.uid);
      known = undefined;
    }
    if (info.nodeName !== '') this.#setBound(info, known);
    else if (known?.state !== 'assumed') this.#setPending(info, known);
  }

  /** A pod is gone, or takes no room any more. */
  removePod(uid: string): void {
    this.queue.remove(uid);
    const pod = this.#pods.get(uid);
    if (pod === undefined) return;
    this.#pods.delete(uid);
    const { node } = pod;
    this.cluster.dismiss(pod);
    if (node >= 0) this.#changes.add('podGone', node);
  }

  /** True where a cycle would find something to do. */
  hasWork(nowMs: number): boolean {
    this.#wake(nowMs);
    return this.#gated.length > 0 || this.queue.hasReady(nowMs);
  }

  /** Decides about the next pods. Those that get a node count as being there at once. */
  cycle(nowMs: number): CycleResult {
    const placements: Placement[] = [];
    const waiting: Waiting[] = this.#newlyGated();
    this.#wake(nowMs);
    const taken = this.queue.take(this.#options.batchSize, nowMs);
    for (const batch of batchesOf(taken)) {
      const podClass = batch[0]!.pod.class;
      const profile = this.#options.profiles[batch[0]!.info.schedulerName]!;
      const pods = batch.map(({ pod }) => pod);
      const { placed } = this.#solver.solve(podClass, pods, profile);
      for (const entry of batch.slice(0, placed)) {
        entry.pod.state = 'assumed';
        placements.push({ entry, nodeName: this.cluster.nodes.names[entry.pod.node]! });
      }
      if (placed > 0) this.#changes.add('podPlaced', anyNode);
      if (placed < batch.length) this.#park(batch.slice(placed), nowMs, waiting);
    }
    return { placements, waiting, tried: taken.length };
  }

  /** The api took a binding. Its confirmation comes with the pod's next state. */
  bound(entry: QueuedPod): void {
    entry.attempts = 0;
  }

  /** The api refused a binding: the pod has no node, and is tried again after a wait. */
  refused(entry: QueuedPod, nowMs: number): void {
    const { pod } = entry;
    if (pod.state !== 'assumed') return;
    const { node } = pod;
    this.cluster.displace(pod);
    pod.state = 'pending';
    this.queue.retry(entry, nowMs);
    this.#changes.add('podGone', node);
  }

  #setBound(info: PodInfo, known: PodRecord | undefined): void {
    this.queue.remove(info.uid);
    const pod = known ?? this.#admit(info);
    const node = this.cluster.slotOf(info.nodeName);
    pod.state = 'bound';
    pod.startedMs = info.startedMs;
    if (info.terminating) this.cluster.setTerminating(pod);
    if (pod.node === node) return;
    const left = pod.node;
    if (left >= 0) this.cluster.displace(pod);
    this.cluster.place(pod, node);
    if (left >= 0) this.#changes.add('podGone', left);
    this.#changes.add('podPlaced', node);
  }

  #setPending(info: PodInfo, known: PodRecord | undefined): void {
    const isOurs = Object.hasOwn(this.#options.profiles, info.schedulerName) && (this.#options.isOurs?.(info) ?? true);
    if (!isOurs) return;
    if (known !== undefined) {
      const entry = this.queue.get(info.uid);
      if (entry === undefined) return;
      if (info.terminating) this.#forget(known);
      else this.queue.update(entry, info);
      return;
    }
    if (info.terminating) return;
    const entry = this.queue.add(this.#admit(info), info);
    if (entry.place === 'gated') this.#gated.push(entry);
  }

  #admit(info: PodInfo): PodRecord {
    const pod = this.cluster.admit(info);
    this.#pods.set(info.uid, pod);
    return pod;
  }

  #forget(pod: PodRecord): void {
    this.queue.remove(pod.uid);
    this.#pods.delete(pod.uid);
    this.cluster.dismiss(pod);
  }

  #newlyGated(): Waiting[] {
    const gated = this.#gated.filter(({ place }) => place === 'gated');
    this.#gated = [];
    return gated.map((entry) => ({ entry, reason: 'SchedulingGated', message: gatedMessage }));
  }

  /** Pods of one class that no node takes: said once, for all of them. */
  #park(entries: readonly QueuedPod[], nowMs: number, waiting: Waiting[]): void {
    const { message, unblockedBy } = diagnose(entries[0]!.pod.class, this.cluster);
    for (const entry of entries) {
      this.queue.park(entry, unblockedBy, nowMs);
      if (entry.reported === message) continue;
      entry.reported = message;
      waiting.push({ entry, reason: 'Unschedulable', message });
    }
  }

  /** Wakes the pods that what has changed since the last time may help. */
  #wake(nowMs: number): void {
    for (const [change, nodes] of this.#changes.take()) {
      this.queue.wake(change, nowMs, (podClass) => this.#canHelp(podClass, nodes));
    }
  }

  /** Whether changes of nodes help a class: where no rule looks beyond the node, only if one of them takes the pod now. */
  #canHelp(podClass: PodClass, nodes: ReadonlySet<number>): boolean {
    if (nodes.has(anyNode) || looksBeyondNode(podClass, this.cluster)) return true;
    const refusalBy = refusals(podClass, this.cluster);
    return nodes.values().some((node) => this.cluster.nodes.present[node] === 1 && refusalBy(node) === undefined);
  }
}

function looksBeyondNode({ requirement }: PodClass, cluster: ClusterState): boolean {
  const { spread, affinity, antiAffinity } = requirement;
  return spread.length + affinity.length + antiAffinity.length > 0 || cluster.counts.speakingOf(requirement).length > 0;
}

/** Pods of one class and profile together, as they are solved; never across priorities, so that those stay in order. */
function batchesOf(taken: readonly QueuedPod[]): QueuedPod[][] {
  const batches: QueuedPod[][] = [];
  let open = new Map<PodClass, Map<string, QueuedPod[]>>();
  let priority: number | undefined;
  for (const entry of taken) {
    const podClass = entry.pod.class;
    if (podClass.requirement.priority !== priority) {
      priority = podClass.requirement.priority;
      open = new Map();
    }
    const byProfile = open.get(podClass) ?? new Map<string, QueuedPod[]>();
    open.set(podClass, byProfile);
    const batch = byProfile.get(entry.info.schedulerName);
    if (batch !== undefined) {
      batch.push(entry);
      continue;
    }
    const started = [entry];
    byProfile.set(entry.info.schedulerName, started);
    batches.push(started);
  }
  return batches;
}

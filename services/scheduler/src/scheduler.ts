import type { BackoffPolicy } from '@gantry/runtime/backoff.ts';
import { Cycle, type CycleParts } from './cycle.ts';
import type { CycleResult, Waiting } from './decisions.ts';
import { Relocations } from './defrag/relocations.ts';
import type { Gang, GroupInfo } from './gang/gangs.ts';
import { type Budget, Budgets } from './preempt/budgets.ts';
import { Nominations } from './preempt/nominations.ts';
import type { Profile } from './profiles.ts';
import { canHelp } from './queue/can-help.ts';
import { anyNode, ChangeLog } from './queue/change-log.ts';
import { type QueuedPod, SchedulingQueue } from './queue/scheduling-queue.ts';
import type { NodeInfo, PodInfo } from './requirement.ts';
import { type ListMaker, Solver } from './solve/solver.ts';
import { ClusterState } from './state/cluster.ts';
import type { PodRecord } from './state/pod-class.ts';
import { type ClaimInfo, type StorageClassInfo, setOrDelete, type VolumeInfo } from './state/volumes.ts';

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
  /** Makes what lets other threads help, for a cluster; all is done on this one where absent. */
  readonly listMaker?: (cluster: ClusterState) => ListMaker;
}

const gatedMessage = 'Scheduling is blocked due to non-empty scheduling gates';

/**
 * The scheduler without its surroundings: it is told what happens, and decides when asked (cycle.ts says how). It does no
 * I/O and knows no clock.
 */
export class Scheduler {
  readonly cluster = new ClusterState();
  readonly queue: SchedulingQueue;
  readonly options: SchedulerOptions;
  readonly solver: Solver;
  readonly budgets: Budgets;
  readonly relocations: Relocations;
  readonly #parts: CycleParts;
  readonly #nominations: Nominations;
  readonly #pods = new Map<string, PodRecord>();
  readonly #changes = new ChangeLog();
  #gated: QueuedPod[] = [];

  constructor(options: SchedulerOptions) {
    this.options = options;
    this.queue = new SchedulingQueue(options.backoff);
    this.#nominations = new Nominations(this.cluster, this.queue, (node) => this.#changes.add('podGone', node));
    this.budgets = new Budgets(this.cluster.namespaces);
    this.solver = new Solver(this.cluster, options.seed, options.listMaker?.(this.cluster));
    this.relocations = new Relocations(this.cluster, (node) => this.#changes.add('nodeTaints', node));
    const { cluster, queue, solver, budgets, relocations } = this;
    const shared = { nominations: this.#nominations, changes: this.#changes, profiles: options.profiles };
    this.#parts = { cluster, queue, solver, budgets, relocations, ...shared };
  }

  /** Pods on record: those on nodes, and those that wait for us. */
  get podCount(): number {
    return this.#pods.size;
  }

  /** A pod on record; undefined where it is unknown, or waits for another scheduler. */
  pod(uid: string): PodRecord | undefined {
    return this.#pods.get(uid);
  }

  /** A node is new or changed. */
  setNode(info: NodeInfo): void {
    const changes = this.cluster.setNode(info);
    const node = this.cluster.slotOf(info.name);
    for (const change of changes) this.#changes.add(change, node);
    // Nodes come without capacity, or with taints that go a moment later: then they are new to those that wait for a new one.
    if (changes.length > 0) this.#changes.add('nodeAdded', node);
  }

  /** A node is gone. */
  removeNode(name: string): void {
    const node = this.cluster.nodes.indexOf(name);
    if (node !== undefined) this.#nominations.nodeGone(node);
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
      if (info.succeeded) this.cluster.gangs.succeeded(info);
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
    this.#unqueue(uid);
    this.cluster.gangs.remove(uid);
    const pod = this.#pods.get(uid);
    if (pod === undefined) return;
    this.#pods.delete(uid);
    const { node } = pod;
    this.cluster.dismiss(pod);
    this.#nominations.podLeft(uid);
    if (node >= 0) this.#changes.add('podGone', node);
  }

  /** A claim is new, changed, or gone. @param key Namespace and name. */
  setClaim(key: string, claim: ClaimInfo | undefined): void {
    setOrDelete(this.cluster.volumes.claims, key, claim);
    this.#changes.add('volumes', anyNode);
  }

  /** A volume is new, changed, or gone. */
  setVolume(name: string, volume: VolumeInfo | undefined): void {
    setOrDelete(this.cluster.volumes.volumes, name, volume);
    this.#changes.add('volumes', anyNode);
  }

  /** A storage class is new, changed, or gone. */
  setStorageClass(name: string, storageClass: StorageClassInfo | undefined): void {
    setOrDelete(this.cluster.volumes.classes, name, storageClass);
    this.#changes.add('volumes', anyNode);
  }

  /** A pod group is new, changed, or gone. */
  setGroup(key: string, group: GroupInfo | undefined): void {
    this.#hurryGang(this.cluster.gangs.setGroup(key, group));
  }

  /** A disruption budget is new, changed, or gone. */
  setBudget(key: string, budget: Budget | undefined): void {
    if (this.budgets.set(key, budget)) this.#changes.add('budgetGrown', anyNode);
  }

  /** True where a cycle would find something to do. */
  hasWork(nowMs: number): boolean {
    this.#wake(nowMs);
    return this.#gated.length > 0 || this.queue.hasReady(nowMs);
  }

  /** Decides about the next pods. Those that get a node count as being there at once. */
  cycle(nowMs: number): CycleResult {
    this.#wake(nowMs);
    const taken = this.queue.take(this.options.batchSize, nowMs);
    return new Cycle(this.#parts, nowMs, this.#newlyGated()).decide(taken);
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

  /** The api refused an eviction: the pods that it was for look for another way, after a wait. */
  evictionRefused(victim: PodRecord): void {
    this.#nominations.evictionRefused(victim);
  }

  #setBound(info: PodInfo, known: PodRecord | undefined): void {
    this.#unqueue(info.uid);
    const pod = known ?? this.#admit(info);
    const node = this.cluster.slotOf(info.nodeName);
    const isNews = pod.state !== 'bound';
    pod.state = 'bound';
    pod.startedMs = info.startedMs;
    pod.mobility = info.mobility;
    if (info.terminating) this.cluster.setTerminating(pod);
    if (isNews) this.#hurryGang(this.cluster.gangs.of(info.uid));
    if (pod.node === node && (info.gpuDevices.length === 0 || String(info.gpuDevices) === String(pod.devices))) {
      if (isNews) this.#changes.add('podBound', node);
      return;
    }
    const left = pod.node;
    if (left >= 0) this.cluster.displace(pod);
    this.cluster.place(pod, node, info.gpuDevices);
    if (left >= 0) this.#changes.add('podGone', left);
    this.#changes.add('podPlaced', node);
  }

  #setPending(info: PodInfo, known: PodRecord | undefined): void {
    const isOurs = Object.hasOwn(this.options.profiles, info.schedulerName) && (this.options.isOurs?.(info) ?? true);
    if (!isOurs) {
      this.#setForeign(info, known);
      return;
    }
    if (known !== undefined) {
      const entry = this.queue.get(info.uid);
      if (entry === undefined) return;
      if (info.terminating) this.removePod(info.uid);
      else this.queue.update(entry, info);
      return;
    }
    if (info.terminating) return;
    const entry = this.queue.add(this.#admit(info), info);
    if (entry.place === 'gated') this.#gated.push(entry);
  }

  /** A pod that waits for another scheduler takes the room on the node on which that makes room for it. */
  #setForeign(info: PodInfo, known: PodRecord | undefined): void {
    const { nominatedNodeName, terminating } = info;
    const node = nominatedNodeName === '' || terminating ? undefined : this.cluster.nodes.indexOf(nominatedNodeName);
    if (known !== undefined && known.node === node) return;
    if (known !== undefined) this.removePod(info.uid);
    if (node !== undefined) this.#nominations.holdForeign(this.#admit(info), node);
  }

  #admit(info: PodInfo): PodRecord {
    const pod = this.cluster.admit(info);
    this.cluster.demands.saw(pod.class);
    this.#pods.set(info.uid, pod);
    this.cluster.gangs.add(info, pod);
    return pod;
  }

  #unqueue(uid: string): void {
    const entry = this.queue.remove(uid);
    if (entry !== undefined) this.#nominations.clear(entry);
  }

  #newlyGated(): Waiting[] {
    const gated = this.#gated.filter(({ place }) => place === 'gated');
    this.#gated = [];
    return gated.map((entry) => ({ entry, reason: 'SchedulingGated', message: gatedMessage, nominatedNodeName: '' }));
  }

  /** Members of a gang wait no longer than they must, once it is known how many of them have nodes. */
  #hurryGang(gang: Gang | undefined): void {
    if (gang === undefined || gang.isInFlight) return;
    for (const uid of gang.members.keys()) {
      const entry = this.queue.get(uid);
      if (entry !== undefined) this.queue.hurry(entry);
    }
  }

  /** Wakes the pods that what has changed since the last time may help. */
  #wake(nowMs: number): void {
    for (const [change, nodes] of this.#changes.take()) {
      this.queue.wake(change, nowMs, (podClass) => canHelp(podClass, change, nodes, this.cluster));
    }
  }
}

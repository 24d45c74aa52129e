import { bestFitDevices } from '@gantry/model/gpu.ts';
import { assert } from '@gantry/runtime/assert.ts';
import { Gangs } from '../gang/gangs.ts';
import { type HostPort, type NodeInfo, noDevices, type PodInfo, type PodRequirement } from '../requirement.ts';
import { CountRegistry } from './count-registry.ts';
import { DemandBook } from './demand-book.ts';
import { NodeTable } from './node-table.ts';
import { PodClass, type PodRecord } from './pod-class.ts';
import { type Population, TypicalRequests } from './typical-requests.ts';
import { Volumes } from './volumes.ts';

/** Changes of a node that concern waiting pods. */
export type NodeChange = 'nodeAdded' | 'nodeLabels' | 'nodeTaints' | 'nodeCapacity';

/** The cluster as the scheduler decides on it: nodes, the pods on them, and what was assumed but not confirmed yet. */
export class ClusterState {
  readonly nodes: NodeTable;
  readonly counts: CountRegistry;
  readonly demands = new DemandBook();
  /** Typical requests of pods. */
  readonly typical = new TypicalRequests();
  /** Labels by namespace. */
  readonly namespaces = new Map<string, Readonly<Record<string, string>>>();
  /** Nodes that the defragmenter is emptying. */
  readonly #emptying = new Set<number>();
  readonly volumes = new Volumes();
  readonly gangs = new Gangs();
  readonly #classes = new Map<string, PodClass>();
  readonly #firstOnNode: (PodRecord | undefined)[] = [];
  readonly #hostPorts = new Map<number, HostPort[]>();
  /** Pods that have a node, by priority. */
  readonly #priorities = new Map<number, number>();

  constructor(capacity?: number) {
    this.nodes = new NodeTable(capacity);
    this.counts = new CountRegistry(this.nodes, this.#classes, this.namespaces);
  }

  /** Classes in use. */
  get classCount(): number {
    return this.#classes.size;
  }

  /** The class of a requirement; each call is to be matched by a release. */
  acquireClass(requirement: PodRequirement): PodClass {
    let podClass = this.#classes.get(requirement.key);
    if (podClass === undefined) {
      podClass = new PodClass(requirement);
      this.#resolve(podClass);
      this.#classes.set(requirement.key, podClass);
      this.counts.register(podClass);
      if (isUsual(requirement)) this.typical.add(requirement.requests);
    }
    podClass.references++;
    return podClass;
  }

  /** Lets go of a class. */
  releaseClass(podClass: PodClass): void {
    podClass.references--;
    if (podClass.references > 0) return;
    assert(podClass.first === undefined, 'a class is released while its pods have nodes');
    this.#classes.delete(podClass.requirement.key);
    this.counts.release(podClass);
  }

  /** A record of a pod, without a node yet. */
  admit(
    pod: Pick<PodInfo, 'uid' | 'namespace' | 'name' | 'requirement' | 'mobility' | 'terminating' | 'startedMs'>,
  ): PodRecord {
    if (this.typical.arrived()) this.typical.refresh(this.#populations());
    return {
      uid: pod.uid,
      namespace: pod.namespace,
      name: pod.name,
      class: this.acquireClass(pod.requirement),
      mobility: pod.mobility,
      node: -1,
      state: 'pending',
      terminating: pod.terminating,
      evicting: false,
      devices: noDevices,
      startedMs: pod.startedMs,
      previousOnNode: undefined,
      nextOnNode: undefined,
      previousInClass: undefined,
      nextInClass: undefined,
    };
  }

  /** Forgets a pod, and takes it off its node. Answers about it that come later find it gone. */
  dismiss(pod: PodRecord): void {
    assert(pod.state !== 'gone', `pod ${pod.namespace}/${pod.name} is dismissed twice`);
    if (pod.node >= 0) this.displace(pod);
    pod.state = 'gone';
    this.releaseClass(pod.class);
  }

  /** Takes what a node says of itself. */
  setNode(info: NodeInfo): NodeChange[] {
    const node = this.nodes.slot(info.name);
    this.#addResources(info);
    const old = this.nodes.info(node);
    this.#change(node, info);
    if (old === undefined) return ['nodeAdded'];
    const changes: NodeChange[] = [];
    if (old.unschedulable !== info.unschedulable || !sameJson(old.taints, info.taints)) changes.push('nodeTaints');
    if (!sameJson(old.labels, info.labels)) changes.push('nodeLabels');
    if (!sameJson([...old.allocatable], [...info.allocatable])) changes.push('nodeCapacity');
    return changes;
  }

  /** A node is gone. Its pods stay on record until they are gone too. */
  removeNode(name: string): void {
    const node = this.nodes.indexOf(name);
    if (node === undefined || this.nodes.info(node) === undefined) return;
    this.#emptying.delete(node);
    this.#change(node, undefined);
    this.#freeIfEmpty(node);
  }

  /** The slot of a node's name, also where only a pod tells of the node. */
  slotOf(name: string): number {
    return this.nodes.slot(name);
  }

  /**
   * Gives a pod a node: it takes its room there.
   * @param devices GPU devices that it gets, the best fit where none are named; those that it had where absent.
   */
  place(pod: PodRecord, node: number, devices = pod.devices): void {
    assert(pod.node < 0, `pod ${pod.namespace}/${pod.name} is placed twice`);
    pod.node = node;
    const { class: podClass } = pod;
    pod.devices = devices.length === 0 ? noDevices : devices;
    this.#takeDevices(pod);
    this.#account(podClass, node, 1);
    const firstOnNode = this.#firstOnNode[node];
    pod.nextOnNode = firstOnNode;
    if (firstOnNode !== undefined) firstOnNode.previousOnNode = pod;
    this.#firstOnNode[node] = pod;
    pod.nextInClass = podClass.first;
    if (podClass.first !== undefined) podClass.first.previousInClass = pod;
    podClass.first = pod;
    this.#count(pod, 1);
    const { hostPorts, claims } = podClass.requirement;
    if (claims.length > 0) this.volumes.use(claims, node, 1);
    if (hostPorts.length > 0) this.#hostPorts.set(node, [...(this.#hostPorts.get(node) ?? []), ...hostPorts]);
  }

  /** Takes a pod off its node. */
  displace(pod: PodRecord): void {
    const { node, class: podClass } = pod;
    assert(node >= 0, `pod ${pod.namespace}/${pod.name} has no node to be taken off`);
    const { gpu } = podClass.requirement;
    if (gpu !== undefined) this.nodes.gpus.take(node, pod.devices, gpu, -1, this.nodes.capacity);
    this.#account(podClass, node, -1);
    this.#count(pod, -1);
    if (pod.previousOnNode === undefined) this.#firstOnNode[node] = pod.nextOnNode;
    else pod.previousOnNode.nextOnNode = pod.nextOnNode;
    if (pod.nextOnNode !== undefined) pod.nextOnNode.previousOnNode = pod.previousOnNode;
    if (pod.previousInClass === undefined) podClass.first = pod.nextInClass;
    else pod.previousInClass.nextInClass = pod.nextInClass;
    if (pod.nextInClass !== undefined) pod.nextInClass.previousInClass = pod.previousInClass;
    pod.previousOnNode = pod.nextOnNode = pod.previousInClass = pod.nextInClass = undefined;
    pod.node = -1;
    const { hostPorts, claims } = podClass.requirement;
    if (claims.length > 0) this.volumes.use(claims, node, -1);
    if (hostPorts.length > 0) this.#recollectHostPorts(node);
    this.#freeIfEmpty(node);
  }

  /** Notes that a pod's end was asked for: it still takes room, but does not count for spreading. */
  setTerminating(pod: PodRecord): void {
    if (pod.terminating) return;
    if (pod.node >= 0) {
      for (const count of pod.class.counts) if (count.liveOnly) count.add(pod.node, -1);
    }
    pod.terminating = true;
  }

  /** Takes the labels of a namespace; undefined where it is gone. True where selectors may select others now. */
  setNamespace(name: string, labels: Readonly<Record<string, string>> | undefined): boolean {
    if (sameJson(this.namespaces.get(name), labels)) return false;
    if (labels === undefined) this.namespaces.delete(name);
    else this.namespaces.set(name, labels);
    this.counts.recountByNamespace();
    return true;
  }

  /** Nodes that take no pods at the moment, because they are being emptied. */
  get emptying(): ReadonlySet<number> {
    return this.#emptying;
  }

  /** A node takes no pods from now on, or does again. */
  setEmptying(node: number, emptying: boolean): void {
    if (emptying) this.#emptying.add(node);
    else this.#emptying.delete(node);
    this.nodes.loadLog.add(node);
  }

  /** The pods on a node. */
  *podsOn(node: number): Generator<PodRecord> {
    for (let pod = this.#firstOnNode[node]; pod !== undefined; pod = pod.nextOnNode) yield pod;
  }

  /** True where some pod that has a node is of a lower priority. */
  hasPodsBelow(priority: number): boolean {
    return this.#priorities.keys().some((known) => known < priority);
  }

  /** Ports of a node that pods have. */
  hostPortsOn(node: number): readonly HostPort[] {
    return this.#hostPorts.get(node) ?? [];
  }

  *#populations(): Generator<Population> {
    for (const { requirement, references } of this.#classes.values()) {
      if (isUsual(requirement)) yield { requests: requirement.requests, pods: references };
    }
  }

  #account({ requirement, dimensions, amounts }: PodClass, node: number, sign: 1 | -1): void {
    const { nodes } = this;
    for (let index = 0; index < dimensions.length; index++) {
      const requested = nodes.requested[dimensions[index]!]!;
      requested[node] = requested[node]! + sign * amounts[index]!;
    }
    const { priority } = requirement;
    const population = (this.#priorities.get(priority) ?? 0) + sign;
    if (population > 0) this.#priorities.set(priority, population);
    else this.#priorities.delete(priority);
    nodes.loadLog.add(node);
    nodes.scoringCpu[node] = nodes.scoringCpu[node]! + sign * requirement.scoring.cpuMilli;
    nodes.scoringMemory[node] = nodes.scoringMemory[node]! + sign * requirement.scoring.memoryBytes;
  }

  #takeDevices(pod: PodRecord): void {
    const { gpu } = pod.class.requirement;
    if (gpu === undefined) return;
    const { gpus, capacity } = this.nodes;
    if (pod.devices.length === 0) pod.devices = bestFitDevices(gpus.free(pod.node), gpu) ?? [];
    gpus.take(pod.node, pod.devices, gpu, 1, capacity);
  }

  #count(pod: PodRecord, sign: 1 | -1): void {
    for (const count of pod.class.counts) {
      if (!(count.liveOnly && pod.terminating)) count.add(pod.node, sign);
    }
  }

  /** Puts a node's new state in. Where its labels change, its pods change domains with it. */
  #change(node: number, info: NodeInfo | undefined): void {
    const old = this.nodes.info(node);
    const columns = new Set(this.nodes.changedColumns(node, info));
    if (columns.size > 0) this.#moveCounts(node, columns, -1);
    const devices = this.nodes.gpus.count(node);
    this.nodes.set(node, info);
    // Pods that came before their node, of which nobody said which devices they have.
    if (this.nodes.gpus.count(node) > devices) {
      for (const pod of this.podsOn(node)) if (pod.devices.length === 0) this.#takeDevices(pod);
    }
    if (columns.size > 0) this.#moveCounts(node, columns, 1);
    const staticChange =
      columns.size > 0 || old?.unschedulable !== info?.unschedulable || !sameJson(old?.taints, info?.taints);
    if (staticChange || (old === undefined) !== (info === undefined)) this.nodes.staticLog.add(node);
    this.nodes.loadLog.add(node);
  }

  #moveCounts(node: number, columns: ReadonlySet<unknown>, sign: 1 | -1): void {
    for (const pod of this.podsOn(node)) {
      for (const count of pod.class.counts) {
        if (columns.has(count.column) && !(count.liveOnly && pod.terminating)) count.add(node, sign);
      }
    }
  }

  #freeIfEmpty(node: number): void {
    if (this.#firstOnNode[node] === undefined && this.nodes.info(node) === undefined) this.nodes.free(node);
  }

  #recollectHostPorts(node: number): void {
    const ports = [...this.podsOn(node)].flatMap(({ class: { requirement } }) => requirement.hostPorts);
    if (ports.length === 0) this.#hostPorts.delete(node);
    else this.#hostPorts.set(node, ports);
  }

  /** A node brings resources that none had: pods that have asked for them in vain are accounted for from now on. */
  #addResources(info: NodeInfo): void {
    for (const resource of info.allocatable.keys()) {
      if (this.nodes.dimensionOf(resource) !== undefined) continue;
      const requested = this.nodes.requested[this.nodes.dimension(resource)]!;
      for (const podClass of this.#classes.values()) {
        const amount = podClass.requirement.requests.get(resource);
        if (amount === undefined) continue;
        this.#resolve(podClass);
        for (let pod = podClass.first; pod !== undefined; pod = pod.nextInClass) {
          requested[pod.node] = requested[pod.node]! + amount;
        }
      }
    }
  }

  #resolve(podClass: PodClass): void {
    const known = [...podClass.requirement.requests].filter(([name]) => this.nodes.dimensionOf(name) !== undefined);
    podClass.dimensions = Int32Array.from(known, ([name]) => this.nodes.dimensionOf(name)!);
    podClass.amounts = Float64Array.from(known, ([, amount]) => amount);
    const { requests } = podClass.requirement;
    podClass.unknownResources = [...requests.keys()].filter((name) => this.nodes.dimensionOf(name) === undefined);
  }
}

/** Pods that are made for one node each say nothing about what will come to others. */
function isUsual({ nodeNames }: PodRequirement): boolean {
  return nodeNames === undefined;
}

function sameJson(left: unknown, right: unknown): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}

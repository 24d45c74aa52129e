import type { GroupOptions, Instance, ProviderNode } from '@gantry/cloud-provider/provider.ts';
import type { Node } from '@gantry/model/gen/gantry.core.v1.ts';
import { isReady } from '@gantry/model/ready.ts';
import { conflict, GantryError } from '@gantry/runtime/errors.ts';
import { isMarkedLeaving } from '../clusterautoscaler/taints.ts';
import type { ProviderSide, ProviderSnapshot } from '../core/consult.ts';
import { isActive } from '../core/pods.ts';
import { aNode } from './objects.ts';
import { podMilli, roomOn } from './played-scheduling.ts';
import type { Simulation } from './simulation.ts';
import { Turns } from './turns.ts';
import { Violation } from './violation.ts';

/** A group of machines. */
export interface PlayedGroup {
  readonly id: string;
  readonly cpuMilli: number;
  readonly cost: number;
  readonly minSize: number;
  readonly maxSize: number;
}

interface Machine {
  readonly id: string;
  readonly name: string;
  readonly group: PlayedGroup;
  readonly madeMs: number;
  /** It registers at this time, or never. */
  readonly dueMs: number;
  /** Its last moment, once it was asked to end. */
  endMs?: number;
  error?: Instance['error'];
}

/** Milliseconds that a caller waits for an answer. */
const patienceMs = 2_000;
/** Milliseconds, at most, after which a call that was not answered is carried out. */
const maxLateMs = 3_000;
/** Milliseconds for which a machine counts as one that comes. */
const provisionMs = 20_000;
/** Milliseconds in which a decision is carried out. */
const tolerableMs = 10_000;
/** Milliseconds for which a need is remembered: calls and views are late. */
const needMs = 40_000;

/**
 * A provider of nodes whose machines register as nodes of the simulation. It hangs, refuses, loses answers, carries calls out after their
 * callers have given up, tells wrong sizes, has machines that never come, and ends some by itself.
 */
export class PlayedProvider {
  readonly groups: readonly PlayedGroup[];
  readonly turns = new Turns();
  readonly #simulation: Simulation;
  readonly #machines: Machine[] = [];
  readonly #late: { readonly atMs: number; readonly apply: () => void }[] = [];
  /** Requests of pods, of late. */
  #needs: { readonly atMs: number; readonly cpuMilli: number }[] = [];
  readonly #violations: Violation[] = [];
  /** When each group last had more machines than its least size. */
  readonly #spareMs = new Map<string, number>();
  #made = 0;
  #lieUntilMs = 0;
  #lie = 0;

  constructor(simulation: Simulation, groups: readonly PlayedGroup[]) {
    this.#simulation = simulation;
    this.groups = groups;
  }

  get machines(): readonly Machine[] {
    return this.#machines;
  }

  /** True while anything may go wrong. */
  get #isBad(): boolean {
    return this.#simulation.players.failing;
  }

  /** Lets time pass: calls that are late arrive, machines come and go. */
  step(): void {
    const { clock, random, store, players } = this.#simulation;
    // A caller would take it for an error of the provider.
    if (this.#violations.length > 0) throw this.#violations[0];
    const nowMs = clock.monotonic();
    for (const call of this.#late.splice(0)) {
      if (call.atMs <= nowMs) call.apply();
      else this.#late.push(call);
    }
    this.turns.look(demandOf(this.#simulation), this.#standing(), nowMs);
    this.#needs = [...this.#needs.filter(({ atMs }) => nowMs - atMs < needMs), { atMs: nowMs, cpuMilli: this.#need() }];
    for (const { id, minSize } of this.groups) if (this.#size(id) > minSize) this.#spareMs.set(id, nowMs);
    for (const machine of [...this.#machines]) {
      const node = store.find('Node', undefined, machine.name);
      if (machine.endMs !== undefined && machine.endMs <= nowMs) this.#end(machine);
      else if (machine.endMs === undefined && machine.dueMs <= nowMs && node === undefined) this.#register(machine);
      if (node !== undefined && this.#isBad && random.chance(0.0005)) this.#fail(machine);
    }
    for (const { metadata } of store.all('Node')) {
      if (!this.#machines.some(({ name }) => name === metadata.name)) players.cutOff(metadata.name);
    }
  }

  /** Nodes that are fine, with their groups. */
  #standing(): { readonly name: string; readonly group: string; readonly isMarked: boolean }[] {
    const { store, players } = this.#simulation;
    return this.#machines.flatMap(({ name, group }) => {
      const node = store.find('Node', undefined, name);
      if (node === undefined || !isReady(node) || !players.isLive(name)) return [];
      return [{ name, group: group.id, isMarked: isMarkedLeaving(node) }];
    });
  }

  /** The provider as its callers see it. */
  side(): ProviderSide {
    const call = <T>(apply: () => T, signal: AbortSignal): Promise<T> => this.#call(apply, signal);
    const demand = (group: string, from: number): void => {
      const target = this.#told(group);
      if (target !== from)
        throw conflict({ group: '', resource: 'nodegroups', name: group }, `its target size is ${target}`);
    };
    return {
      observe: (defaults, doubtful, signal) => call(() => this.#snapshot(defaults, doubtful), signal),
      increase: async (group, from, count, signal) => {
        await call(() => demand(group, from), signal);
        await call(() => this.#increase(group, count), signal);
      },
      decrease: async (group, from, count, signal) => {
        await call(() => demand(group, from), signal);
        await call(() => this.#decrease(group, count), signal);
      },
      deleteNodes: (group, nodes, signal) => call(() => this.#deleteNodes(group, nodes), signal),
    };
  }

  async #call<T>(apply: () => T, signal: AbortSignal): Promise<T> {
    const { clock, random } = this.#simulation;
    if (!this.#isBad) return apply();
    const fault = random.next();
    if (fault < 0.03) throw new GantryError('FailedPrecondition', 'refused by the provider');
    if (fault < 0.06) {
      this.#late.push({ atMs: clock.monotonic() + random.int(1, maxLateMs), apply: () => attempt(apply) });
      await clock.sleep(patienceMs, signal);
      throw new GantryError('Timeout', 'no answer in time');
    }
    await clock.sleep(random.int(1, 400), signal);
    if (fault < 0.09) throw new GantryError('ServiceUnavailable', 'nobody listens');
    const result = apply();
    await clock.sleep(random.int(1, 400), signal);
    if (fault < 0.14) throw new GantryError('ServiceUnavailable', 'the connection was lost');
    return result;
  }

  #snapshot(options: GroupOptions, doubtful: readonly ProviderNode[]): ProviderSnapshot {
    const { clock, random } = this.#simulation;
    if (this.#isBad && clock.monotonic() >= this.#lieUntilMs && random.chance(0.02)) {
      this.#lie = random.int(-2, 2);
      this.#lieUntilMs = clock.monotonic() + random.int(500, 5_000);
    }
    const unread = new Map(
      this.groups.filter(() => this.#isBad && random.chance(0.01)).map(({ id }) => [id, 'unreadable']),
    );
    const groups = this.groups
      .filter(({ id }) => !unread.has(id))
      .map(({ id, minSize, maxSize, cpuMilli, cost }) => {
        const instances = this.#of(id).map((machine): Instance => {
          const { endMs, error } = machine;
          const state = endMs !== undefined ? 'deleting' : error === undefined ? 'running' : 'creating';
          return { id: machine.id, state, ...(error && { error }) };
        });
        const template = nodeOf('template', '', cpuMilli);
        return {
          id,
          minSize,
          maxSize,
          debug: '',
          targetSize: this.#told(id),
          instances,
          template,
          options,
          price: cost,
        };
      });
    const claimed = new Set(doubtful.map(({ providerID }) => providerID));
    return { groups, unread, claimed, problems: [] };
  }

  /** The target size as it is told: the truth, but for lies. */
  #told(group: string): number {
    const lie = this.#isBad && this.#simulation.clock.monotonic() < this.#lieUntilMs ? this.#lie : 0;
    return Math.max(0, this.#size(group) + lie);
  }

  #of(group: string): Machine[] {
    return this.#machines.filter((machine) => machine.group.id === group);
  }

  #size(group: string): number {
    return this.#of(group).filter(({ endMs }) => endMs === undefined).length;
  }

  #increase(id: string, count: number): void {
    const { clock, random } = this.#simulation;
    const group = this.groups.find((each) => each.id === id)!;
    if (this.#size(id) + count > group.maxSize) {
      // Whoever was told a wrong size cannot know.
      if (clock.monotonic() > this.#lieUntilMs + needMs)
        throw this.#violation(`group ${id} would grow beyond ${group.maxSize}`);
      throw new GantryError('Invalid', 'the group is full');
    }
    const nowMs = clock.monotonic();
    for (let at = 0; at < count; at++) {
      const name = `${id}-${this.#made++}`;
      const never = this.#isBad && random.chance(0.1);
      const machine: Machine = {
        ...{ id: `played://${name}`, name, group, madeMs: nowMs },
        dueMs: never ? Number.POSITIVE_INFINITY : nowMs + random.int(500, 6_000),
      };
      if (never && random.chance(0.5))
        machine.error = { kind: 'outOfResources', code: 'QUOTA', message: 'no machine left' };
      this.#machines.push(machine);
      if (never) this.turns.excuse(nowMs);
    }
    this.#judgeOrder(group);
    this.#counted(() => this.turns.grew(id));
  }

  /** Machines that come or work are never more than what pods asked for, and less than one of the largest beside. */
  #judgeOrder(group: PlayedGroup): void {
    const { clock, store } = this.#simulation;
    const nowMs = clock.monotonic();
    if (nowMs <= this.#lieUntilMs + needMs) return;
    const useful = this.#machines.filter((machine) => {
      if (machine.endMs !== undefined || machine.error !== undefined) return false;
      const node = store.find('Node', undefined, machine.name);
      if (node === undefined)
        return nowMs - machine.madeMs < provisionMs / 2 && machine.dueMs < Number.POSITIVE_INFINITY;
      return isReady(node) && !(node.spec?.taints ?? []).some(({ effect }) => effect !== 'PreferNoSchedule');
    });
    const capacity = useful.reduce((sum, machine) => sum + machine.group.cpuMilli, 0);
    const need = Math.max(...this.#needs.map(({ cpuMilli }) => cpuMilli), this.#need());
    const least = this.groups.reduce((sum, { minSize, cpuMilli }) => sum + minSize * cpuMilli, 0);
    const slack = Math.max(...this.groups.map(({ cpuMilli }) => cpuMilli));
    if (capacity < need + slack + least) return;
    throw this.#violation(`${group.id} grows: machines have ${capacity} for ${need} that pods ask for`);
  }

  /** While nothing changes, the nodes that stay have the room that buffers want. */
  #judgeRoom(name: string): void {
    const { players } = this.#simulation;
    if (this.turns.steadyMs(name) < 2 * tolerableMs) return;
    const others = this.#simulation.all('Node').filter(({ metadata }) => metadata.name !== name);
    const live = others.filter((node) => isReady(node) && !isMarkedLeaving(node) && players.isLive(node.metadata.name));
    const pods = this.#simulation.all('Pod');
    const room = live.reduce((sum, node) => sum + Math.max(0, roomOn(node, pods)), 0);
    const wanted = headroomOf(this.#simulation);
    if (room < wanted) throw this.#violation(`node ${name} ends, and ${room} of ${wanted} pods of buffers have room`);
  }

  /** Keeps a violation, which its caller would take for an error of the provider. */
  #counted(count: () => void): void {
    try {
      count();
    } catch (error) {
      throw error instanceof Violation ? this.#violation(error.message) : error;
    }
  }

  #violation(message: string): Violation {
    const violation = new Violation(message);
    this.#violations.push(violation);
    return violation;
  }

  #need(): number {
    return (this.#simulation.all('Pod').filter(isActive).length + headroomOf(this.#simulation)) * podMilli;
  }

  #decrease(id: string, count: number): void {
    const waiting = this.#of(id).filter(
      ({ dueMs, endMs }) => endMs === undefined && dueMs === Number.POSITIVE_INFINITY,
    );
    if (waiting.length < count) throw new GantryError('FailedPrecondition', 'all machines are there');
    for (const machine of waiting.slice(0, count)) this.#fail(machine);
  }

  #deleteNodes(id: string, nodes: readonly ProviderNode[]): void {
    const { clock, random, store } = this.#simulation;
    const machines = nodes.map(({ providerID }) => this.#of(id).find((machine) => machine.id === providerID));
    if (machines.includes(undefined)) throw new GantryError('NotFound', 'no such machine');
    for (const machine of machines as Machine[]) {
      const node = store.find('Node', undefined, machine.name);
      if (node === undefined) this.turns.excuse(clock.monotonic());
      else this.#judgeEnd(machine, node);
      machine.endMs ??= clock.monotonic() + random.int(0, 3_000);
    }
  }

  /** A machine that works ends without pods, and leaves its group large enough. */
  #judgeEnd({ group, name, endMs }: Machine, node: Node): void {
    const { players } = this.#simulation;
    if (endMs !== undefined || !isReady(node) || !players.isLive(name)) return;
    this.#judgeRoom(name);
    const pods = this.#simulation.all('Pod').filter((pod) => isActive(pod) && pod.spec.nodeName === name);
    if (pods.length > 0) throw this.#violation(`node ${name} ends with ${pods.length} pods on it`);
    // A machine that went by itself meanwhile is nobody's fault.
    const nowMs = this.#simulation.clock.monotonic();
    const isExcused = nowMs <= this.#lieUntilMs + needMs || nowMs - (this.#spareMs.get(group.id) ?? 0) < tolerableMs;
    if (this.#size(group.id) > group.minSize || isExcused) return;
    throw this.#violation(`group ${group.id} shrinks below its least size`);
  }

  #register(machine: Machine): void {
    const node = nodeOf(machine.name, machine.id, machine.group.cpuMilli);
    this.#simulation.players.cutOff(machine.name, false);
    this.#simulation.store.create({ ...node, metadata: { name: machine.name } } as unknown as Node, 'kubelet');
  }

  /** A machine goes that nobody gave up. */
  #fail(machine: Machine): void {
    this.turns.excuse(this.#simulation.clock.monotonic());
    this.#end(machine);
  }

  #end(machine: Machine): void {
    const at = this.#machines.indexOf(machine);
    if (at >= 0) this.#machines.splice(at, 1);
    this.#simulation.players.cutOff(machine.name);
  }
}

function nodeOf(name: string, providerID: string, cpuMilli: number): Node {
  const { status: _ready, ...node } = aNode(name);
  const allocatable = { cpu: `${cpuMilli}m`, memory: '64Gi', pods: '110' };
  return { ...node, spec: { providerID }, status: { allocatable, conditions: [{ type: 'Ready', status: 'False' }] } };
}

/** Pods for which buffers want room. */
export function headroomOf(simulation: Simulation): number {
  return simulation.all('CapacityBuffer').reduce((sum, { spec }) => sum + (spec.replicas ?? 0), 0);
}

/** All that nodes are wanted for. */
function demandOf(simulation: Simulation): string {
  const replicas = simulation.all('Deployment').map(({ spec }) => spec.replicas);
  return `${replicas.join(' ')} ${headroomOf(simulation)}`;
}

function attempt(apply: () => unknown): void {
  try {
    apply();
  } catch {
    // Nobody hears of a refusal that comes too late.
  }
}

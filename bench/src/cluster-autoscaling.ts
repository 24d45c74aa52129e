/**
 * Runs a trace of virtual machines as pods on a cluster whose nodes come and go, and counts what that takes: nodes at the peak, their price over
 * time, how many were started and stopped, and for how long pods waited. The rules differ in nothing but the choice of nodes to add:
 * all groups at once (least-cost), or one group a decision as Kubernetes' Cluster Autoscaler does it (most-pods, least-waste). First-fit
 * knows no scheduler: each pod goes to the first node with room, or to a new one of the group that is cheapest a core. The bound is the
 * price of fractions of nodes that would hold the demand at each moment.
 *
 *   scripts/node bench/src/cluster-autoscaling.ts --data DIR [--vms 3000] [--only least-cost]
 */
import type { NodeTemplate, SimulateRequest, SimulateResponse } from '@gantry/client/placement-messages.ts';
import { chosen } from '@gantry/controllers/clusterautoscaler/expand.ts';
import type { Expander } from '@gantry/controllers/clusterautoscaler/settings.ts';
import { compileNode } from '@gantry/scheduler/compile/node.ts';
import { PodCompiler } from '@gantry/scheduler/compile/pod.ts';
import { defaultProfiles } from '@gantry/scheduler/profiles.ts';
import { Scheduler } from '@gantry/scheduler/scheduler.ts';
import { simulate } from '@gantry/scheduler/simulate/simulate.ts';
import { nodeNamed, podNamed } from '@gantry/scheduler/testing/builders.ts';
import { readArguments } from './arguments.ts';
import { describeMachine } from './machine.ts';
import { requestsOf } from './vm-rule.ts';
import { eventsOf, readTrace, type Vm } from './vm-trace.ts';

interface Group {
  readonly id: string;
  readonly cores: number;
  readonly memoryGib: number;
  /** Price of an hour. */
  readonly price: number;
}

/** Shapes and prices such as clouds have them: some for cores, some for memory, and a discount for none. */
const groups: readonly Group[] = [
  { id: 'general-16', cores: 16, memoryGib: 64, price: 0.77 },
  { id: 'general-32', cores: 32, memoryGib: 128, price: 1.54 },
  { id: 'compute-16', cores: 16, memoryGib: 32, price: 0.68 },
  { id: 'memory-16', cores: 16, memoryGib: 128, price: 1.01 },
];

/** Seconds between looks, for a node to come, and for which an empty one is kept. */
const scanSeconds = 60;
const bootSeconds = 60;
const unneededSeconds = 600;
const mostNodes = 2_000;
/** Decisions of one look, at most, for a rule that grows one group at a time. */
const mostDecisions = 6;

interface Outcome {
  peak: number;
  /** Price of all nodes over the time of the trace. */
  price: number;
  started: number;
  stopped: number;
  /** Seconds that pods waited, together. */
  waited: number;
  /** Milliseconds of decisions. */
  decidedMs: number;
  decisions: number;
}

const nothing = (): Outcome => ({ peak: 0, price: 0, started: 0, stopped: 0, waited: 0, decidedMs: 0, decisions: 0 });

interface RunningNode {
  readonly name: string;
  readonly group: Group;
  readonly readyAt: number;
  isThere: boolean;
  emptySince: number | undefined;
}

/** Changes of the trace by the look that hears of them. */
function eventsBySlot(vms: readonly Vm[]): Map<number, number[]> {
  const slots = new Map<number, number[]>();
  for (const event of eventsOf(vms)) {
    const { arrivalSeconds, durationSeconds } = vms[event < 0 ? ~event : event]!;
    const slot = Math.ceil((event < 0 ? arrivalSeconds + durationSeconds : arrivalSeconds) / scanSeconds);
    slots.set(slot, [...(slots.get(slot) ?? []), event]);
  }
  return slots;
}

/** Looks of the trace: from its first arrival to its last, and not to the end of all machines. */
function looksOf(vms: readonly Vm[]): number {
  return Math.ceil(vms.at(-1)!.arrivalSeconds / scanSeconds) + 1;
}

function answerTo(scheduler: Scheduler, request: SimulateRequest): SimulateResponse {
  const simulation = simulate(scheduler, request);
  for (;;) {
    const { done, value } = simulation.next();
    if (done) return value;
  }
}

/** A cluster whose nodes are chosen by a rule. */
class Cluster {
  readonly #scheduler = new Scheduler({ profiles: defaultProfiles, seed: 1, batchSize: 10_000 });
  readonly #compiler = new PodCompiler();
  readonly #vms: readonly Vm[];
  readonly #rule: Expander;
  readonly #pending = new Set<number>();
  readonly #nodes = new Map<string, RunningNode>();
  readonly outcome = nothing();
  #made = 0;

  constructor(vms: readonly Vm[], rule: Expander) {
    this.#vms = vms;
    this.#rule = rule;
  }

  look(second: number, events: readonly number[]): void {
    for (const event of events) this.#hear(event);
    for (const node of this.#nodes.values()) if (!node.isThere && node.readyAt <= second) this.#register(node);
    this.#place(second);
    if (this.#pending.size > 0) this.#grow(second);
    this.#shrink(second);
    const { outcome } = this;
    outcome.peak = Math.max(outcome.peak, this.#nodes.size);
    outcome.waited += this.#pending.size * scanSeconds;
    for (const { group } of this.#nodes.values()) outcome.price += (group.price * scanSeconds) / 3_600;
  }

  #hear(event: number): void {
    if (event < 0) {
      this.#pending.delete(~event);
      this.#scheduler.removePod(`vm-${~event}`);
      return;
    }
    const pod = podNamed(`vm-${event}`, { requests: requestsOf(this.#vms[event]!), schedulerName: 'binpack' });
    this.#scheduler.setPod(this.#compiler.compile(pod));
    this.#pending.add(event);
  }

  #register(node: RunningNode): void {
    node.isThere = true;
    this.#scheduler.setNode(compileNode({ ...nodeOf(node.group), metadata: { name: node.name, labels: {} } }));
  }

  #place(second: number): void {
    for (let nowMs = second * 1_000; this.#scheduler.hasWork(nowMs); ) {
      const { placements } = this.#scheduler.cycle(nowMs);
      for (const { entry, nodeName } of placements) {
        this.#scheduler.setPod({ ...entry.info, nodeName });
        this.#pending.delete(Number(entry.pod.uid.slice(3)));
      }
      if (placements.length === 0) break;
    }
  }

  #grow(second: number): void {
    const startMs = performance.now();
    for (let decision = 0; decision < mostDecisions; decision++) {
      const { added = [] } = this.#decide();
      this.outcome.decisions++;
      for (const { templateId } of added) {
        const name = `node-${this.#made++}`;
        const group = groups.find(({ id }) => id === templateId)!;
        this.#nodes.set(name, { name, group, readyAt: second + bootSeconds, isThere: false, emptySince: undefined });
        this.outcome.started++;
      }
      if (added.length === 0 || this.#rule === 'least-cost') break;
    }
    this.outcome.decidedMs += performance.now() - startMs;
  }

  #decide(): SimulateResponse {
    const coming = (group: Group): number =>
      [...this.#nodes.values()].filter((node) => node.group === group && !node.isThere).length;
    const podUids = [...this.#pending].map((vm) => `vm-${vm}`);
    const templates = groups.map((group): NodeTemplate => {
      return { id: group.id, node: nodeOf(group), cost: group.price, coming: coming(group), most: mostNodes };
    });
    if (this.#rule === 'least-cost') return answerTo(this.#scheduler, { podUids, templates });
    const options = templates.map((one) => {
      const request = { podUids, templates: templates.map((each) => (each === one ? each : { ...each, most: 0 })) };
      return { request, response: answerTo(this.#scheduler, request) };
    });
    const amounts = (uid: string): Map<string, number> => {
      const { cores, memoryGib } = this.#vms[Number(uid.slice(3))]!;
      return new Map([
        ['cpu', cores * 1_000],
        ['memory', memoryGib * 2 ** 30],
      ]);
    };
    return chosen(options, this.#rule, amounts, () => 0)!.response;
  }

  #shrink(second: number): void {
    const { cluster } = this.#scheduler;
    for (const node of this.#nodes.values()) {
      if (!node.isThere) continue;
      const isEmpty = cluster.podsOn(cluster.slotOf(node.name)).next().done;
      node.emptySince = isEmpty ? (node.emptySince ?? second) : undefined;
      if (node.emptySince === undefined || second - node.emptySince < unneededSeconds) continue;
      this.#scheduler.removeNode(node.name);
      this.#nodes.delete(node.name);
      this.outcome.stopped++;
    }
  }
}

function nodeOf({ id, cores, memoryGib }: Group) {
  return nodeNamed(id, { cpu: `${cores}`, memory: `${memoryGib}Gi`, pods: '1000' });
}

function byRule(rule: Expander): (vms: readonly Vm[]) => Outcome {
  return (vms) => {
    const cluster = new Cluster(vms, rule);
    const slots = eventsBySlot(vms);
    for (let look = 0; look < looksOf(vms); look++) cluster.look(look * scanSeconds, slots.get(look) ?? []);
    return cluster.outcome;
  };
}

/** First fit, with nodes that are there at once. */
function firstFit(vms: readonly Vm[]): Outcome {
  const outcome = nothing();
  const nodes: { readonly group: Group; cores: number; memoryGib: number; pods: number; emptySince: number }[] = [];
  const at = new Map<number, (typeof nodes)[number]>();
  const slots = eventsBySlot(vms);
  const cheapest = groups.toSorted((a, b) => a.price / a.cores - b.price / b.cores || a.price - b.price);
  for (let look = 0; look < looksOf(vms); look++) {
    const second = look * scanSeconds;
    for (const event of slots.get(look) ?? []) {
      const vm = vms[event < 0 ? ~event : event]!;
      if (event < 0) {
        const node = at.get(~event)!;
        node.cores += vm.cores;
        node.memoryGib += vm.memoryGib;
        if (--node.pods === 0) node.emptySince = second;
        continue;
      }
      let node = nodes.find(({ cores, memoryGib }) => cores >= vm.cores && memoryGib >= vm.memoryGib);
      if (node === undefined) {
        const group = cheapest.find(({ cores, memoryGib }) => cores >= vm.cores && memoryGib >= vm.memoryGib)!;
        node = { group, cores: group.cores, memoryGib: group.memoryGib, pods: 0, emptySince: second };
        nodes.push(node);
        outcome.started++;
      }
      node.cores -= vm.cores;
      node.memoryGib -= vm.memoryGib;
      node.pods++;
      at.set(event, node);
    }
    for (const node of nodes.filter(({ pods, emptySince }) => pods === 0 && second - emptySince >= unneededSeconds)) {
      nodes.splice(nodes.indexOf(node), 1);
      outcome.stopped++;
    }
    outcome.peak = Math.max(outcome.peak, nodes.length);
    for (const { group } of nodes) outcome.price += (group.price * scanSeconds) / 3_600;
  }
  return outcome;
}

/** Prices of a core and of a gibibyte at which no node is worth more than it costs: the corners of what is possible. */
function corners(): [number, number][] {
  const pairs = groups.flatMap((a, at) => groups.slice(at + 1).map((b) => [a, b] as const));
  const crossings = pairs.flatMap(([a, b]): [number, number][] => {
    const area = a.cores * b.memoryGib - b.cores * a.memoryGib;
    if (area === 0) return [];
    return [[(a.price * b.memoryGib - b.price * a.memoryGib) / area, (a.cores * b.price - b.cores * a.price) / area]];
  });
  const alone: [number, number][] = [
    [Math.min(...groups.map(({ price, cores }) => price / cores)), 0],
    [0, Math.min(...groups.map(({ price, memoryGib }) => price / memoryGib))],
  ];
  return [...crossings, ...alone].filter(
    ([core, gib]) =>
      core >= 0 &&
      gib >= 0 &&
      groups.every((each) => each.cores * core + each.memoryGib * gib <= each.price * (1 + 1e-9)),
  );
}

function boundOf(vms: readonly Vm[]): number {
  const slots = eventsBySlot(vms);
  const prices = corners();
  let [cores, memoryGib, price] = [0, 0, 0];
  for (let look = 0; look < looksOf(vms); look++) {
    for (const event of slots.get(look) ?? []) {
      const vm = vms[event < 0 ? ~event : event]!;
      cores += Math.sign(event + 0.5) * vm.cores;
      memoryGib += Math.sign(event + 0.5) * vm.memoryGib;
    }
    price += (Math.max(...prices.map(([core, gib]) => cores * core + memoryGib * gib)) * scanSeconds) / 3_600;
  }
  return price;
}

const values = readArguments('Nodes that come and go with a trace of virtual machines.', {
  data: { type: 'folder', about: 'the trace, with raw/v1.test.txt', required: true },
  vms: { type: 'number', about: 'virtual machines of the trace, from its beginning', default: 3000 },
  only: { type: 'text', about: 'only rules whose name contains this', default: '' },
});

console.log(describeMachine());
const vms = readTrace(values.data).slice(0, values.vms);
const bound = boundOf(vms);
const hours = (vms.at(-1)!.arrivalSeconds / 3_600).toFixed(1);
console.log(`${vms.length} machines in ${hours} hours; the bound is ${bound.toFixed(0)} of price`);
const rules: readonly (readonly [name: string, run: (vms: readonly Vm[]) => Outcome])[] = [
  ['least-cost', byRule('least-cost')],
  ['least-waste', byRule('least-waste')],
  ['most-pods', byRule('most-pods')],
  ['first-fit', firstFit],
];
for (const [name, run] of rules.filter(([name]) => name.includes(values.only))) {
  const { peak, price, started, stopped, waited, decidedMs, decisions } = run(vms);
  const over = `+${((100 * price) / bound - 100).toFixed(1)}%`;
  const wait = (waited / vms.length).toFixed(0);
  const perDecision = decisions === 0 ? '' : `, ${(decidedMs / decisions).toFixed(0)} ms a decision`;
  console.log(
    `${name.padEnd(12)} ${price.toFixed(0)} (${over}), ${peak} nodes at the peak, ${started} started, ${stopped} stopped, ${wait} s of waiting a pod${perDecision}`,
  );
}

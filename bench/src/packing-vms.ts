/**
 * Counts the nodes that it takes to run a trace of virtual machines: they arrive in order, leave when their time is over, and
 * none may be refused. Nobody knows how long one will stay. Each goes through the scheduler's core as a pod does:
 * compiled, queued, given a node, and removed again. The smallest cluster is found by halving; the bound is the largest
 * demand that there is at any time, as if nodes could be cut to measure. The time is what one machine takes from its
 * compilation to its end.
 *
 *   scripts/node bench/src/packing-vms.ts --data DIR [--vms 80000] [--only binpack] [--unseen] [--ablation]
 *
 * `--vms n` takes the first n of the trace; `--only` runs the policies whose names contain a text; `--unseen` adds node
 * shapes and days of the trace that played no part in the making of the policy; `--ablation` changes parts of it.
 */
import { compileNode } from '@gantry/scheduler/compile/node.ts';
import { PodCompiler } from '@gantry/scheduler/compile/pod.ts';
import { binpackProfile, type ScoreWeights, spreadProfile } from '@gantry/scheduler/profiles.ts';
import { Scheduler } from '@gantry/scheduler/scheduler.ts';
import { usableRoomBy } from '@gantry/scheduler/score/usable-room.ts';
import { nodeNamed, podNamed } from '@gantry/scheduler/testing/builders.ts';
import { readArguments } from './arguments.ts';
import { describeMachine } from './machine.ts';
import { requestsOf, takesAllByRule } from './vm-rule.ts';
import { eventsOf, readTrace, type Vm } from './vm-trace.ts';

interface Shape {
  readonly cores: number;
  readonly memoryGib: number;
}

/** A part of the trace on one shape of nodes. */
interface Case extends Shape {
  readonly name: string;
  readonly vms: readonly Vm[];
}

interface Policy {
  readonly name: string;
  /** True where a cluster of so many nodes takes every machine of the trace. */
  readonly takesAll: (given: Case, events: readonly number[], nodes: number) => boolean;
}

const none: ScoreWeights = {
  ...spreadProfile.weights,
  leastAllocated: 0,
  mostAllocated: 0,
  balancedAllocation: 0,
  usableRoom: 0,
};
const policies: readonly Policy[] = [
  weighed('binpack', binpackProfile.weights),
  weighed('MostAllocated', { mostAllocated: 1 }),
  weighed('spread', spreadProfile.weights),
];
/** The policy with one part changed. */
const ablation: readonly Policy[] = [
  weighed('binpack', binpackProfile.weights),
  weighed('no MostAllocated between equals', { usableRoom: 20 }),
  weighed('as much MostAllocated', { usableRoom: 20, mostAllocated: 20 }),
  weighed('MostAllocated and Balanced 4:1', { mostAllocated: 4, balancedAllocation: 1 }),
];
/** The rule alone, without a scheduler around it, under other measures. */
const ruleAblation: readonly Policy[] = [
  ruled('share^1.5, 16 kinds', 1.5, 16),
  ruled('share^1', 1, 16),
  ruled('share^2', 2, 16),
  ruled('8 kinds', 1.5, 8),
  ruled('4 kinds', 1.5, 4),
];

/** The scheduler's core as it runs in the service, under a profile of these weights. */
function weighed(name: string, weights: Partial<ScoreWeights>): Policy {
  const schedulerName = 'measured';
  const profile = { name: schedulerName, weights: { ...none, ...weights } };
  return {
    name,
    takesAll({ vms, cores, memoryGib }, events, nodes) {
      const scheduler = new Scheduler({ profiles: { [schedulerName]: profile }, seed: 1, batchSize: 1 });
      const compiler = new PodCompiler();
      const size = { cpu: `${cores}`, memory: `${memoryGib}Gi`, pods: '1000' };
      for (let node = 0; node < nodes; node++) scheduler.setNode(compileNode(nodeNamed(`node-${node}`, size)));
      for (const event of events) {
        if (event < 0) {
          scheduler.removePod(`vm-${~event}`);
          continue;
        }
        scheduler.setPod(
          compiler.compile(podNamed(`vm-${event}`, { requests: requestsOf(vms[event]!), schedulerName })),
        );
        const placed = scheduler.cycle(0).placements[0];
        if (placed === undefined) return false;
        scheduler.setPod({ ...placed.entry.info, nodeName: placed.nodeName });
      }
      return true;
    },
  };
}

/** UsableRoom alone: a place is worth its share of the node to a power, and so many kinds are looked at. */
function ruled(name: string, power: number, kinds: number): Policy {
  const score = usableRoomBy((share) => share ** power);
  return {
    name,
    takesAll: ({ vms, ...shape }, events, nodes) => takesAllByRule(vms, shape, events, nodes, score, kinds),
  };
}

/** Nodes that the largest demand at any time fills. */
function boundOf({ vms, cores, memoryGib }: Case, events: readonly number[]): number {
  let cpu = 0;
  let memory = 0;
  let most = 0;
  for (const event of events) {
    const vm = vms[event < 0 ? ~event : event]!;
    const sign = event < 0 ? -1 : 1;
    cpu += sign * vm.cores;
    memory += sign * vm.memoryGib;
    most = Math.max(most, cpu / cores, memory / memoryGib);
  }
  return Math.ceil(most);
}

/** Machines that ask for less than their flavor has, in steps of a twentieth, each tenth one alike: some 70 kinds. */
function varied(vms: readonly Vm[]): Vm[] {
  return vms.map((vm, index) => {
    const less = (steps: number): number => 1 - (Math.floor(index / 10) % steps) / 20;
    return { ...vm, cores: vm.cores * less(2), memoryGib: vm.memoryGib * less(5) };
  });
}

interface Outcome {
  readonly nodes: number;
  /** Microseconds that a machine took there, from its compilation to its end. */
  readonly microseconds: number;
}

function smallestCluster(given: Case, events: readonly number[], bound: number, policy: Policy): Outcome {
  let microseconds = 0;
  const takesAll = (nodes: number): boolean => {
    const startMs = performance.now();
    const works = policy.takesAll(given, events, nodes);
    if (works) microseconds = ((performance.now() - startMs) * 1_000) / given.vms.length;
    return works;
  };
  let fails = bound - 1;
  let works = Math.ceil(bound * 1.04);
  while (!takesAll(works)) {
    fails = works;
    works = Math.ceil(works * 1.15);
  }
  while (works - fails > 1) {
    const middle = (fails + works) >>> 1;
    if (takesAll(middle)) works = middle;
    else fails = middle;
  }
  return { nodes: works, microseconds };
}

function report(title: string, cases: readonly Case[], compared: readonly Policy[]): void {
  console.log(`\n${title.padEnd(34)} ${['bound', ...compared.map(({ name }) => name)].join(' | ')}`);
  for (const given of cases) {
    const events = eventsOf(given.vms);
    const bound = boundOf(given, events);
    const shown = compared.map((policy) => {
      const { nodes, microseconds } = smallestCluster(given, events, bound, policy);
      return `${nodes} (+${((100 * nodes) / bound - 100).toFixed(1)}%, ${microseconds.toFixed(0)} µs)`;
    });
    const label = `${given.name}, ${given.cores}c/${given.memoryGib}G`;
    console.log(`${label.padEnd(34)} ${[bound, ...shown].join(' | ')}`);
  }
}

const values = readArguments('How many nodes a trace of virtual machines needs.', {
  data: { type: 'folder', about: 'the trace, with raw/v1.test.txt', required: true },
  vms: { type: 'number', about: 'virtual machines of the trace, from its beginning', default: 80000 },
  only: { type: 'text', about: 'only policies whose name contains this', default: '' },
  unseen: { type: 'flag', about: 'also the part of the trace that no rule was tuned on' },
  ablation: { type: 'flag', about: 'also policies with a part left out' },
});

console.log(describeMachine());
const trace = readTrace(values.data);
const first = trace.slice(0, values.vms);
const onto = (name: string, vms: readonly Vm[], shapes: readonly Shape[]): Case[] =>
  shapes.map((shape) => ({ name, vms, ...shape }));
const shapes = [
  { cores: 80, memoryGib: 180 },
  { cores: 80, memoryGib: 270 },
];
const otherShapes = [
  { cores: 48, memoryGib: 128 },
  { cores: 64, memoryGib: 192 },
  { cores: 96, memoryGib: 384 },
  { cores: 128, memoryGib: 400 },
];
const days = (from: number, to: number): Vm[] =>
  trace.filter(({ arrivalSeconds }) => arrivalSeconds >= 86_400 * from && arrivalSeconds < 86_400 * to);
const chosen = policies.filter(({ name }) => name.includes(values.only));

report('nodes without a refusal', onto(`first ${first.length}`, first, shapes), chosen);
if (values.ablation) {
  report('ablation', onto(`first ${first.length}`, first, shapes), ablation);
  report('the rule alone', onto(`first ${first.length}`, first, [...shapes, otherShapes[0]!]), ruleAblation);
}
if (values.unseen) {
  report('amounts of their own', onto(`first ${first.length}`, varied(first), shapes), chosen);
  report('other shapes', onto(`first ${first.length}`, first, otherShapes), chosen);
  report(
    'other days, from an empty cluster',
    [...onto('day 2', days(1, 2), shapes), ...onto('days 3 to 6', days(2, 6), shapes)],
    chosen,
  );
}

/**
 * How many nodes it takes to run a trace of virtual machines: they arrive in order, leave when their time is over, and
 * none may be refused. Nobody knows how long one will stay. Each goes through the scheduler's core as a pod does:
 * compiled, queued, given a node, and removed again. The smallest cluster is found by halving; the bound is the largest
 * demand that there is at any time, as if nodes could be cut to measure.
 *
 *   scripts/node bench/src/packing-vms.ts --data DIR [--vms 80000] [--only binpack] [--unseen] [--ablation]
 *
 * `--vms n` takes the first n of the trace; `--only` runs the policies whose names contain a text; `--unseen` adds node
 * shapes and days of the trace that played no part in the making of the policy; `--ablation` leaves parts of it out.
 */
import { parseArgs } from 'node:util';
import { compileNode } from '@gantry/scheduler/compile/node.ts';
import { PodCompiler } from '@gantry/scheduler/compile/pod.ts';
import { binpackProfile, type ScoreWeights, spreadProfile } from '@gantry/scheduler/profiles.ts';
import { Scheduler } from '@gantry/scheduler/scheduler.ts';
import { nodeNamed, podNamed } from '@gantry/scheduler/testing/builders.ts';
import { describeMachine } from './machine.ts';
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
  readonly weights: Partial<ScoreWeights>;
}

const none: ScoreWeights = {
  ...spreadProfile.weights,
  leastAllocated: 0,
  mostAllocated: 0,
  balancedAllocation: 0,
  usableRoom: 0,
};
const policies: readonly Policy[] = [
  { name: 'binpack', weights: binpackProfile.weights },
  { name: 'MostAllocated', weights: { mostAllocated: 1 } },
  { name: 'spread', weights: spreadProfile.weights },
];
const ablation: readonly Policy[] = [
  { name: 'binpack', weights: binpackProfile.weights },
  { name: 'UsableRoom alone', weights: { usableRoom: 20 } },
  { name: 'as much MostAllocated', weights: { usableRoom: 20, mostAllocated: 20 } },
  { name: 'MostAllocated alone', weights: { mostAllocated: 1 } },
  { name: 'MostAllocated, Balanced 4:1', weights: { mostAllocated: 4, balancedAllocation: 1 } },
  { name: 'BalancedAllocation alone', weights: { balancedAllocation: 1 } },
];

const schedulerName = 'measured';

/** True where a cluster of so many nodes takes every machine of the trace. */
function takesAll({ vms, cores, memoryGib }: Case, events: readonly number[], nodes: number, policy: Policy): boolean {
  const profile = { name: schedulerName, weights: { ...none, ...policy.weights } };
  const scheduler = new Scheduler({ profiles: { [schedulerName]: profile }, seed: 1, batchSize: 1 });
  const compiler = new PodCompiler();
  const size = { cpu: `${cores}`, memory: `${memoryGib}Gi`, pods: '1000' };
  for (let node = 0; node < nodes; node++) scheduler.setNode(compileNode(nodeNamed(`node-${node}`, size)));
  for (const event of events) {
    if (event < 0) {
      scheduler.removePod(`vm-${~event}`);
      continue;
    }
    const vm = vms[event]!;
    const requests = { cpu: `${vm.cores}`, memory: `${vm.memoryGib * 1024}Mi` };
    scheduler.setPod(compiler.compile(podNamed(`vm-${event}`, { requests, schedulerName })));
    const placed = scheduler.cycle(0).placements[0];
    if (placed === undefined) return false;
    scheduler.setPod({ ...placed.entry.info, nodeName: placed.nodeName });
  }
  return true;
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

function smallestCluster(given: Case, events: readonly number[], bound: number, policy: Policy): number {
  let fails = bound - 1;
  let works = Math.ceil(bound * 1.04);
  while (!takesAll(given, events, works, policy)) {
    fails = works;
    works = Math.ceil(works * 1.15);
  }
  while (works - fails > 1) {
    const middle = (fails + works) >>> 1;
    if (takesAll(given, events, middle, policy)) works = middle;
    else fails = middle;
  }
  return works;
}

function report(title: string, cases: readonly Case[], compared: readonly Policy[]): void {
  console.log(`\n${title.padEnd(34)} ${['bound', ...compared.map(({ name }) => name)].join(' | ')}`);
  for (const given of cases) {
    const events = eventsOf(given.vms);
    const bound = boundOf(given, events);
    const startMs = performance.now();
    const nodes = compared.map((policy) => smallestCluster(given, events, bound, policy));
    const label = `${given.name}, ${given.cores}c/${given.memoryGib}G`;
    const shown = nodes.map((count) => `${count} (+${((100 * count) / bound - 100).toFixed(1)}%)`);
    const seconds = ((performance.now() - startMs) / 1_000).toFixed(0);
    console.log(`${label.padEnd(34)} ${[bound, ...shown].join(' | ')}   (${seconds} s)`);
  }
}

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    vms: { type: 'string', default: '80000' },
    only: { type: 'string', default: '' },
    unseen: { type: 'boolean', default: false },
    ablation: { type: 'boolean', default: false },
  },
});
if (values.data === undefined) throw new Error('--data: the folder of the trace, with raw/v1.test.txt');

console.log(describeMachine());
const trace = readTrace(values.data);
const first = trace.slice(0, Number(values.vms));
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
if (values.ablation) report('ablation', onto(`first ${first.length}`, first, shapes), ablation);
if (values.unseen) {
  report('other shapes', onto(`first ${first.length}`, first, otherShapes), chosen);
  report(
    'other days, from an empty cluster',
    [...onto('day 2', days(1, 2), shapes), ...onto('days 3 to 6', days(2, 6), shapes)],
    chosen,
  );
}

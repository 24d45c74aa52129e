/**
 * Counts the GPUs that a policy gets used: the pods of a list, and more like them until they ask for 130% of all GPUs, come one
 * by one and stay; those that find no node are gone. Printed is the share of all GPUs that is given out when the pods
 * that have come ask for 80 to 130% of them, as a mean over the seeds, beside the figures published for other policies.
 *
 *   scripts/node bench/src/packing-gpu.ts --data DIR [--lists default,gpuspec33] [--seeds 10] [--from 1] [--policies gantry,first-fit,best-fit]
 *
 * DIR holds the CSV files of Alibaba's trace `openb` (see bench/README.md).
 */
import { readArguments } from './arguments.ts';
import { ablations, bestFit, firstFit, gantry, type Policy } from './gpu-policies.ts';
import {
  type GpuNode,
  type GpuPod,
  gpusOf,
  inflated,
  levels,
  podLists,
  published,
  readNodes,
  readPods,
} from './openb.ts';

interface Outcome {
  /** GPU given out at each level, in percent of all. */
  readonly at: readonly number[];
  /** Pods without GPUs that found no node until the pods that came asked for all GPUs, in percent of those that came. */
  readonly plainRefused: number;
  readonly perSecond: number;
}

const policies: Record<string, Policy> = { gantry: gantry(), 'first-fit': firstFit, 'best-fit': bestFit, ...ablations };

function run(policy: Policy, nodes: readonly GpuNode[], pods: readonly GpuPod[], seed: number): Outcome {
  const capacity = nodes.reduce((sum, { gpus }) => sum + gpus, 0);
  const place = policy(nodes, seed);
  const at: number[] = [];
  let arrived = 0;
  let given = 0;
  let plain = 0;
  let plainRefused = 0;
  const startMs = performance.now();
  for (const pod of pods) {
    arrived += gpusOf(pod);
    const placed = place(pod);
    if (placed) given += gpusOf(pod);
    if (pod.gpus === 0 && arrived <= capacity) {
      plain++;
      if (!placed) plainRefused++;
    }
    while (at.length < levels.length && arrived >= (levels[at.length]! / 100) * capacity - 1e-6) {
      at.push((100 * given) / capacity);
    }
  }
  return {
    at,
    plainRefused: (100 * plainRefused) / Math.max(1, plain),
    perSecond: pods.length / ((performance.now() - startMs) / 1_000),
  };
}

function line(name: string, at: readonly number[], rest: string): string {
  return `  ${name.padEnd(24)}${at.map((percent) => percent.toFixed(2).padStart(8)).join('')}  ${rest}`;
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}

function deviation(numbers: readonly number[]): number {
  const middle = mean(numbers);
  return Math.sqrt(mean(numbers.map((number) => (number - middle) ** 2)));
}

const values = readArguments('How many GPUs of a trace policies give out.', {
  data: { type: 'folder', about: 'the CSV files of the trace openb', required: true },
  lists: { type: 'text', about: 'lists of pods, or all', default: 'default,gpuspec33' },
  seeds: { type: 'number', about: 'seeds to take the mean of', default: 5 },
  from: { type: 'number', about: 'the first seed', default: 1 },
  policies: { type: 'text', about: 'policies to compare', default: 'gantry,first-fit,best-fit' },
});
const nodes = readNodes(values.data);
const capacity = nodes.reduce((sum, { gpus }) => sum + gpus, 0);
const seeds = Array.from({ length: values.seeds }, (_, index) => values.from + index);
for (const list of values.lists === 'all' ? podLists(values.data) : values.lists.split(',')) {
  const pods = readPods(values.data, list);
  const chosen = values.policies.split(',');
  console.log(`${list}: ${pods.length} pods on ${nodes.length} nodes with ${capacity} GPUs, ${seeds.length} seeds`);
  console.log(
    line(
      'arrived demand in %',
      [],
      levels
        .map((level) => `${level}`.padStart(8))
        .join('')
        .slice(2),
    ),
  );
  for (const { policy, at } of published(values.data, list)) {
    console.log(
      line(
        `${policy} (published)`,
        levels.map((level) => at[level]!),
        '',
      ),
    );
  }
  for (const name of chosen) {
    const policy = policies[name];
    if (policy === undefined) throw new Error(`--policies: ${name}: must be of ${Object.keys(policies).join(', ')}`);
    const outcomes = seeds.map((seed) => run(policy, nodes, inflated(pods, capacity, seed), seed));
    const at = levels.map((_, index) => mean(outcomes.map((outcome) => outcome.at[index]!)));
    const spread = deviation(outcomes.map((outcome) => outcome.at[levels.indexOf(100)]!)).toFixed(2);
    const perSecond = Math.round(mean(outcomes.map((outcome) => outcome.perSecond)));
    const refused = mean(outcomes.map(({ plainRefused }) => plainRefused)).toFixed(1);
    const rest = `± ${spread}, ${perSecond.toLocaleString('en')} pods/s, ${refused}% of pods without GPUs refused`;
    console.log(line(name, at, rest));
  }
}

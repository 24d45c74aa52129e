/**
 * Vector bin packing in batch mode (packBatch), on the benchmark with published results by Mommessin, Erlebach and
 * Shakhlevich (Computers & OR 2025): how far above the published lower bound the simple rules end, and how far with the
 * search on top, for which each instance has `--budget` milliseconds. `--sample n` takes n of the ten instances of a kind;
 * with `--threads n` as many searches run at once, with other random numbers each, and the best counts.
 *
 *   scripts/node bench/src/packing-vectors.ts --data DIR [--budget 200] [--sample 10] [--threads 1] [--seed 1]
 */
import { packBatch } from '@gantry/scheduler/pack/pack-batch.ts';
import { PackPool } from '@gantry/scheduler/pack/pool.ts';
import { readArguments } from './arguments.ts';
import { describeMachine } from './machine.ts';
import { type Instance, type Published, readInstances, readPublished } from './vector-instances.ts';

interface Result {
  readonly instance: Instance;
  readonly published: Published;
  readonly rules: number;
  readonly searched: number;
  readonly ms: number;
}

const families = ['New', 'Triplet'];
const values = readArguments('How close to the bound vectors are packed.', {
  data: { type: 'folder', about: 'the benchmark, with instances/ and published/', required: true },
  budget: { type: 'number', about: 'milliseconds an instance', default: 200 },
  sample: { type: 'number', about: 'instances of a family', default: 10 },
  threads: { type: 'number', about: 'threads that search', default: 1 },
  seed: { type: 'number', about: 'decides between equals', default: 1 },
});

const { threads } = values;
await using pool = new PackPool(threads);

async function solve(instance: Instance, published: Published, timeMs: number, seed: number): Promise<Result> {
  const { items, room } = instance;
  const nodes = Array.from(items, () => ({ free: room, isUsed: false }));
  const rules = packBatch(items, nodes, { seed, steps: 0 }).opened;
  const startMs = performance.now();
  const { opened } = await pool.pack(items, nodes, { seed, steps: Number.MAX_SAFE_INTEGER, starts: threads, timeMs });
  return { instance, published, rules, searched: opened, ms: performance.now() - startMs };
}

/** Mean of how far above the bound something ends, in percent; undefined where it has no result for some instance. */
function meanAbove(results: readonly Result[], binsOf: (result: Result) => number | undefined): number | undefined {
  let sum = 0;
  for (const result of results) {
    const bins = binsOf(result);
    if (bins === undefined) return undefined;
    sum += bins / result.published.bound - 1;
  }
  return (100 * sum) / results.length;
}

/** The heuristic that is best on the mean of all these instances. */
function bestSingle(results: readonly Result[]): { name: string; above: number } {
  const names = [...new Set(results.flatMap(({ published }) => [...published.heuristics.keys()]))];
  const means = names.flatMap((name) => {
    const above = meanAbove(results, ({ published }) => published.heuristics.get(name));
    return above === undefined ? [] : [{ name, above }];
  });
  return means.reduce((best, mean) => (mean.above < best.above ? mean : best));
}

function report(label: string, results: readonly Result[], single: string): void {
  const percent = (value: number | undefined): string => `${value?.toFixed(2) ?? '-'}%`.padStart(10);
  const ms = results.reduce((sum, result) => sum + result.ms, 0) / results.length;
  console.log(
    label.padEnd(26),
    String(results.length).padStart(5),
    percent(meanAbove(results, ({ searched }) => searched)),
    percent(meanAbove(results, ({ rules }) => rules)),
    percent(meanAbove(results, ({ published }) => published.heuristics.get(single))),
    percent(meanAbove(results, ({ published }) => Math.min(...published.heuristics.values()))),
    `${ms.toFixed(0)} ms`.padStart(9),
  );
}

console.log(describeMachine());
console.log(`Mean above the published bound; search: ${values.budget} ms an instance at most, threads: ${threads}.`);
for (const family of families) {
  const published = readPublished(values.data, family);
  const results: Result[] = [];
  for (const instance of readInstances(values.data, family, values.sample)) {
    results.push(await solve(instance, published.get(instance.name)!, values.budget, values.seed));
  }
  const single = bestSingle(results);
  console.log(
    `\n${family}`.padEnd(27),
    'count'.padStart(5),
    ...['search', 'our rules', 'best rule', 'best of 275'].map((text) => text.padStart(11).slice(-11)),
    'took'.padStart(7),
  );
  const groups = Map.groupBy(results, ({ instance }) => `${instance.group}, ${instance.dimensions} dimensions`);
  for (const [label, members] of [...groups].sort()) report(label, members, single.name);
  report(`all (best rule: ${single.name})`, results, single.name);
}

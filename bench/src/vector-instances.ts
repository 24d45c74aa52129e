import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PackItem } from '@gantry/scheduler/pack/problem.ts';
import { randomFrom } from '@gantry/scheduler/pack/random.ts';

// Reads the vector packing benchmark of Mommessin, Erlebach and Shakhlevich (Computers & OR 2025; the Vectorpack
// repositories): instances/<family>_instances_multidim/<class>/<name>.vbp and published/<family>_*.csv.

/** One instance: items, and the room that every node has. */
export interface Instance {
  readonly name: string;
  readonly group: string;
  readonly dimensions: number;
  readonly room: readonly number[];
  /** In random order: the Triplet family is stored triple by triple, which first fit would find as they stand. */
  readonly items: readonly PackItem[];
}

/**
 * The instances of a family, ten of each kind; `replicas` limits how many of them. Those with negative sizes, of which
 * the Triplet family has 77, are left out.
 */
export function readInstances(data: string, family: string, replicas: number): Instance[] {
  const folder = join(data, 'instances', `${family}_instances_multidim`);
  const paths = readdirSync(folder).flatMap((group) =>
    readdirSync(join(folder, group)).map((file) => ({ group, file, path: join(folder, group, file) })),
  );
  return paths
    .filter(({ file }) => Number(/_(\d+)\.vbp$/.exec(file)?.[1]) < replicas)
    .map(({ group, file, path }) => parse(file.replace('.vbp', ''), group, readFileSync(path, 'utf8')))
    .filter(({ items }) => items.every(({ amounts }) => amounts.every((amount) => amount >= 0)));
}

function parse(name: string, group: string, text: string): Instance {
  const [first, room, count, ...lines] = text
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number)) as [number[], number[], number[], ...number[][]];
  const items = lines
    .slice(0, count[0])
    .map((line) => ({ amounts: line.slice(0, first[0]), count: line[first[0]!] ?? 1 }));
  return { name, group, dimensions: first[0]!, room, items: shuffled(items) };
}

function shuffled<T>(given: readonly T[]): T[] {
  const items = [...given];
  const random = randomFrom(1);
  for (let last = items.length - 1; last > 0; last--) {
    const other = random(last + 1);
    [items[last], items[other]] = [items[other]!, items[last]!];
  }
  return items;
}

/** Published figures of an instance: a lower bound, and how many bins each of 275 heuristics needed. */
export interface Published {
  readonly bound: number;
  /** By name; heuristics that have no result for the instance are left out. */
  readonly heuristics: ReadonlyMap<string, number>;
}

/** Published results by the name of the instance. */
export function readPublished(data: string, family: string): Map<string, Published> {
  const folder = join(data, 'published');
  const file = readdirSync(folder).find((name) => name.startsWith(`${family}_multidim`));
  if (file === undefined) throw new Error(`no published results of ${family} in ${folder}`);
  const [header, ...rows] = readFileSync(join(folder, file), 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split('\t'));
  const columns = header!.flatMap((name, column) =>
    column > 2 && !name.endsWith('_timems') ? [{ name, column }] : [],
  );
  return new Map(
    rows.map((row) => {
      const results = columns.map(({ name, column }) => [name, Number(row[column])] as const);
      return [row[0]!, { bound: Number(row[1]), heuristics: new Map(results.filter(([, bins]) => bins > 0)) }];
    }),
  );
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

// Reads the arrivals of virtual machines of the Azure Public Dataset V1 (Cortez et al., SOSP'17), as the repository
// huaweicloud/trace_generation_rnn holds them (resources/traces and resources/maps): raw/v1.test.txt and its companions.

/** A virtual machine. */
export interface Vm {
  readonly arrivalSeconds: number;
  readonly durationSeconds: number;
  readonly cores: number;
  readonly memoryGib: number;
}

/**
 * All virtual machines, in the order of their arrival; the first comes at 0. Durations are known by bins, and are taken
 * to be in the middle; those of which the end was not seen lie in the bin that is given, too.
 */
export function readTrace(data: string): Vm[] {
  const lines = (name: string): string[] =>
    readFileSync(join(data, 'raw', name), 'utf8')
      .trim()
      .split('\n');
  const flavors = new Map(lines('flav_map.txt').map((line) => flavorOf(line)));
  const durations = middlesOf(lines('v1.interval_map.txt'));
  const bins = lines('v1.test.c2591400.txt');
  let startSeconds: number | undefined;
  return lines('v1.test.txt').flatMap((line, index) => {
    const [time, names] = line.split(' ') as [string, string];
    const bin = bins[index]!.split(' ')[1]!.split(',');
    startSeconds ??= Number(time);
    const arrivalSeconds = Number(time) - startSeconds;
    return names.split(',').flatMap((name, at): Vm[] => {
      const flavor = flavors.get(name);
      // Bars stand between tenants.
      if (flavor === undefined) return [];
      return [{ arrivalSeconds, durationSeconds: durations.get(Number(bin[at]!.slice(1)))!, ...flavor }];
    });
  });
}

function flavorOf(line: string): [string, Pick<Vm, 'cores' | 'memoryGib'>] {
  const [amounts, name] = line.split(' ') as [string, string];
  const [cores, memoryGib] = amounts.split(',').map(Number) as [number, number];
  return [name, { cores, memoryGib }];
}

/** The middle of the durations that each bin stands for. */
function middlesOf(lines: readonly string[]): Map<number, number> {
  const bins = Map.groupBy(
    lines.map((line) => line.split(' ').map(Number) as [number, number]),
    ([, bin]) => bin,
  );
  return new Map([...bins].map(([bin, members]) => [bin, (members[0]![0] + members.at(-1)![0]) / 2]));
}

/** An arrival (the machine's index), or an end (its complement): those that end by the time of an arrival go first. */
export function eventsOf(vms: readonly Vm[]): number[] {
  const endOf = ({ arrivalSeconds, durationSeconds }: Vm): number => arrivalSeconds + durationSeconds;
  const events: number[] = [];
  const ending = new Map<number, number[]>();
  let ends: number[] = [];
  for (const [index, vm] of vms.entries()) {
    while (ends.length > 0 && ends.at(-1)! <= vm.arrivalSeconds) {
      const end = ends.pop()!;
      for (const gone of ending.get(end)!) events.push(~gone);
      ending.delete(end);
    }
    events.push(index);
    const end = endOf(vm);
    const together = ending.get(end);
    if (together !== undefined) together.push(index);
    else {
      ending.set(end, [index]);
      ends = insertedDescending(ends, end);
    }
  }
  return events;
}

function insertedDescending(values: number[], value: number): number[] {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (values[middle]! > value) low = middle + 1;
    else high = middle;
  }
  values.splice(low, 0, value);
  return values;
}

/**
 * Resident memory of the all-in-one process, as `npm start` runs it: two nodes without pods, and with the sample
 * application (3 pods behind Envoy). Takes about 40 seconds:
 *
 *     scripts/node bench/src/memory.ts [--idle-s 10] [--node-flags=--max-semi-space-size=2]
 *
 * Envoy, the nodes' containerd and its shims are processes of their own and counted apart.
 */
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { readArguments } from './arguments.ts';
import { describeMachine } from './machine.ts';
import { startUpProcess } from './up-process.ts';

const values = readArguments('Memory of gantry up, empty and with the sample.', {
  'idle-s': { type: 'number', about: 'seconds of rest before the second figure', default: 10 },
  'node-flags': { type: 'text', about: 'flags of Node for gantry up' },
});
const idleMs = values['idle-s'] * 1_000;
const nodeFlags = values['node-flags']?.split(' ').filter(Boolean);

console.log(describeMachine());
console.log(row('', ['at once MB', 'idle MB', 'heap etc. MB', 'code MB', 'its children MB']));
for (const sample of [false, true]) await measure(sample);

async function measure(sample: boolean): Promise<void> {
  await using up = await startUpProcess({ sample, ...(nodeFlags === undefined ? {} : { nodeFlags }) });
  const first = await memoryOf(up.pid);
  await delay(idleMs);
  const idle = await memoryOf(up.pid);
  const children = await Promise.all((await descendantsOf(up.pid)).map(memoryOf));
  const ofChildren = children.reduce((sum, { residentKb }) => sum + residentKb, 0);
  const columns = [first.residentKb, idle.residentKb, idle.anonymousKb, idle.fileKb, ofChildren];
  console.log(
    row(
      sample ? '2 nodes, sample' : '2 nodes',
      columns.map((kb) => (kb / 1024).toFixed(0)),
    ),
  );
}

interface Memory {
  readonly residentKb: number;
  /** Heaps and stacks: what this process alone has. */
  readonly anonymousKb: number;
  /** Pages of files: the node binary, which processes share. */
  readonly fileKb: number;
}

/** Zeros where the process is gone. */
async function memoryOf(pid: number): Promise<Memory> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const field = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0);
  return { residentKb: field('VmRSS'), anonymousKb: field('RssAnon'), fileKb: field('RssFile') };
}

async function descendantsOf(pid: number): Promise<number[]> {
  const processes = (await readdir('/proc')).map(Number).filter(Number.isInteger);
  const parents = await Promise.all(
    processes.map(async (process): Promise<[process: number, parent: number]> => {
      const stat = await readFile(`/proc/${process}/stat`, 'utf8').catch(() => '');
      // The name before may hold anything; the state and the parent follow its closing bracket.
      return [process, Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])];
    }),
  );
  const found: number[] = [];
  for (let level = [pid]; level.length > 0; ) {
    level = parents.filter(([, parent]) => level.includes(parent)).map(([process]) => process);
    found.push(...level);
  }
  return found;
}

function row(name: string, columns: readonly string[]): string {
  return name.padEnd(16) + columns.map((column) => column.padStart(16)).join('');
}

/**
 * Time that 50 pods take from `apply` until all run, through the whole of Gantry (api, controllers, scheduler, two node
 * agents, real containers), against the same 50 pods driven straight over CRI: the same two containerds, the same
 * configurations as the agents made them, as many starts at once on each node. Rounds alternate; while containerd is driven
 * straight, Gantry's process is stopped (SIGSTOP). Processor time is that of Gantry's own process, containerd's not counted: until
 * all run, and of the whole round with the deletion. Takes about a minute and a half:
 *
 *     scripts/node bench/src/fifty-pods.ts [--pods 50] [--rounds 4]
 *
 * Needs root and what `npm run setup` installs for real containers.
 */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Deployment } from '@gantry/model/gen/gantry.apps.v1.ts';
import { isReady } from '@gantry/model/ready.ts';
import { writeImageTar } from '@gantry/node-agent/images/image.ts';
import { busyboxImage, busyboxImageName } from '@gantry/node-agent/images/local.ts';
import { parseUsage } from '@gantry/node-agent/runtime/process/usage.ts';
import { readArguments } from './arguments.ts';
import { DirectNode } from './direct-cri.ts';
import { describeMachine } from './machine.ts';
import { followPods, isRunning } from './pods.ts';
import { startUpProcess, type UpProcess } from './up-process.ts';

/** Rounds end when they took this long together. */
const budgetMs = 100_000;
const nodeNames = ['node-1', 'node-2'];

const values = readArguments('How long fifty real pods take on two nodes, against the same driven straight over CRI.', {
  pods: { type: 'number', about: 'pods to start', default: 50 },
  rounds: { type: 'number', about: 'rounds at most', default: 4 },
});
const podCount = values.pods;

await main();

async function main(): Promise<void> {
  console.log(describeMachine());
  await using up = await startUpProcess({
    driver: 'cri',
    prepare: async (stateDir) => {
      await mkdir(join(stateDir, 'images'));
      await writeImageTar(join(stateDir, 'images', 'busybox.tar'), [await busyboxImage()]);
    },
  });
  await using pods = followPods(up.client);
  await using stack = new AsyncDisposableStack();
  const nodes: DirectNode[] = [];
  for (const name of nodeNames) nodes.push(stack.use(await DirectNode.open(up.stateDir, name)));
  console.log(`${podCount} pods on ${nodes.length} nodes; seconds from apply to:`);
  console.log(row(['round', 'all running', 'all ready', 'straight CRI', 'ratio', 'processor', 'whole round']));
  const rounds: Round[] = [];
  const untilMs = performance.now() + budgetMs;
  for (let number = 1; number <= values.rounds && performance.now() < untilMs; number++) {
    const through = await throughGantry(up, pods, nodes);
    process.kill(up.pid, 'SIGSTOP');
    const straightMs = await straight(nodes).finally(() => process.kill(up.pid, 'SIGCONT'));
    const round = { ...through, straightMs, ratio: through.runningMs / straightMs };
    rounds.push(round);
    const { runningMs, readyMs, ratio, runningCpuMs, roundCpuMs } = round;
    const columns = [...[runningMs, readyMs, straightMs].map(inSeconds), ratio.toFixed(2)];
    console.log(row([String(number), ...columns, ...[runningCpuMs, roundCpuMs].map(inSeconds)]));
  }
  const median = (figure: keyof Round): number =>
    rounds.map((round) => round[figure]).toSorted((a, b) => a - b)[Math.floor(rounds.length / 2)]!;
  console.log(`median ratio ${median('ratio').toFixed(2)} (1.2 or less is the aim)`);
  const [running, whole] = [median('runningCpuMs'), median('roundCpuMs')].map(inSeconds);
  console.log(`median processor time of Gantry's process: ${running} s until all run, ${whole} s with the deletion`);
}

interface ThroughGantry {
  readonly runningMs: number;
  readonly readyMs: number;
  /** Processor time of Gantry's process until all run, and until the last pod is gone. */
  readonly runningCpuMs: number;
  readonly roundCpuMs: number;
}

interface Round extends ThroughGantry {
  readonly straightMs: number;
  readonly ratio: number;
}

/** Applies a Deployment, waits for its pods, has each node take their configurations over, and deletes it again. */
async function throughGantry(
  { client, pid }: UpProcess,
  pods: ReturnType<typeof followPods>,
  nodes: readonly DirectNode[],
): Promise<ThroughGantry> {
  const cpuBeforeMs = await processorMs(pid);
  const startMs = performance.now();
  await client.apply(JSON.stringify(deployment()));
  await pods.until((all) => all.filter(isRunning).length === podCount);
  const runningMs = performance.now() - startMs;
  const runningCpuMs = (await processorMs(pid)) - cpuBeforeMs;
  await pods.until((all) => all.filter(isReady).length === podCount);
  const readyMs = performance.now() - startMs;
  for (const node of nodes) await node.learn(pods.all());
  await client.delete('Deployment', { namespace: 'default', name: 'fifty' });
  await pods.until((all) => all.length === 0);
  for (const node of nodes) await node.untilEmpty();
  return { runningMs, readyMs, runningCpuMs, roundCpuMs: (await processorMs(pid)) - cpuBeforeMs };
}

/** User and system time that a process has used, all its threads; the kernel counts in hundredths of a second. */
async function processorMs(pid: number): Promise<number> {
  return parseUsage(await readFile(`/proc/${pid}/stat`, 'utf8')).cpuUsageNs / 1e6;
}

/** Runs what the nodes learnt. */
async function straight(nodes: readonly DirectNode[]): Promise<number> {
  await Promise.all(nodes.map((node) => node.prepare()));
  const startMs = performance.now();
  await Promise.all(nodes.map((node) => node.runAll()));
  const tookMs = performance.now() - startMs;
  await Promise.all(nodes.map((node) => node.removeAll()));
  await delay(500);
  return tookMs;
}

function deployment(): Deployment {
  const template = {
    metadata: { labels: { app: 'fifty' } },
    spec: {
      terminationGracePeriodSeconds: 1,
      containers: [{ name: 'main', image: busyboxImageName, command: ['sleep', '100000'] }],
    },
  };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { namespace: 'default', name: 'fifty' },
    spec: { replicas: podCount, selector: { matchLabels: { app: 'fifty' } }, template },
  };
}

function inSeconds(ms: number): string {
  return (ms / 1_000).toFixed(2);
}

function row(columns: readonly string[]): string {
  return columns.map((column) => column.padStart(13)).join('');
}

/**
 * How long 50 pods take from `apply` until all run, through the whole of Gantry (api, controllers, scheduler, two node
 * agents, real containers), against the same 50 pods driven straight over CRI: the same two containerds, the same
 * configurations as the agents made them, as many starts at once on each node. Rounds alternate; while containerd is driven
 * straight, Gantry's process is stopped (SIGSTOP). Takes about a minute and a half:
 *
 *     scripts/node bench/src/fifty-pods.ts [--pods 50] [--rounds 4]
 *
 * Needs root and what `npm run setup` installs for real containers.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Client } from '@gantry/client/client.ts';
import type { Deployment } from '@gantry/model/gen/gantry.apps.v1.ts';
import { writeImageTar } from '@gantry/node-agent/images/image.ts';
import { busyboxImage, busyboxImageName } from '@gantry/node-agent/images/local.ts';
import { DirectNode } from './direct-cri.ts';
import { describeMachine } from './machine.ts';
import { followPods, isReady, isRunning } from './pods.ts';
import { startUpProcess } from './up-process.ts';

/** Rounds end when they took this long together. */
const budgetMs = 100_000;
const nodeNames = ['node-1', 'node-2'];

const { values } = parseArgs({
  options: { pods: { type: 'string', default: '50' }, rounds: { type: 'string', default: '4' } },
});
const podCount = Number(values.pods);

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
  console.log(row(['round', 'all running', 'all ready', 'straight CRI', 'ratio']));
  const ratios: number[] = [];
  const untilMs = performance.now() + budgetMs;
  for (let round = 1; round <= Number(values.rounds) && performance.now() < untilMs; round++) {
    const through = await throughGantry(up.client, pods, nodes);
    process.kill(up.pid, 'SIGSTOP');
    const straightMs = await straight(nodes).finally(() => process.kill(up.pid, 'SIGCONT'));
    ratios.push(through.runningMs / straightMs);
    const seconds = [through.runningMs, through.readyMs, straightMs].map((ms) => (ms / 1_000).toFixed(2));
    console.log(row([String(round), ...seconds, ratios.at(-1)!.toFixed(2)]));
  }
  const median = ratios.toSorted((a, b) => a - b)[Math.floor(ratios.length / 2)]!;
  console.log(`median ratio ${median.toFixed(2)} (1.2 or less is the aim)`);
}

/** Applies a Deployment, waits for its pods, has each node take their configurations over, and deletes it again. */
async function throughGantry(
  client: Client,
  pods: ReturnType<typeof followPods>,
  nodes: readonly DirectNode[],
): Promise<{ readonly runningMs: number; readonly readyMs: number }> {
  const startMs = performance.now();
  await client.apply(JSON.stringify(deployment()));
  await pods.until((all) => all.filter(isRunning).length === podCount);
  const runningMs = performance.now() - startMs;
  await pods.until((all) => all.filter(isReady).length === podCount);
  const readyMs = performance.now() - startMs;
  for (const node of nodes) await node.learn(pods.all());
  await client.delete('Deployment', { namespace: 'default', name: 'fifty' });
  await pods.until((all) => all.length === 0);
  for (const node of nodes) await node.untilEmpty();
  return { runningMs, readyMs };
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

function row(columns: readonly string[]): string {
  return columns.map((column) => column.padStart(13)).join('');
}

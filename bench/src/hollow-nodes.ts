/**
 * Pods on many nodes: from the call that creates them until an informer has seen all of them bound, and all of them
 * running. redis-server, nats-server, api and scheduler are processes of their own; the nodes are hollow (real agents
 * with real reports and heartbeats, over containers that do not exist) and share this process with the informer:
 *
 *     scripts/node bench/src/hollow-nodes.ts [--nodes 1000] [--pods 5000]
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '@gantry/client/client.ts';
import { startHollowNodes } from '@gantry/node-agent/hollow-nodes.ts';
import { defaultNodeTimes } from '@gantry/node-agent/node/registrar.ts';
import { systemClock } from '@gantry/runtime/clock.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { podNamed } from '@gantry/scheduler/testing/builders.ts';
import { readArguments } from './arguments.ts';
import { startProcesses } from './end-to-end-cluster.ts';
import { createAll, processorTimePerPod, quantile } from './end-to-end-load.ts';
import { describeMachine } from './machine.ts';

const values = readArguments('A control plane with nodes that run no containers.', {
  nodes: { type: 'number', about: 'nodes to register', default: 1000 },
  pods: { type: 'number', about: 'pods to start', default: 5000 },
});
const podCount = values.pods;

console.log(describeMachine());
await using stack = new AsyncDisposableStack();
const rootDir = await mkdtemp(join(tmpdir(), 'gantry-bench-'));
stack.defer(() => rm(rootDir, { recursive: true, force: true }));
const cluster = stack.use(await startProcesses());
const client = stack.use(connect(cluster.address));
const startedMs = performance.now();
stack.use(
  await startHollowNodes(
    {
      count: values.nodes,
      namePrefix: 'node',
      rootDir,
      cpuCount: 4,
      memoryBytes: 32 * 2 ** 30,
      startMs: 0,
      nodeTimes: defaultNodeTimes,
    },
    { client, clock: systemClock, log: silentLogger },
  ),
);
console.log(`${values.nodes} nodes registered in ${((performance.now() - startedMs) / 1_000).toFixed(1)} s`);
await burst('warm', Math.min(500, podCount));
await burst('pod', podCount);

async function burst(prefix: string, count: number): Promise<void> {
  const { pods } = cluster;
  const requests = { cpu: '100m', memory: '500Mi' };
  const made = Array.from({ length: count }, (_, index) => podNamed(`${prefix}-${index}`, { requests }));
  const timesBefore = await cluster.processorTimes();
  const [boundBefore, runningBefore] = [pods.bound, pods.running];
  const startMs = performance.now();
  await createAll(cluster.client, made);
  await pods.until(() => pods.bound === boundBefore + count);
  const boundMs = performance.now() - startMs;
  await pods.until(() => pods.running === runningBefore + count);
  const runningMs = performance.now() - startMs;
  const afterBoundMs = made.map((pod) => pods.runningMs(pod)! - pods.boundMs(pod)!);
  const rate = (ms: number): string => `${Math.round((count * 1_000) / ms).toLocaleString('en')} pods/s`;
  console.log(
    [
      `${count} pods`,
      `all bound after ${(boundMs / 1_000).toFixed(2)} s (${rate(boundMs)})`,
      `all running after ${(runningMs / 1_000).toFixed(2)} s (${rate(runningMs)})`,
      `bound to running p50 ${quantile(afterBoundMs, 0.5)} p99 ${quantile(afterBoundMs, 0.99)} ms`,
    ].join('  '),
  );
  const spent = processorTimePerPod(timesBefore, await cluster.processorTimes(), count);
  console.log(`    processor time, µs a pod: ${spent}`);
}

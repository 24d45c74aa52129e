/**
 * Memory of the scheduler's core: bytes a node and a pod, heap and arrays together, once all pods have their nodes.
 *
 *   scripts/node --expose-gc bench/src/scheduler-memory.ts [--nodes 10000] [--pods 1000000]
 */
import { compileNode } from '@gantry/scheduler/compile/node.ts';
import { PodCompiler } from '@gantry/scheduler/compile/pod.ts';
import { defaultProfiles } from '@gantry/scheduler/profiles.ts';
import { Scheduler } from '@gantry/scheduler/scheduler.ts';
import { nodeNamed, podNamed } from '@gantry/scheduler/testing/builders.ts';
import { readArguments, refuse } from './arguments.ts';

const podsAtOnce = 10_000;
const small = { cpu: '10m', memory: '50Mi' };

/** Bytes in use once nothing is left to be freed. */
function bytesInUse(): number {
  if (globalThis.gc === undefined) refuse('run it as scripts/node --expose-gc bench/src/scheduler-memory.ts');
  globalThis.gc();
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const values = readArguments('Memory of the scheduler, by nodes and pods. Run it with --expose-gc.', {
  nodes: { type: 'number', about: 'nodes', default: 10000 },
  pods: { type: 'number', about: 'pods', default: 1000000 },
});
const nodes = values.nodes;
const pods = values.pods;
const scheduler = new Scheduler({ profiles: defaultProfiles, seed: 1, batchSize: 1_024 });
const compiler = new PodCompiler();
const empty = bytesInUse();
for (let index = 0; index < nodes; index++) {
  const labels = { 'topology.kubernetes.io/zone': `zone-${index % 3}` };
  scheduler.setNode(compileNode(nodeNamed(`node-${index}`, { labels, pods: '250' })));
}
const withNodes = bytesInUse();
let placed = 0;
const startMs = performance.now();
for (let index = 0; index < pods; index += podsAtOnce) {
  for (let number = index; number < Math.min(pods, index + podsAtOnce); number++) {
    const pod = podNamed(`deployment-5d4f8c9b7-${number}`, { requests: small });
    const uid = `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
    scheduler.setPod(compiler.compile({ ...pod, metadata: { ...pod.metadata, uid } }));
  }
  while (scheduler.hasWork(0)) {
    for (const { entry, nodeName } of scheduler.cycle(0).placements) {
      scheduler.setPod({ ...entry.info, nodeName, startedMs: 1_790_000_000_000 + placed });
      placed++;
    }
  }
}
const seconds = (performance.now() - startMs) / 1_000;
const full = bytesInUse();
const megabytes = (bytes: number): string => `${Math.round(bytes / 1024 / 1024)} MiB`;
console.log(`${nodes} nodes: ${Math.round((withNodes - empty) / nodes)} bytes each (${megabytes(withNodes - empty)})`);
console.log(
  `${scheduler.podCount} pods: ${Math.round((full - withNodes) / placed)} bytes each (${megabytes(full - withNodes)})`,
);
console.log(
  `in use ${megabytes(full)}, resident ${megabytes(process.memoryUsage().rss)}, ${Math.round(placed / seconds)} pods/s`,
);

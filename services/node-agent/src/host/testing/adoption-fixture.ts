/** A process that starts a node with one pod, says which, and waits to be killed. Its argument is the directory. */
import { importBusybox, runPod, serving, startTestCluster } from './cluster.ts';

const directory = process.argv[2]!;
const cluster = await startTestCluster(directory, ['node-1']);
const node = cluster.nodes[0]!;
const runtime = await node.openRuntime();
await importBusybox(runtime, directory);
const pod = await runPod(node, runtime, 'web', serving('adopted'), {
  container: { attempt: 5, labels: { hash: 'abc' } },
});
console.log(JSON.stringify({ ...pod, sandboxes: await runtime.observer.observe() }));

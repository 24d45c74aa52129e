/** Takes the scenarios' rollouts down as kube-controller-manager carries them out. */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Oracle } from '../oracle.ts';
import { KubernetesCluster, startControllers } from './kubernetes.ts';
import type { Recorded } from './recorded.ts';
import type { Scenario } from './scenario.ts';
import { scenarios } from './scenarios.ts';
import { World } from './world.ts';

const sideBySide = 9;

const { PEERS } = process.env;
if (PEERS === undefined)
  throw new Error('PEERS must name the folder whose bin/ has etcd, kube-apiserver and kube-controller-manager');

await using oracle = await Oracle.start(PEERS);
await using _controllers = await startControllers(PEERS, oracle);
const entries: [string, Recorded][] = [];
// Each has a namespace of its own. A few run side by side: more would be slower than the looks that wait for them.
for (let first = 0; first < scenarios.length; first += sideBySide) {
  const some = scenarios.slice(first, first + sideBySide);
  entries.push(...(await Promise.all(some.map((scenario, index) => recorded(scenario, `s${first + index}`)))));
}
const file = fileURLToPath(new URL('recorded.json', import.meta.url));
await writeFile(file, `${JSON.stringify(Object.fromEntries(entries), undefined, 1)}\n`);
console.log(`${entries.length} scenarios, ${entries.flatMap(([, { snapshots }]) => snapshots).length} snapshots`);

async function recorded({ name, run, tells }: Scenario, namespace: string): Promise<[string, Recorded]> {
  const world = new World(await KubernetesCluster.make(oracle, namespace));
  await run(world);
  return [name, { snapshots: world.snapshots, ...(tells ? { events: await world.events() } : {}) }];
}

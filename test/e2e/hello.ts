import { ask } from '@gantry/bench/http-load.ts';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { gantryOk, projectFile } from './command.ts';
import type { TestCluster } from './harness.ts';
import { eventually } from './wait.ts';

/** The example that is applied as it is. */
export const helloManifest = projectFile('examples/hello.yaml');
/** Address at which Envoy serves it. */
export const helloUrl = 'http://127.0.0.1:8080/';

/** Applies the example and waits until it answers through Envoy. */
export async function deployHello(cluster: TestCluster): Promise<void> {
  await gantryOk(cluster, ['apply', '-f', helloManifest]);
  await gantryOk(cluster, ['rollout', 'status', 'deploy/hello', '--timeout', '90s']);
  await eventually('Envoy answers', () => ask(helloUrl).then(() => true));
}

/** The pods with the label that are not on their way out. */
export async function podsOf(cluster: TestCluster, app: string): Promise<Pod[]> {
  const { items } = await cluster.client.list('Pod', { namespace: 'default', labelSelector: `app=${app}` });
  return items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
}

/** Waits until there are exactly so many pods with the label and all of them are ready. */
export function untilReady(cluster: TestCluster, app: string, count: number): Promise<Pod[]> {
  return eventually(`${count} pods of ${app} are ready`, async () => {
    const pods = await podsOf(cluster, app);
    if (pods.length === count && pods.every(isReady)) return pods;
    throw new Error(`there are ${pods.map(tell).join(', ') || 'none'}`);
  });
}

function tell(pod: Pod): string {
  const { metadata, spec, status } = pod;
  const waiting = status?.containerStatuses?.map(({ state }) => state?.waiting?.reason ?? '').join('') ?? '';
  return `${metadata.name} on ${spec.nodeName}: ${status?.phase} ${waiting} ${isReady(pod) ? 'ready' : 'not ready'} ${JSON.stringify(status?.conditions)}`;
}

/** Whether a pod takes traffic. */
export function isReady({ status }: Pod): boolean {
  return status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ?? false;
}

/** Identity of one run of a pod's container. */
export function containerRuns(pods: readonly Pod[]): string[] {
  return pods
    .flatMap(({ metadata, status }) =>
      (status?.containerStatuses ?? []).map((each) => `${metadata.name} ${each.containerID} ${each.restartCount}`),
    )
    .sort();
}

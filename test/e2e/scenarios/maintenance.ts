import type { Pod, Taint } from '@gantry/model/gen/gantry.core.v1.ts';
import { describe, expect, test } from 'vitest';
import { gantry, gantryOk } from '../command.ts';
import type { TestCluster } from '../harness.ts';
import { containerRuns, isReady, podsOf, untilReady } from '../hello.ts';
import { eventually } from '../wait.ts';

const container = `{name: main, image: "gantry.dev/hello:1", command: [sleep, "1000"]}`;

/** Four pods with local data, of which a budget keeps three, and a daemon. */
const drained = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: steady}
spec:
  replicas: 4
  selector: {matchLabels: {app: steady}}
  template:
    metadata: {labels: {app: steady}}
    spec:
      terminationGracePeriodSeconds: 0
      volumes: [{name: scratch, emptyDir: {}}]
      containers: [${container}]
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: steady}
spec: {minAvailable: 3, selector: {matchLabels: {app: steady}}}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: keeper}
spec:
  selector: {matchLabels: {app: keeper}}
  template:
    metadata: {labels: {app: keeper}}
    spec: {terminationGracePeriodSeconds: 0, containers: [${container}]}
`;

/** Two pods, each on a node of its own as long as both nodes take pods, that are given up a second after their node went silent. */
const kept = `
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: kept}
spec:
  replicas: 2
  serviceName: kept
  podManagementPolicy: Parallel
  selector: {matchLabels: {app: kept}}
  template:
    metadata: {labels: {app: kept}}
    spec:
      terminationGracePeriodSeconds: 1
      topologySpreadConstraints:
        - {maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: DoNotSchedule, nodeTaintsPolicy: Honor, labelSelector: {matchLabels: {app: kept}}}
      tolerations:
        - {key: node.kubernetes.io/unreachable, operator: Exists, effect: NoExecute, tolerationSeconds: 1}
        - {key: node.kubernetes.io/not-ready, operator: Exists, effect: NoExecute, tolerationSeconds: 1}
      containers: [${container}]
`;
const outOfService = 'node.kubernetes.io/out-of-service';

/** Nodes that are emptied for maintenance, and one that loses its power. */
export function maintenanceScenarios(cluster: () => TestCluster): void {
  describe('a node that is drained', () => {
    test('keeps its pods where the command does not say what may be lost', async () => {
      await gantryOk(cluster(), ['apply', '-f', '-'], drained);
      await untilReady(cluster(), 'keeper', 2);
      const before = containerRuns(await untilReady(cluster(), 'steady', 4));
      const { code, stderr } = await gantry(cluster(), ['drain', 'node-2']);
      expect(code).not.toBe(0);
      expect(stderr).toContain(
        'cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore): default/keeper',
      );
      expect(stderr).toContain('cannot delete Pods with local storage (use --delete-emptydir-data to override)');
      expect(containerRuns(await untilReady(cluster(), 'steady', 4))).toEqual(before);
      await gantryOk(cluster(), ['uncordon', 'node-2']);
    });

    test('loses its pods one after the other, as their budget allows, and keeps its daemon', async () => {
      expect(new Set(nodesOf(await untilReady(cluster(), 'steady', 4)))).toEqual(new Set(['node-1', 'node-2']));
      const daemon = (await untilReady(cluster(), 'keeper', 2)).find(isOn('node-2'))!;
      const watched = await watchReady(cluster(), 'steady');
      await gantryOk(cluster(), [
        'drain',
        'node-2',
        '--ignore-daemonsets',
        '--delete-emptydir-data',
        '--timeout',
        '90',
      ]);
      watched.stop();
      expect(watched.fewest()).toBe(3);
      expect(nodesOf(await untilReady(cluster(), 'steady', 4))).toEqual(Array(4).fill('node-1'));
      const left = (await untilReady(cluster(), 'keeper', 2)).find(isOn('node-2'))!;
      expect(left.metadata.uid).toBe(daemon.metadata.uid);
      expect(await gantryOk(cluster(), ['get', 'nodes', '--no-headers'])).toMatch(
        /^node-2 +Ready,SchedulingDisabled /m,
      );
    });

    test('takes pods again afterwards', async () => {
      await gantryOk(cluster(), ['uncordon', 'node-2']);
      await gantryOk(cluster(), ['scale', 'deploy/steady', '--replicas', '6']);
      expect(nodesOf(await untilReady(cluster(), 'steady', 6))).toContain('node-2');
      await gantryOk(cluster(), ['delete', '-f', '-'], drained);
      for (const app of ['steady', 'keeper']) await untilReady(cluster(), app, 0);
    });
  });

  describe('a node without power', () => {
    const on = async (node: string): Promise<Pod> => (await allOf(cluster(), 'kept')).find(isOn(node))!;

    test('keeps the pod of a StatefulSet, which may run there for all that is known', async () => {
      await gantryOk(cluster(), ['apply', '-f', '-'], kept);
      expect(nodesOf(await untilReady(cluster(), 'kept', 2))).toEqual(['node-1', 'node-2']);
      const { metadata } = await on('node-2');
      await cluster().powerOff('node-2');
      await eventually('its pod is to end', async () => (await on('node-2')).metadata.deletionTimestamp !== undefined);
      const pods = await allOf(cluster(), 'kept');
      expect(pods.map((pod) => pod.metadata.name).sort()).toEqual(['kept-0', 'kept-1']);
      expect((await on('node-2')).metadata.uid).toBe(metadata.uid);
    });

    test('has it replaced as soon as it is declared out of service', async () => {
      const lost = await on('node-2');
      await taint((others) => [...others, { key: outOfService, value: 'nodeshutdown', effect: 'NoExecute' }]);
      const pods = await untilReady(cluster(), 'kept', 2);
      expect(nodesOf(pods)).toEqual(['node-1', 'node-1']);
      const replaced = pods.find(({ metadata }) => metadata.name === lost.metadata.name)!;
      expect(replaced.metadata.uid).not.toBe(lost.metadata.uid);
    });

    test('runs nothing of it when it is back', async () => {
      const before = containerRuns(await untilReady(cluster(), 'kept', 2));
      await cluster().powerOn('node-2');
      await eventually('the node is heard', async () => {
        const { status } = await cluster().client.get('Node', { name: 'node-2' });
        return status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True');
      });
      await taint((taints) => taints.filter(({ key }) => key !== outOfService));
      await eventually('the node takes pods', async () => {
        const { spec } = await cluster().client.get('Node', { name: 'node-2' });
        return (spec?.taints ?? []).length === 0;
      });
      expect(containerRuns(await untilReady(cluster(), 'kept', 2))).toEqual(before);
      expect(await on('node-2')).toBeUndefined();
      await gantryOk(cluster(), ['delete', '-f', '-'], kept);
      await untilReady(cluster(), 'kept', 0);
      await untilReady(cluster(), 'hello', 3);
    });
  });

  /** Changes the node's taints, beside whoever else does. */
  async function taint(change: (taints: readonly Taint[]) => readonly Taint[]): Promise<void> {
    const { client } = cluster();
    await eventually('the taints are changed', async () => {
      const { metadata, spec } = await client.get('Node', { name: 'node-2' });
      const { resourceVersion } = metadata;
      const body = { metadata: { resourceVersion }, spec: { taints: change(spec?.taints ?? []) } };
      await client.patch('Node', { name: 'node-2' }, { type: 'merge', body });
      return true;
    });
  }
}

const isOn =
  (node: string) =>
  ({ spec }: Pod): boolean =>
    spec.nodeName === node;

function nodesOf(pods: readonly Pod[]): unknown[] {
  return pods.map(({ spec }) => spec.nodeName).sort();
}

/** The pods with the label, those that are to end among them. */
async function allOf({ client }: TestCluster, app: string): Promise<readonly Pod[]> {
  return (await client.list('Pod', { namespace: 'default', labelSelector: `app=${app}` })).items;
}

/** Notes how many of an app's pods are ready and stay, at each change of one. */
async function watchReady(
  cluster: TestCluster,
  app: string,
): Promise<{ readonly fewest: () => number; readonly stop: () => void }> {
  const query = { namespace: 'default', labelSelector: `app=${app}` };
  const { items, resourceVersion } = await cluster.client.list('Pod', query);
  const serving = new Set((await podsOf(cluster, app)).filter(isReady).map(({ metadata }) => metadata.name));
  let fewest = serving.size;
  expect(items).toHaveLength(serving.size);
  const stopped = new AbortController();
  const watching = async (): Promise<void> => {
    for await (const event of cluster.client.watch('Pod', { ...query, resourceVersion }, stopped.signal)) {
      if (event.type === 'BOOKMARK') continue;
      const { name, deletionTimestamp } = event.object.metadata;
      const serves = event.type !== 'DELETED' && deletionTimestamp === undefined && isReady(event.object);
      if (serves) serving.add(name);
      else serving.delete(name);
      fewest = Math.min(fewest, serving.size);
    }
  };
  // It is stopped in the midst of its wait.
  watching().catch(() => {});
  return { fewest: () => fewest, stop: () => stopped.abort() };
}

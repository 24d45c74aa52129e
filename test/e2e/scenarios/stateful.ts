import type { StatefulSet } from '@gantry/model/gen/gantry.apps.v1.ts';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { describe, expect, test } from 'vitest';
import { gantryOk, projectFile } from '../command.ts';
import type { TestCluster } from '../harness.ts';
import { podsOf, untilReady } from '../hello.ts';
import { eventually } from '../wait.ts';

const app = 'ordered';
const target = { namespace: 'default', name: app };
const names = ['ordered-0', 'ordered-1', 'ordered-2'];

/** A StatefulSet with real containers: names, DNS, and the order in which pods come, are updated and go. */
export function statefulScenarios(cluster: () => TestCluster): void {
  const setOf = (): Promise<StatefulSet> => cluster().client.get('StatefulSet', target);
  const ready = async (): Promise<Pod[]> => {
    const pods = await untilReady(cluster(), app, 3);
    return pods.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  };
  const inside = (pod: string, ...command: string[]): Promise<string> =>
    gantryOk(cluster(), ['exec', pod, '--', ...command]);

  describe('a StatefulSet', () => {
    test('starts one pod after another, each under its name', async () => {
      await gantryOk(cluster(), ['apply', '-f', projectFile('examples/ordered.yaml')]);
      await gantryOk(cluster(), ['rollout', 'status', 'sts/ordered', '--timeout', '90s']);
      const pods = await ready();
      expect(pods.map(({ metadata }) => metadata.name)).toEqual(names);
      for (const [index, pod] of pods.slice(1).entries()) expectAfter(pod, pods[index]!);
      expect((await inside('ordered-1', 'hostname')).trim()).toBe('ordered-1');
      expect(pods[1]!.metadata.labels).toMatchObject({
        'statefulset.kubernetes.io/pod-name': 'ordered-1',
        'apps.kubernetes.io/pod-index': '1',
        'controller-revision-hash': (await setOf()).status!.currentRevision,
      });
    });

    test('is found by the names of its pods', async () => {
      const pods = await ready();
      for (const { metadata, status } of pods) {
        const name = `${metadata.name}.ordered.default.svc.cluster.local`;
        await eventually(`${name} is known`, async () =>
          (await inside('ordered-0', 'nslookup', name)).includes(status!.podIP!),
        );
      }
      const page = await inside('ordered-0', 'wget', '-q', '-O', '-', 'http://ordered-2.ordered:8080/');
      expect(page).toContain('from pod ordered-2');
    });

    test('is updated from the highest pod on, and goes back', async () => {
      const before = new Set((await ready()).map(({ metadata }) => metadata.uid));
      await setImage('gantry.dev/hello:2');
      await gantryOk(cluster(), ['rollout', 'status', 'sts/ordered', '--timeout', '90s']);
      const updated = await ready();
      expect(updated.some(({ metadata }) => before.has(metadata.uid))).toBe(false);
      for (const [index, pod] of updated.slice(0, -1).entries()) expectAfter(pod, updated[index + 1]!);
      await gantryOk(cluster(), ['rollout', 'undo', 'sts/ordered']);
      await gantryOk(cluster(), ['rollout', 'status', 'sts/ordered', '--timeout', '90s']);
      await eventually('all pods are as before', async () =>
        (await ready()).every(({ spec }) => spec.containers[0]!.image === 'gantry.dev/hello:1'),
      );
      const { status } = await setOf();
      expect(status!.currentRevision).toBe(status!.updateRevision);
      expect(await gantryOk(cluster(), ['rollout', 'history', 'sts/ordered'])).toMatch(/^2 .*\n3 /m);
    });

    test('replaces an update that cannot run as soon as a better one is there', async () => {
      await setImage('gantry.dev/hello:none');
      await eventually('the update is stuck', async () => (await podsOf(cluster(), app)).some(isStuck));
      await setImage('gantry.dev/hello:1');
      await gantryOk(cluster(), ['rollout', 'status', 'sts/ordered', '--timeout', '90s']);
      expect((await ready()).map(({ metadata }) => metadata.name)).toEqual(names);
    });

    test('is scaled down from the highest pod on', async () => {
      await ready();
      const ends = await watchEnds(cluster());
      await gantryOk(cluster(), ['scale', 'sts/ordered', '--replicas', '0']);
      await eventually('all pods are gone', () => ends.seen.filter((end) => end.endsWith('is gone')).length === 3);
      ends.stop();
      expect(ends.seen).toEqual(names.toReversed().flatMap((name) => [`${name} is to end`, `${name} is gone`]));
      for (const kind of ['StatefulSet', 'Service'] as const) await cluster().client.delete(kind, target);
    });
  });

  function setImage(image: string): Promise<unknown> {
    const body = { spec: { template: { spec: { containers: [{ name: 'web', image }] } } } };
    return cluster().client.patch('StatefulSet', target, { type: 'strategic', body });
  }
}

/** Notes in which order pods are asked to end, and are gone. */
async function watchEnds({
  client,
}: TestCluster): Promise<{ readonly seen: readonly string[]; readonly stop: () => void }> {
  const query = { namespace: 'default', labelSelector: 'app=ordered' };
  const { resourceVersion } = await client.list('Pod', query);
  const stopped = new AbortController();
  const seen: string[] = [];
  const watching = async (): Promise<void> => {
    for await (const event of client.watch('Pod', { ...query, resourceVersion }, stopped.signal)) {
      if (event.type === 'BOOKMARK') continue;
      const { name, deletionTimestamp } = event.object.metadata;
      const end = event.type === 'DELETED' ? `${name} is gone` : `${name} is to end`;
      if ((event.type === 'DELETED' || deletionTimestamp !== undefined) && !seen.includes(end)) seen.push(end);
    }
  };
  // It is stopped in the midst of its wait.
  watching().catch(() => {});
  return { seen, stop: () => stopped.abort() };
}

/** The pod was made no earlier than the other one was ready; times are of seconds. */
function expectAfter(pod: Pod, other: Pod): void {
  const { lastTransitionTime } = other.status!.conditions!.find(({ type }) => type === 'Ready')!;
  const madeMs = Date.parse(pod.metadata.creationTimestamp!);
  expect(madeMs, `${pod.metadata.name} after ${other.metadata.name}`).toBeGreaterThanOrEqual(
    Date.parse(lastTransitionTime!),
  );
}

function isStuck({ status }: Pod): boolean {
  return (status?.containerStatuses ?? []).some(
    ({ state }) => state?.waiting !== undefined && status?.phase === 'Pending',
  );
}

import { startTestApi, type TestApi } from '@gantry/api/testing/harness.ts';
import { defaultControllersConfig, startControllers } from '@gantry/controllers/service.ts';
import type { ControllerRevision, DaemonSet } from '@gantry/model/gen/gantry.apps.v1.ts';
import type { Job } from '@gantry/model/gen/gantry.batch.v1.ts';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { systemClock } from '@gantry/runtime/clock.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { afterEach, beforeEach, expect, test } from 'vitest';

// DaemonSets and CronJobs as people write them, through the api and the controllers. The states are those that kube-controller-manager 1.37
// comes to after the same steps, on nodes without kubelets and scheduler.

let owned: AsyncDisposableStack;
let running: TestApi;
const soon = { timeout: 20_000, interval: 50 };
const namespace = 'default';

beforeEach(async () => {
  owned = new AsyncDisposableStack();
  running = owned.use(await startTestApi());
  const { client, bus } = running;
  const deps = { client, bus, clock: systemClock, log: silentLogger };
  owned.use(startControllers({ ...defaultControllersConfig, identity: 'test' }, deps));
});

afterEach(() => owned.disposeAsync());

const daemonSet = `
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent, annotations: {own: note}}
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}, annotations: {t: a}}
    spec:
      terminationGracePeriodSeconds: 0
      tolerations: [{key: own, operator: Exists}]
      containers: [{name: c, image: "x:1"}]
`;

async function makeNodes(...names: string[]): Promise<void> {
  for (const name of names) {
    const conditions = [{ type: 'Ready', status: 'True' }];
    await running.client.create({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name },
      spec: {},
      status: { allocatable: { pods: '110' }, conditions },
    });
  }
}

const set = (): Promise<DaemonSet> => running.client.get('DaemonSet', { namespace, name: 'agent' });
const status = async () => (await set()).status;
const pods = async (): Promise<Pod[]> =>
  (await running.client.list('Pod', { namespace, labelSelector: 'app=agent' })).items;
const revisions = async (): Promise<ControllerRevision[]> =>
  (await running.client.list('ControllerRevision', { namespace })).items.sort(
    (a, b) => (a.revision ?? 0) - (b.revision ?? 0),
  );
const nodeOf = ({ spec }: Pod): string =>
  spec.affinity!.nodeAffinity!.requiredDuringSchedulingIgnoredDuringExecution!.nodeSelectorTerms![0]!.matchFields![0]!
    .values![0]!;

test('a DaemonSet, its revisions and pods are those of Kubernetes after the same steps', async () => {
  const { client } = running;
  await makeNodes('n1', 'n2', 'n3');
  await client.apply(daemonSet, { defaultNamespace: namespace });
  await expect.poll(status, soon).toEqual({
    currentNumberScheduled: 3,
    desiredNumberScheduled: 3,
    numberMisscheduled: 0,
    numberReady: 0,
    numberUnavailable: 3,
    observedGeneration: 1,
    updatedNumberScheduled: 3,
  });
  const [first] = await revisions();
  const hash = first!.metadata.labels!['controller-revision-hash']!;
  expect(first).toMatchObject({
    metadata: {
      name: `agent-${hash}`,
      labels: { app: 'agent', 'controller-revision-hash': hash },
      annotations: { 'deprecated.daemonset.template.generation': '1', own: 'note' },
      ownerReferences: [{ kind: 'DaemonSet', name: 'agent', controller: true, blockOwnerDeletion: true }],
    },
    revision: 1,
  });
  // Clients compare it byte by byte with what they would write, whose names are in order.
  const template = {
    spec: {
      template: {
        $patch: 'replace',
        metadata: { annotations: { t: 'a' }, labels: { app: 'agent' } },
        spec: {
          containers: [
            {
              image: 'x:1',
              imagePullPolicy: 'IfNotPresent',
              name: 'c',
              resources: {},
              terminationMessagePath: '/dev/termination-log',
              terminationMessagePolicy: 'File',
            },
          ],
          dnsPolicy: 'ClusterFirst',
          restartPolicy: 'Always',
          schedulerName: 'default-scheduler',
          securityContext: {},
          terminationGracePeriodSeconds: 0,
          tolerations: [{ key: 'own', operator: 'Exists' }],
        },
      },
    },
  };
  expect(JSON.stringify(first!.data)).toBe(JSON.stringify(template));
  const made = await pods();
  expect(made.map(nodeOf).sort()).toEqual(['n1', 'n2', 'n3']);
  const key = (name: string) => `node.kubernetes.io/${name}`;
  expect(made[0]).toMatchObject({
    metadata: {
      generateName: 'agent-',
      labels: { app: 'agent', 'controller-revision-hash': hash, 'pod-template-generation': '1' },
      annotations: { t: 'a' },
    },
    spec: {
      tolerations: [
        { key: 'own', operator: 'Exists' },
        { effect: 'NoExecute', key: key('not-ready'), operator: 'Exists' },
        { effect: 'NoExecute', key: key('unreachable'), operator: 'Exists' },
        ...['disk-pressure', 'memory-pressure', 'pid-pressure', 'unschedulable'].map((name) => ({
          effect: 'NoSchedule',
          key: key(name),
          operator: 'Exists',
        })),
      ],
    },
  });
});

test('taints, a new template and a rollback lead to the states of Kubernetes', async () => {
  const { client } = running;
  await makeNodes('n1', 'n2', 'n3');
  await client.apply(daemonSet, { defaultNamespace: namespace });
  await expect.poll(async () => (await pods()).length, soon).toBe(3);
  const kept = (await pods()).find((pod) => nodeOf(pod) === 'n1')!;
  const running1 = { status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] } };
  const { name, uid } = kept.metadata;
  // A pod that waits for its node would not be kept.
  expect(await client.bind([{ namespace, name, uid: uid!, nodeName: 'n1' }], 'test')).toMatchObject([{ code: 0 }]);
  await client.patch('Pod', { namespace, name }, { type: 'merge', body: running1, subresource: 'status' });
  for (const [name, effect] of [
    ['n1', 'NoSchedule'],
    ['n3', 'NoExecute'],
  ] as const) {
    const body = { spec: { taints: [{ key: 'a', value: 'b', effect }] } };
    await client.patch('Node', { name }, { type: 'merge', body });
  }
  const roll = (body: object) => client.patch('DaemonSet', { namespace, name: 'agent' }, { type: 'strategic', body });
  await roll({ spec: { template: { spec: { containers: [{ name: 'c', image: 'x:2' }] } } } });
  const expected = (observedGeneration: number) => ({
    currentNumberScheduled: 1,
    desiredNumberScheduled: 1,
    numberMisscheduled: 1,
    numberReady: 0,
    numberUnavailable: 1,
    observedGeneration,
    updatedNumberScheduled: 1,
  });
  await expect.poll(status, soon).toEqual(expected(2));
  const state = async () =>
    (await pods())
      .map((pod) => [nodeOf(pod), pod.spec.containers[0]!.image, pod.metadata.labels!['pod-template-generation']])
      .sort();
  expect(await state()).toEqual([
    ['n1', 'x:1', '1'],
    ['n2', 'x:2', '2'],
  ]);
  const [first, second] = await revisions();
  expect([first!.revision, second!.revision]).toEqual([1, 2]);
  // `kubectl rollout undo` applies what the revision holds.
  await roll(first!.data as object);
  await expect.poll(status, soon).toEqual(expected(3));
  await expect.poll(state, soon).toEqual([
    ['n1', 'x:1', '1'],
    ['n2', 'x:1', '3'],
  ]);
  expect((await revisions()).map(({ metadata, revision }) => [metadata.name, revision])).toEqual([
    [second!.metadata.name, 2],
    [first!.metadata.name, 3],
  ]);
  const events = (await client.list('Event', { namespace })).items.filter(
    ({ involvedObject }) => involvedObject?.kind === 'DaemonSet',
  );
  const reasons = new Set(events.map(({ reason }) => reason));
  expect([...reasons].sort()).toEqual(['SuccessfulCreate', 'SuccessfulDelete']);
});

test('a CronJob makes the job of its time, lists it, and tells of one that somebody else made', async () => {
  const { client } = running;
  await client.apply(
    `
apiVersion: batch/v1
kind: CronJob
metadata: {name: tick}
spec:
  schedule: "@every 1s"
  timeZone: Asia/Kolkata
  concurrencyPolicy: Forbid
  jobTemplate:
    metadata: {labels: {l: m}, annotations: {x: z}}
    spec: {template: {spec: {restartPolicy: OnFailure, containers: [{name: c, image: x}]}}}
`,
    { defaultNamespace: namespace },
  );
  const cron = () => client.get('CronJob', { namespace, name: 'tick' });
  await expect.poll(async () => (await cron()).status?.active?.length, soon).toBe(1);
  const { metadata, spec, status: now } = await cron();
  const [active] = now!.active!;
  const atMs = Date.parse(now!.lastScheduleTime!);
  expect(active).toMatchObject({
    apiVersion: 'batch/v1',
    kind: 'Job',
    name: `tick-${Math.floor(atMs / 60_000)}`,
    namespace,
  });
  const job: Job = await client.get('Job', { namespace, name: active!.name! });
  const clock = new Date(atMs + 5.5 * 3_600_000).toISOString().slice(0, 19);
  expect(job.metadata).toMatchObject({
    uid: active!.uid,
    labels: { l: 'm' },
    annotations: { x: 'z', 'batch.kubernetes.io/cronjob-scheduled-timestamp': `${clock}+05:30` },
    ownerReferences: [{ kind: 'CronJob', name: 'tick', controller: true, blockOwnerDeletion: true }],
  });
  // As `kubectl create job --from=cronjob/tick` does.
  await client.create({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: 'by-hand',
      namespace,
      annotations: { 'cronjob.kubernetes.io/instantiate': 'manual' },
      ownerReferences: [
        { apiVersion: 'batch/v1', kind: 'CronJob', name: 'tick', uid: metadata.uid!, controller: true },
      ],
    },
    spec: spec.jobTemplate.spec,
  });
  const told = async () =>
    (await client.list('Event', { namespace })).items.flatMap(({ involvedObject, reason, message }) =>
      involvedObject?.kind === 'CronJob' ? [[reason, message]] : [],
    );
  const of = (reason: string, message: string) => expect.arrayContaining([[reason, message]]);
  await expect.poll(told, soon).toEqual(of('SuccessfulCreate', `Created job ${active!.name}`));
  const unexpected = 'Saw a job that the controller did not create or forgot: by-hand';
  await expect.poll(told, soon).toEqual(of('UnexpectedJob', unexpected));
  expect((await cron()).status!.active).toHaveLength(1);
  await client.delete('Job', { namespace, name: active!.name! }, { propagationPolicy: 'Background' });
  await expect.poll(told, soon).toEqual(of('MissingJob', `Active job went missing: ${active!.name}`));
});

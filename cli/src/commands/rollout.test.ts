import type { ControllerRevision, Deployment, ReplicaSet } from '@gantry/model/gen/gantry.apps.v1.ts';
import type { KubeObject } from '@gantry/model/kind.ts';
import { describe, expect, it } from 'vitest';
import { Exit } from '../context.ts';
import { FakeApi, fakeContext } from '../testing/fake-context.ts';
import { rolloutHistory, rolloutPause, rolloutRestart, rolloutStatus, rolloutUndo } from './rollout.ts';
import { rolloutProgress } from './rollout-progress.ts';
import type { Rolled } from './rollout-targets.ts';

const template = (image: string) => ({
  metadata: { labels: { app: 'web' } },
  spec: { containers: [{ name: 'c', image }] },
});

/** A workload named web, of whatever kind. */
function workload(kind: 'Deployment' | 'DaemonSet' | 'StatefulSet', spec = {}, status = {}, annotations = {}): Rolled {
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name: 'web', namespace: 'default', uid: 'u', generation: 2, annotations },
    spec: { selector: {}, template: template('i:2'), ...spec },
    status: { observedGeneration: 2, ...status },
  } as unknown as Rolled;
}

const owner = (uid = 'u') => ({
  ownerReferences: [{ uid, controller: true, apiVersion: 'apps/v1', kind: 'x', name: 'web' }],
});

function aSet(revision: number, annotations = {}, uid = 'u'): ReplicaSet {
  const { metadata, spec } = template(`i:${revision}`);
  const labels = { ...metadata.labels, 'pod-template-hash': `h${revision}` };
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `web-${revision}-${uid}`,
      namespace: 'default',
      annotations: { 'deployment.kubernetes.io/revision': String(revision), ...annotations },
      ...owner(uid),
    },
    spec: { selector: {}, template: { metadata: { labels }, spec } },
  } as unknown as ReplicaSet;
}

function aRevision(revision: number, annotations = {}): ControllerRevision {
  return {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: { name: `web-${revision}`, namespace: 'default', annotations, ...owner() },
    data: { spec: { template: { ...template(`i:${revision}`), $patch: 'replace' } } },
    revision,
  } as unknown as ControllerRevision;
}

/** Runs a command against these objects; gives what it printed, what it patched, and why it failed. */
async function run(
  objects: readonly KubeObject[],
  command: (context: ReturnType<typeof fakeContext>) => Promise<void>,
): Promise<{ out: string; error?: string; patches: FakeApi['patches'] }> {
  const api = new FakeApi(objects);
  const context = fakeContext(api);
  try {
    await command(context);
    return { out: context.printed.out, patches: api.patches };
  } catch (error) {
    if (!(error instanceof Exit)) throw error;
    expect(error.code).toBe(1);
    return { out: context.printed.out, patches: api.patches, error: error.message };
  }
}

describe('the progress', () => {
  const rolling = { updateStrategy: { type: 'RollingUpdate' } };
  const partitioned = (partition: number) => ({
    replicas: 3,
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition } },
  });

  // The words are kubectl's.
  it.each<[Rolled, isDone: boolean, message: string]>([
    [
      workload('Deployment', {}, { observedGeneration: 1 }),
      false,
      'Waiting for deployment spec update to be observed...',
    ],
    [
      workload('Deployment', { replicas: 3 }, { updatedReplicas: 1 }),
      false,
      'Waiting for deployment "web" rollout to finish: 1 out of 3 new replicas have been updated...',
    ],
    [
      workload('Deployment', { replicas: 3 }, { updatedReplicas: 3, replicas: 4 }),
      false,
      'Waiting for deployment "web" rollout to finish: 1 old replicas are pending termination...',
    ],
    [
      workload('Deployment', { replicas: 3 }, { updatedReplicas: 3, replicas: 3, availableReplicas: 2 }),
      false,
      'Waiting for deployment "web" rollout to finish: 2 of 3 updated replicas are available...',
    ],
    [
      workload('Deployment', { replicas: 3 }, { updatedReplicas: 3, replicas: 3, availableReplicas: 3 }),
      true,
      'deployment "web" successfully rolled out',
    ],
    [
      workload('DaemonSet', rolling, { observedGeneration: 1 }),
      false,
      'Waiting for daemon set spec update to be observed...',
    ],
    [
      workload('DaemonSet', rolling, { desiredNumberScheduled: 2, updatedNumberScheduled: 1 }),
      false,
      'Waiting for daemon set "web" rollout to finish: 1 out of 2 new pods have been updated...',
    ],
    [
      workload('DaemonSet', rolling, { desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 1 }),
      false,
      'Waiting for daemon set "web" rollout to finish: 1 of 2 updated pods are available...',
    ],
    [workload('DaemonSet', rolling), true, 'daemon set "web" successfully rolled out'],
    [
      workload('StatefulSet', rolling, { observedGeneration: 0 }),
      false,
      'Waiting for statefulset spec update to be observed...',
    ],
    [
      workload('StatefulSet', { ...rolling, replicas: 3 }, { readyReplicas: 1 }),
      false,
      'Waiting for 2 pods to be ready...',
    ],
    [
      workload(
        'StatefulSet',
        { ...rolling, replicas: 3 },
        { readyReplicas: 3, updatedReplicas: 1, currentRevision: 'a', updateRevision: 'b' },
      ),
      false,
      'waiting for statefulset rolling update to complete 1 pods at revision b...',
    ],
    [
      workload(
        'StatefulSet',
        { ...rolling, replicas: 3 },
        { readyReplicas: 3, currentReplicas: 3, currentRevision: 'b', updateRevision: 'b' },
      ),
      true,
      'statefulset rolling update complete 3 pods at revision b...',
    ],
    [
      workload('StatefulSet', partitioned(1), { readyReplicas: 3, updatedReplicas: 1 }),
      false,
      'Waiting for partitioned roll out to finish: 1 out of 2 new pods have been updated...',
    ],
    [
      workload('StatefulSet', partitioned(1), { readyReplicas: 3, updatedReplicas: 2 }),
      true,
      'partitioned roll out complete: 2 new pods have been updated...',
    ],
  ])('of %o', (object, isDone, message) => {
    expect(rolloutProgress(object)).toEqual({ isDone, message });
  });

  it.each<[Rolled, revision: number, problem: string]>([
    [
      workload('Deployment', {}, { conditions: [{ type: 'Progressing', reason: 'ProgressDeadlineExceeded' }] }),
      0,
      'error: deployment "web" exceeded its progress deadline',
    ],
    [
      workload('Deployment', {}, {}, { 'deployment.kubernetes.io/revision': '3' }),
      2,
      'error: desired revision (2) is different from the running revision (3)',
    ],
    [
      workload('DaemonSet', { updateStrategy: { type: 'OnDelete' } }),
      0,
      'error: rollout status is only available for RollingUpdate strategy type',
    ],
    [
      workload('StatefulSet', { updateStrategy: { type: 'OnDelete' } }),
      0,
      'error: rollout status is only available for RollingUpdate strategy type',
    ],
  ])('of %o is refused', (object, revision, problem) => {
    expect(() => rolloutProgress(object, revision)).toThrow(problem);
  });
});

const sets = [aSet(2, { 'kubernetes.io/change-cause': 'second' }), aSet(1), aSet(7, {}, 'another')];

describe('rollout history', () => {
  it('lists the revisions of a deployment: its own ReplicaSets', async () => {
    const { out } = await run([workload('Deployment'), ...sets], (context) => rolloutHistory(context, ['web']));
    expect(out).toMatch(/^deployment\.apps\/web\nREVISION +CHANGE-CAUSE\n1 +<none>\n2 +second\n$/);
  });

  it.each(['DaemonSet', 'StatefulSet'] as const)('lists those of a %s: its ControllerRevisions', async (kind) => {
    const objects = [workload(kind), aRevision(3), aRevision(1, { 'kubernetes.io/change-cause': 'first' })];
    const { out } = await run(objects, (context) => rolloutHistory(context, [`${kind.toLowerCase()}/web`]));
    expect(out).toMatch(/\/web\nREVISION +CHANGE-CAUSE\n1 +first\n3 +<none>\n$/);
  });

  it('shows one of them', async () => {
    const one = (revision: number) => (context: ReturnType<typeof fakeContext>) =>
      rolloutHistory(context, ['web'], { revision });
    const { out } = await run([workload('Deployment'), ...sets], one(1));
    expect(out).toMatch(/^deployment\.apps\/web with revision #1\nPod Template:\n/);
    expect(out).toMatch(/Image: +i:1\n/);
    const { error } = await run([workload('Deployment'), ...sets], one(5));
    expect(error).toBe('error: unable to find the specified revision');
  });
});

describe('rollout undo', () => {
  it('brings the template and the annotations of a deployment back', async () => {
    const deployment = workload('Deployment', {}, {}, { why: 'second', 'deployment.kubernetes.io/revision': '2' });
    const objects = [deployment, aSet(1, { why: 'first' }), aSet(2, { why: 'second' })];
    const { out, patches } = await run(objects, (context) => rolloutUndo(context, ['deploy/web'], 0));
    expect(out).toBe('deployment.apps/web rolled back\n');
    expect(patches).toEqual([
      {
        kind: 'Deployment',
        name: 'web',
        body: [
          { op: 'replace', path: '/spec/template', value: template('i:1') },
          {
            op: 'add',
            path: '/metadata/annotations',
            value: { why: 'first', 'deployment.kubernetes.io/revision': '2' },
          },
        ],
      },
    ]);
  });

  it.each(['DaemonSet', 'StatefulSet'] as const)('brings the template of a %s back', async (kind) => {
    const objects = [workload(kind), aRevision(1), aRevision(2)];
    const { out, patches } = await run(objects, (context) => rolloutUndo(context, [`${kind}/web`], 1));
    expect(out).toBe(`${kind.toLowerCase()}.apps/web rolled back\n`);
    expect(patches[0]!.body).toEqual([{ op: 'replace', path: '/spec/template', value: template('i:1') }]);
  });

  it.each<[what: string, objects: readonly KubeObject[], revision: number, problem: string]>([
    [
      'an unknown revision',
      [workload('Deployment'), ...sets],
      5,
      'error: unable to find specified revision 5 in history',
    ],
    [
      'no revision before',
      [workload('Deployment'), aSet(2)],
      0,
      'error: no rollout history found for deployment "web"',
    ],
    [
      'a pause',
      [workload('Deployment', { paused: true }), ...sets],
      1,
      "error: you cannot rollback a paused deployment; resume it first with 'gantry rollout resume deployment/web' and try again",
    ],
  ])('is refused for %s', async (_what, objects, revision, problem) => {
    const { error, patches } = await run(objects, (context) => rolloutUndo(context, ['web'], revision));
    expect(error).toBe(problem);
    expect(patches).toEqual([]);
  });

  it('is refused for a daemon set without a revision before', async () => {
    const objects = [workload('DaemonSet'), aRevision(1)];
    const { error } = await run(objects, (context) => rolloutUndo(context, ['ds/web'], 0));
    expect(error).toBe('error: no last revision to roll back to');
  });

  it('is skipped where the template is the same', async () => {
    const { out, patches } = await run([workload('Deployment'), ...sets], (context) =>
      rolloutUndo(context, ['web'], 2),
    );
    expect(out).toBe('deployment.apps/web skipped rollback (current template already matches revision 2)\n');
    expect(patches).toEqual([]);
  });
});

describe('rollout restart, pause and resume', () => {
  it('restarts workloads of all kinds', async () => {
    const objects = [workload('Deployment'), workload('DaemonSet'), workload('StatefulSet')];
    const { out, patches } = await run(objects, (context) =>
      rolloutRestart(context, ['deploy/web', 'ds/web', 'sts/web']),
    );
    expect(out).toBe('deployment.apps/web restarted\ndaemonset.apps/web restarted\nstatefulset.apps/web restarted\n');
    expect(patches[2]!.body).toMatchObject({
      spec: { template: { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': expect.any(String) } } } },
    });
  });

  it('restarts all of a kind', async () => {
    const { out } = await run([workload('Deployment')], (context) => rolloutRestart(context, ['deployments']));
    expect(out).toBe('deployment.apps/web restarted\n');
  });

  it.each<[what: string, object: Rolled, command: typeof rolloutRestart, problem: string]>([
    [
      'a restart of a paused deployment',
      workload('Deployment', { paused: true }),
      rolloutRestart,
      'error: deployments.apps "web" can\'t restart paused deployment (run rollout resume first)',
    ],
    [
      'a second pause',
      workload('Deployment', { paused: true }),
      (context, args) => rolloutPause(context, args, true),
      'error: deployments.apps "web" is already paused',
    ],
    [
      'a resumption without a pause',
      workload('Deployment'),
      (context, args) => rolloutPause(context, args, false),
      'error: deployments.apps "web" is not paused',
    ],
    [
      'a pause of a daemon set',
      workload('DaemonSet'),
      (context, args) => rolloutPause(context, args, true),
      'error: daemonsets.apps "web" pausing is not supported',
    ],
  ])('refuses %s', async (_what, object, command, problem) => {
    const { error, patches } = await run([object], (context) => command(context, [`${object.kind}/web`]));
    expect(error).toBe(problem);
    expect(patches).toEqual([]);
  });

  it('goes on after a refusal, and fails in the end', async () => {
    const other = {
      ...workload('Deployment'),
      metadata: { ...workload('Deployment').metadata, name: 'b' },
    } as Deployment;
    const paused = workload('Deployment', { paused: true });
    const { out, error } = await run([paused, other], (context) => rolloutPause(context, ['deploy', 'web', 'b'], true));
    expect(out).toBe('deployment.apps/b paused\n');
    expect(error).toBe('error: deployments.apps "web" is already paused');
  });

  it('pauses and resumes', async () => {
    const { patches } = await run([workload('Deployment')], (context) => rolloutPause(context, ['web'], true));
    expect(patches[0]!.body).toEqual({ spec: { paused: true } });
  });

  it('refuses kinds that are not rolled out', async () => {
    const { error } = await run([], (context) => rolloutStatus(context, ['pod/web'], { watch: false, timeoutMs: 0 }));
    expect(error).toBe('error: no status viewer has been implemented for "Pod"');
  });
});

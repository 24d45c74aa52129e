import { chmod, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { eventually, firstState, podWhen, startTestNode, type TestNode } from './testing/agent-kit.ts';
import { podOf } from './testing/pod-world.ts';

const isReady = (pod: ReturnType<typeof podOf>): boolean =>
  pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;

async function withImage(node: TestNode): Promise<void> {
  await node.runtime.images.pull('busybox');
}

describe('an agent', () => {
  it('registers its node and says that it lives', async () => {
    await using node = await startTestNode();
    await node.agent.ready;
    const object = node.api.peek('Node', 'node-1')!;
    expect(object.metadata.labels).toMatchObject({ 'kubernetes.io/hostname': 'node-1' });
    expect(object.status?.capacity).toMatchObject({ cpu: '4', memory: '8388608Ki', pods: '110' });
    expect(object.status?.conditions).toContainEqual(expect.objectContaining({ type: 'Ready', status: 'True' }));
    await eventually('a heartbeat', () => node.api.heartbeats.length > 0);
  });

  it('asks for its pods once it has said that it is there: those of a node that was off may run elsewhere', async () => {
    await using node = await startTestNode();
    await node.agent.ready;
    const { api } = node;
    api.put({ ...api.peek('Node', 'node-1')!, status: {} });
    const list = api.list;
    const hadReported: boolean[] = [];
    api.list = (kind, ...given) => {
      if (kind === 'Pod') hadReported.push(api.peek('Node', 'node-1')!.status?.conditions !== undefined);
      return list(kind, ...given);
    };
    await node.restartAgent();
    await node.agent.ready;
    expect(new Set(hadReported)).toEqual(new Set([true]));
  });

  it('keeps its files from other users, and closes folders that an earlier version left open', async () => {
    await using node = await startTestNode();
    await chmod(join(node.rootDir, 'pods'), 0o755);
    await node.restartAgent();
    for (const folder of ['', 'pods', 'logs'])
      expect((await stat(join(node.rootDir, folder))).mode & 0o777, folder).toBe(0o700);
  });

  it('runs a pod and reports it', async () => {
    await using node = await startTestNode();
    await withImage(node);
    node.api.put(podOf());
    const pod = await podWhen(node.api, 'web', 'is ready', isReady);
    expect(pod.status).toMatchObject({
      phase: 'Running',
      hostIP: '127.0.0.1',
      qosClass: 'BestEffort',
      containerStatuses: [{ name: 'web', ready: true, started: true, restartCount: 0, state: { running: {} } }],
    });
    expect(pod.status?.podIP).toMatch(/^10\.200\.7\./);
    expect(pod.status?.containerStatuses?.[0]?.containerID).toMatch(/^hollow:\/\//);
    const reasons = await eventually('events', () => {
      const all = node.api.all('Event').map(({ reason }) => reason);
      return all.includes('Started') && all;
    });
    expect(reasons).toEqual(expect.arrayContaining(['Pulled', 'Created', 'Started']));
  });

  it('tells of its pods anew that were taken for not ready while nobody heard it', async () => {
    await using node = await startTestNode();
    await withImage(node);
    node.api.put(podOf());
    const pod = await podWhen(node.api, 'web', 'is ready', isReady);
    const conditions = pod.status!.conditions!.map((condition) =>
      condition.type === 'Ready' ? { ...condition, status: 'False', reason: 'NodeNotReady' } : condition,
    );
    node.api.put({ ...pod, status: { ...pod.status, conditions } });
    await podWhen(node.api, 'web', 'is ready again', isReady);
  });

  it('tells of a pod anew whose mark arrives after the heartbeat that proves it wrong', async () => {
    await using node = await startTestNode({ nodeTimes: { heartbeatMs: 60_000, healthMs: 60_000, reportMs: 60_000 } });
    await withImage(node);
    node.api.put(podOf());
    const pod = await podWhen(node.api, 'web', 'is ready', isReady);
    await eventually('the only heartbeat', () => node.api.heartbeats.length === 1);
    const conditions = pod.status!.conditions!.map((condition) =>
      condition.type === 'Ready' ? { ...condition, status: 'False', reason: 'NodeNotReady' } : condition,
    );
    node.api.put({ ...pod, status: { ...pod.status, conditions } });
    await podWhen(node.api, 'web', 'is ready again', isReady);
  });

  it('starts a container again that ended, and then waits', async () => {
    await using node = await startTestNode();
    await withImage(node);
    node.api.put(podOf());
    await podWhen(node.api, 'web', 'is ready', isReady);
    const running = async () =>
      (await node.runtime.observer.observe())[0]?.containers.find(({ state }) => state.kind === 'running');
    node.runtime.exitContainer((await running())!.id, 3);
    await podWhen(
      node.api,
      'web',
      'was restarted',
      (pod) => isReady(pod) && pod.status?.containerStatuses?.[0]?.restartCount === 1,
    );
    node.runtime.exitContainer((await running())!.id, 3);
    const pod = await podWhen(
      node.api,
      'web',
      'backs off',
      (found) => firstState(found).waiting?.reason === 'CrashLoopBackOff',
    );
    expect(pod.status?.containerStatuses?.[0]?.lastState?.terminated?.exitCode).toBe(3);
    expect(firstState(pod).waiting?.message).toBe(
      'back-off 10s restarting failed container=web pod=web_default(uid-1)',
    );
  });

  it('ends a pod that is deleted, with all that it left', async () => {
    await using node = await startTestNode();
    await withImage(node);
    node.api.put(podOf({ volumes: [{ name: 'scratch', emptyDir: {} }] }));
    await podWhen(node.api, 'web', 'is ready', isReady);
    await stat(join(node.rootDir, 'pods', 'uid-1', 'volumes', 'scratch'));
    node.api.deletePod('web', 1, Date.now());
    await eventually('the end', () => node.api.peek('Pod', 'web') === undefined);
    expect(await node.runtime.observer.observe()).toEqual([]);
    await expect(stat(join(node.rootDir, 'pods', 'uid-1'))).rejects.toThrow('ENOENT');
  });

  it('adopts what runs, and ends what has no pod any more', async () => {
    await using node = await startTestNode();
    await withImage(node);
    node.api.put(podOf());
    node.api.put(podOf({ terminationGracePeriodSeconds: 1 }, { name: 'gone', uid: 'uid-2' }));
    const before = await podWhen(node.api, 'web', 'is ready', isReady);
    await podWhen(node.api, 'gone', 'is ready', isReady);
    await node.agent[Symbol.asyncDispose]();
    node.api.remove('Pod', 'gone');
    await node.restartAgent();
    await eventually('the orphan is gone', async () => (await node.runtime.observer.observe()).length === 1);
    const after = await podWhen(node.api, 'web', 'is ready', isReady);
    expect(after.status?.containerStatuses).toEqual(before.status?.containerStatuses);
    expect(after.status?.conditions).toEqual(before.status?.conditions);
  });

  it('says what is missing, and starts once it is there', async () => {
    await using node = await startTestNode();
    await withImage(node);
    const env = [{ name: 'GREETING', valueFrom: { configMapKeyRef: { name: 'settings', key: 'greeting' } } }];
    node.api.put(podOf({ containers: [{ name: 'web', image: 'busybox', imagePullPolicy: 'IfNotPresent', env }] }));
    const isConfigError = (pod: ReturnType<typeof podOf>) =>
      firstState(pod).waiting?.reason === 'CreateContainerConfigError';
    const missing = await podWhen(node.api, 'web', 'waits', isConfigError);
    expect(firstState(missing).waiting?.message).toBe('configmap "settings" not found');
    const metadata = { name: 'settings', namespace: 'default' };
    node.api.put({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { other: 'x' } });
    const keyMissing = (pod: ReturnType<typeof podOf>) =>
      firstState(pod).waiting?.message?.includes('greeting') === true;
    const incomplete = await podWhen(node.api, 'web', 'names the key', keyMissing);
    expect(firstState(incomplete).waiting?.message).toBe("couldn't find key greeting in ConfigMap default/settings");
    node.api.put({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { greeting: 'hello' } });
    await podWhen(node.api, 'web', 'is ready', isReady);
  });

  it('fails a pod whose image never comes', async () => {
    await using node = await startTestNode();
    node.api.put(podOf({ containers: [{ name: 'web', image: 'absent:1', imagePullPolicy: 'Never' }] }));
    const pod = await podWhen(
      node.api,
      'web',
      'waits',
      (found) => firstState(found).waiting?.reason === 'ErrImageNeverPull',
    );
    expect(firstState(pod).waiting?.message).toBe(
      'Container image "absent:1" is not present with pull policy of Never',
    );
    expect(pod.status?.phase).toBe('Pending');
  });

  it('lets a pod under Never succeed once', async () => {
    await using node = await startTestNode();
    await withImage(node);
    node.api.put(podOf({ restartPolicy: 'Never' }));
    await podWhen(node.api, 'web', 'is ready', isReady);
    node.runtime.exitContainer((await node.runtime.observer.observe())[0]!.containers[0]!.id, 0);
    const pod = await podWhen(node.api, 'web', 'succeeded', (found) => found.status?.phase === 'Succeeded');
    expect(firstState(pod).terminated).toMatchObject({ exitCode: 0, reason: 'Completed' });
    expect(pod.status?.conditions).toContainEqual(
      expect.objectContaining({ type: 'Ready', status: 'False', reason: 'PodCompleted' }),
    );
  });

  const eventsOf = (node: TestNode, reason: string) =>
    node.api.all('Event').flatMap((event) => (event.reason === reason ? [event.message] : []));

  it('stops a container whose postStart hook fails as any other: preStop hook, stop signal, grace period', async () => {
    await using node = await startTestNode();
    await withImage(node);
    // Nothing can be run in containers of this node, so both hooks fail.
    const lifecycle = { postStart: { exec: { command: ['a'] } }, preStop: { exec: { command: ['b'] } } };
    node.api.put(podOf({ restartPolicy: 'Never', containers: [{ name: 'web', image: 'busybox', lifecycle }] }));
    await podWhen(node.api, 'web', 'has failed', (found) => found.status?.phase === 'Failed');
    await eventually('its events', () => eventsOf(node, 'FailedPostStartHook').length > 0);
    expect(eventsOf(node, 'FailedPreStopHook')).toHaveLength(1);
    expect(eventsOf(node, 'Killing')).toEqual(['FailedPostStartHook']);
  });

  it('asks nobody for an image whose name is none', async () => {
    await using node = await startTestNode();
    node.api.put(podOf({ containers: [{ name: 'web', image: 'Bad Image:::1' }] }));
    const isInvalid = (found: ReturnType<typeof podOf>) => firstState(found).waiting?.reason === 'InvalidImageName';
    const pod = await podWhen(node.api, 'web', 'is refused', isInvalid);
    expect(firstState(pod).waiting?.message).toBe(
      'Failed to apply default image tag "Bad Image:::1": couldn\'t parse image name "Bad Image:::1": ' +
        'invalid reference format: repository name (library/Bad Image) must be lowercase',
    );
    await eventually('its event', () => eventsOf(node, 'InspectFailed').length > 0);
    expect(eventsOf(node, 'Pulling')).toEqual([]);
  });

  it('rejects a pod that asks for an unsafe sysctl, and starts no container that asks for what it cannot have', async () => {
    await using node = await startTestNode();
    await withImage(node);
    const sysctls = [{ name: 'kernel.msgmax', value: '1' }];
    node.api.put(podOf({ securityContext: { sysctls } }, { name: 'unsafe', uid: 'uid-unsafe' }));
    node.api.put(podOf({ runtimeClassName: 'gvisor' }));
    const failed = await podWhen(node.api, 'unsafe', 'fails', (found) => found.status?.phase === 'Failed');
    expect(failed.status).toMatchObject({
      reason: 'SysctlForbidden',
      message: 'Pod was rejected: forbidden sysctl: "kernel.msgmax" not allowlisted',
    });
    const waits = await podWhen(node.api, 'web', 'waits', (found) => firstState(found).waiting?.message !== undefined);
    expect(firstState(waits).waiting).toEqual({
      reason: 'CreateContainerConfigError',
      message: 'spec.runtimeClassName: "gvisor" is not supported by this node',
    });
  });
});

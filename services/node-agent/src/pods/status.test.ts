import type { Pod, PodStatus } from '@gantry/model/gen/gantry.core.v1.ts';
import { qosClassOf } from '@gantry/model/kinds/pod/qos.ts';
import { describe, expect, it } from 'vitest';
import { PodWorld, podOf } from '../testing/pod-world.ts';
import { backOffsOf } from './events.ts';
import { retryWaits, troubleAfter } from './memory.ts';
import { statusOf } from './status.ts';

const node = { runtimeName: 'containerd', hostIps: ['10.1.0.2'] };
const image = 'busybox';

function statusIn(world: PodWorld): PodStatus {
  return statusOf(world.view(), node);
}

function condition(status: PodStatus, type: string) {
  return status.conditions?.find((candidate) => candidate.type === type);
}

describe('the status of a pod', () => {
  it('names the generation that it speaks of, which changes no time', () => {
    const world = new PodWorld(podOf({}, { generation: 1 }));
    world.settle();
    const first = statusIn(world);
    expect([first.observedGeneration, condition(first, 'Ready')?.observedGeneration]).toEqual([1, 1]);
    world.pod = { ...podOf({ activeDeadlineSeconds: 60 }, { generation: 2 }), status: first };
    world.nowMs += 1_000;
    const second = statusIn(world);
    expect([second.observedGeneration, condition(second, 'Ready')?.observedGeneration]).toEqual([2, 2]);
    expect(condition(second, 'Ready')?.lastTransitionTime).toBe(condition(first, 'Ready')?.lastTransitionTime);
  });

  it('goes from Pending to Running', () => {
    const world = new PodWorld(podOf());
    const before = statusIn(world);
    expect(before).toMatchObject({ phase: 'Pending', startTime: '2026-01-01T00:00:00Z', hostIP: '10.1.0.2' });
    expect(before.containerStatuses?.[0]).toMatchObject({
      state: { waiting: { reason: 'ContainerCreating' } },
      ready: false,
    });
    expect(condition(before, 'PodReadyToStartContainers')?.status).toBe('False');
    expect(condition(before, 'Ready')).toMatchObject({
      status: 'False',
      reason: 'ContainersNotReady',
      message: 'containers with unready status: [web]',
    });
    world.settle();
    const after = statusIn(world);
    expect(after).toMatchObject({ phase: 'Running', podIP: '10.244.0.5', podIPs: [{ ip: '10.244.0.5' }] });
    expect(after.containerStatuses?.[0]).toMatchObject({
      ready: true,
      started: true,
      containerID: 'containerd://c2',
      imageID: 'sha256:1',
    });
    for (const type of ['PodScheduled', 'PodReadyToStartContainers', 'Initialized', 'ContainersReady', 'Ready']) {
      expect(condition(after, type)?.status).toBe('True');
    }
  });

  it('keeps the times of conditions that did not change, and conditions of others', () => {
    const world = new PodWorld(podOf());
    world.settle();
    const gate = { type: 'example.com/gate', status: 'True', lastTransitionTime: '2025-01-01T00:00:00Z' };
    const first = statusIn(world);
    world.pod = { ...world.pod, status: { ...first, conditions: [...(first.conditions ?? []), gate] } };
    world.nowMs += 60_000;
    world.exit(world.newest('web')!.id, 1);
    const second = statusIn(world);
    expect(condition(second, 'Ready')?.lastTransitionTime).toBe('2026-01-01T00:01:00Z');
    expect(condition(second, 'Initialized')?.lastTransitionTime).toBe('2026-01-01T00:00:00Z');
    expect(condition(second, 'example.com/gate')).toEqual(gate);
  });

  it('waits for readiness gates', () => {
    const world = new PodWorld(podOf({ readinessGates: [{ conditionType: 'example.com/gate' }] }));
    world.settle();
    const status = statusIn(world);
    expect(condition(status, 'ContainersReady')?.status).toBe('True');
    expect(condition(status, 'Ready')).toMatchObject({ status: 'False', reason: 'ReadinessGatesNotReady' });
  });

  it('tells of init containers', () => {
    const world = new PodWorld(
      podOf({
        initContainers: [
          { name: 'a', image },
          { name: 'b', image },
        ],
      }),
    );
    world.settle();
    const status = statusIn(world);
    expect(status.phase).toBe('Pending');
    expect(condition(status, 'Initialized')).toMatchObject({
      status: 'False',
      message: 'containers with incomplete status: [a b]',
    });
    expect(status.containerStatuses?.[0]?.state?.waiting?.reason).toBe('PodInitializing');
    world.exit(world.newest('a')!.id, 0);
    expect(statusIn(world).initContainerStatuses?.[0]).toMatchObject({
      ready: true,
      state: { terminated: { exitCode: 0 } },
    });
  });

  it.each([
    ['Never', 0, 'Succeeded', 'PodCompleted'],
    ['Never', 3, 'Failed', 'PodFailed'],
    ['OnFailure', 0, 'Succeeded', 'PodCompleted'],
  ])('under %s after exit code %i is %s', (restartPolicy, exitCode, phase, reason) => {
    const world = new PodWorld(podOf({ restartPolicy }));
    world.settle();
    world.exit(world.newest('web')!.id, exitCode);
    const status = statusIn(world);
    expect(status.phase).toBe(phase);
    expect(condition(status, 'Ready')).toMatchObject({ status: 'False', reason });
    world.pod = { ...world.pod, status };
    world.sandboxes = [];
    expect(statusIn(world)).toMatchObject({ phase, containerStatuses: [{ state: { terminated: { exitCode } } }] });
  });

  it('is Failed with its reason once it is overdue', () => {
    const world = new PodWorld(podOf({ activeDeadlineSeconds: 10 }));
    world.settle();
    world.nowMs += 10_000;
    world.settle();
    expect(statusIn(world)).toMatchObject({
      phase: 'Failed',
      reason: 'DeadlineExceeded',
      message: 'Pod was active on the node longer than the specified deadline',
    });
  });

  it('shows why images do not come', () => {
    const world = new PodWorld(podOf());
    const failure = { reason: 'ErrImagePull', message: 'no such host', waits: retryWaits.pull };
    world.memory = {
      ...world.memory,
      troubles: new Map([['container/web', troubleAfter(undefined, failure, world.nowMs)]]),
    };
    const waiting = () => statusIn(world).containerStatuses?.[0]?.state?.waiting;
    expect(waiting()).toEqual({ reason: 'ErrImagePull', message: 'no such host' });
    const before = statusIn(world);
    world.nowMs += 2_000;
    expect(waiting()).toEqual({
      reason: 'ImagePullBackOff',
      message: 'Back-off pulling image "busybox": no such host',
    });
    expect(backOffsOf(before, statusIn(world))).toEqual([
      { container: 'web', message: 'Back-off pulling image "busybox"' },
    ]);
    expect(backOffsOf(statusIn(world), statusIn(world))).toEqual([]);
  });

  it('of a pod in the network of its node has the address of the node', () => {
    const world = new PodWorld(podOf({ hostNetwork: true }));
    world.settle();
    expect(statusIn(world).podIP).toBe('10.1.0.2');
  });
});

describe('waits after failures', () => {
  it('double up to their bound, and begin anew with another reason', () => {
    const failure = { reason: 'ErrImagePull', message: '', waits: retryWaits.pull };
    let trouble = troubleAfter(undefined, failure, 0);
    const waits = [trouble.retryAtMs];
    for (let count = 0; count < 6; count++) {
      trouble = troubleAfter(trouble, failure, 0);
      waits.push(trouble.retryAtMs);
    }
    expect(waits).toEqual([10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000]);
    expect(
      troubleAfter(trouble, { reason: 'CreateContainerError', message: '', waits: retryWaits.create }, 0),
    ).toMatchObject({ failures: 1, retryAtMs: 1_000 });
  });
});

describe('the class of a pod', () => {
  const of = (...resources: object[]): string =>
    qosClassOf({
      ...podOf(),
      spec: { containers: resources.map((each, index) => ({ name: `c${index}`, resources: each })) },
    } as Pod);

  it('is that of Kubernetes', () => {
    const all = { cpu: '1', memory: '1Gi' };
    expect(of({})).toBe('BestEffort');
    expect(of({ requests: { cpu: '0' } })).toBe('BestEffort');
    expect(of({ limits: all })).toBe('Guaranteed');
    expect(of({ limits: all, requests: { cpu: '1000m', memory: '1024Mi' } })).toBe('Guaranteed');
    expect(of({ limits: all, requests: { cpu: '500m', memory: '1Gi' } })).toBe('Burstable');
    expect(of({ limits: all }, {})).toBe('Burstable');
    expect(of({ requests: { memory: '1Mi' } })).toBe('Burstable');
  });
});

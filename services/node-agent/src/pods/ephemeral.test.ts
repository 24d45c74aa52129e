import { describe, expect, it } from 'vitest';
import { PodWorld, podOf } from '../testing/pod-world.ts';
import { statusOf } from './status.ts';

const image = 'busybox';

describe('a container that is added to a running pod', () => {
  const node = { runtimeName: 'containerd', hostIps: ['10.1.0.2'] };
  const added = (spec: object = {}) => {
    const world = new PodWorld(podOf(spec));
    world.settle();
    const ephemeralContainers = [{ name: 'debugger', image }];
    world.pod = { ...world.pod, spec: { ...world.pod.spec, ephemeralContainers } };
    world.settle();
    return world;
  };

  it('runs once, and has a status of its own', () => {
    const world = added();
    expect(world.starts).toEqual(['web/0', 'debugger/0']);
    expect(statusOf(world.view(), node)).toMatchObject({
      phase: 'Running',
      containerStatuses: [{ name: 'web', ready: true }],
      ephemeralContainerStatuses: [{ name: 'debugger', ready: false, state: { running: {} } }],
    });
    world.exit(world.newest('debugger')!.id, 1);
    world.settle();
    world.nowMs += 3_600_000;
    world.settle();
    expect(world.starts).toEqual(['web/0', 'debugger/0']);
    const after = statusOf(world.view(), node);
    expect(after.ephemeralContainerStatuses).toMatchObject([{ state: { terminated: { exitCode: 1 } } }]);
    expect(after.conditions?.find(({ type }) => type === 'Ready')?.status).toBe('True');
  });

  it('starts while init containers hold the others up, and ends with the pod', () => {
    const world = added({ initContainers: [{ name: 'a', image }], restartPolicy: 'Never' });
    expect(world.starts).toEqual(['a/0', 'debugger/0']);
    world.exit(world.newest('a')!.id, 0);
    world.settle();
    world.exit(world.newest('web')!.id, 0);
    world.settle();
    expect(world.running()).toEqual([]);
    expect(statusOf(world.view(), node).phase).toBe('Succeeded');
  });
});

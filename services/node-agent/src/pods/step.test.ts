import { describe, expect, it } from 'vitest';
import { PodWorld, podOf } from '../testing/pod-world.ts';
import { ended } from './memory-update.ts';
import { statusOf } from './status.ts';
import { step } from './step.ts';
import { isGone } from './step-end.ts';

const image = 'busybox';

describe('a pod that starts', () => {
  it('gets its volumes and a sandbox, then its containers', () => {
    const world = new PodWorld(podOf());
    expect(world.decide().map(({ kind }) => kind)).toEqual(['prepareVolumes', 'startSandbox']);
    world.finish(world.underWay[1]!);
    expect(world.decide()).toEqual([]);
    world.finish(world.underWay[0]!);
    expect(world.decide()).toMatchObject([{ kind: 'startContainer', name: 'web', attempt: 0 }]);
    world.settle();
    expect(world.running().map(({ name }) => name)).toEqual(['web']);
  });

  it('runs init containers one after the other, and main ones only then', () => {
    const world = new PodWorld(
      podOf({
        initContainers: [
          { name: 'a', image },
          { name: 'b', image },
        ],
      } as never),
    );
    world.settle();
    expect(world.starts).toEqual(['a/0']);
    world.exit(world.newest('a')!.id, 0);
    world.settle();
    expect(world.starts).toEqual(['a/0', 'b/0']);
    world.exit(world.newest('b')!.id, 0);
    world.settle();
    expect(world.starts).toEqual(['a/0', 'b/0', 'web/0']);
  });

  it('waits for a sidecar to be started before it goes on, and keeps the sidecar running', () => {
    const startupProbe = { exec: { command: ['true'] } };
    const world = new PodWorld(
      podOf({ initContainers: [{ name: 'proxy', image, restartPolicy: 'Always', startupProbe }] } as never),
    );
    world.settle();
    expect(world.starts).toEqual(['proxy/0']);
    world.verdicts.set(world.newest('proxy')!.id, { started: true, ready: true });
    world.settle();
    expect(world.starts).toEqual(['proxy/0', 'web/0']);
    world.exit(world.newest('proxy')!.id, 0);
    world.settle();
    expect(world.starts).toEqual(['proxy/0', 'web/0', 'proxy/1']);
  });
});

describe('containers of a pod', () => {
  const two = () =>
    new PodWorld(
      podOf({
        containers: [
          { name: 'proxy', image },
          { name: 'app', image },
        ],
      }),
    );
  const startsOf = (world: PodWorld) =>
    world.decide().flatMap((action) => (action.kind === 'startContainer' ? [action.name] : []));
  const prepared = () => {
    const world = two();
    world.decide();
    for (const action of [...world.underWay]) world.finish(action);
    return world;
  };

  it('start in order, each once the start of the one before it, with its hook, is over', () => {
    const world = prepared();
    expect(startsOf(world)).toEqual(['proxy']);
    // It runs already, its postStart hook does not end.
    world.carryOut(world.underWay[0]!);
    expect(startsOf(world)).toEqual([]);
    const [start] = world.underWay;
    world.underWay = [];
    world.memory = ended(world.memory, start!, { kind: 'done' }, world.nowMs);
    expect(startsOf(world)).toEqual(['app']);
  });

  it('are not held back by one that cannot start and waits', () => {
    const world = prepared();
    startsOf(world);
    world.finish(world.underWay[0]!, 'failed');
    expect(startsOf(world)).toEqual(['app']);
    world.finish(world.underWay[0]!);
    world.nowMs += 1_000;
    expect(startsOf(world)).toEqual(['proxy']);
  });
});

describe('a pod that fails', () => {
  it('is rejected before anything of it runs, and only then', () => {
    const world = new PodWorld(podOf());
    world.rejection = { reason: 'SysctlForbidden', message: 'forbidden sysctl: "x" not allowlisted' };
    expect(world.decide()).toEqual([
      {
        kind: 'markFailed',
        reason: 'SysctlForbidden',
        message: 'Pod was rejected: forbidden sysctl: "x" not allowlisted',
        event: { type: 'Warning', message: 'forbidden sysctl: "x" not allowlisted' },
      },
    ]);
    world.settle();
    expect(world.starts).toEqual([]);
    const status = statusOf(world.view(), { runtimeName: 'x', hostIps: [] });
    expect(status).toMatchObject({ phase: 'Failed', reason: 'SysctlForbidden' });
    expect(status).not.toHaveProperty('containerStatuses');
    const running = new PodWorld(podOf());
    running.settle();
    running.rejection = world.rejection;
    expect(running.decide()).toEqual([]);
  });

  it('is evicted with a second for its containers, whatever its grace period is', () => {
    const world = new PodWorld(podOf());
    world.settle();
    world.memory = { ...world.memory, eviction: { message: 'it took too much' } };
    expect(world.decide()).toMatchObject([{ kind: 'markFailed', reason: 'Evicted', message: 'it took too much' }]);
    world.finish(world.underWay[0]!);
    expect(world.decide()).toMatchObject([{ kind: 'stopContainer', graceMs: 1_000 }]);
    world.settle();
    expect(world.running()).toEqual([]);
    expect(world.starts).toEqual(['web/0']);
  });
});

describe('restarts', () => {
  it('come at once first, then after 10 s, 20 s and so on up to 5 min', () => {
    const world = new PodWorld(podOf());
    const waits: number[] = [];
    world.settle();
    for (let crash = 0; crash < 8; crash++) {
      world.exit(world.newest('web')!.id, 1);
      const { wakeAtMs } = step(world.view());
      const waitMs = wakeAtMs === Number.POSITIVE_INFINITY ? 0 : wakeAtMs - world.nowMs;
      waits.push(waitMs / 1_000);
      world.nowMs += waitMs;
      world.settle();
    }
    expect(waits).toEqual([0, 10, 20, 40, 80, 160, 300, 300]);
    world.nowMs += 600_000;
    world.exit(world.newest('web')!.id, 1);
    expect(step(world.view()).actions).toMatchObject([{ kind: 'startContainer', attempt: 9 }]);
  });

  it('stand still for no step of the wall clock, and neither do other waits', () => {
    const world = new PodWorld(podOf());
    world.settle();
    for (const count of [0, 1]) {
      world.exit(world.newest('web')!.id, count);
      world.settle();
    }
    expect(world.starts).toEqual(['web/0', 'web/1']);
    world.stepWall(-7_200_000);
    expect(step(world.view()).wakeAtMs - world.monotonicMs).toBe(10_000);
    world.nowMs += 10_000;
    world.settle();
    expect(world.starts).toEqual(['web/0', 'web/1', 'web/2']);
    const failing = new PodWorld(podOf());
    failing.decide();
    failing.finish(failing.underWay[1]!, 'failed');
    failing.stepWall(-7_200_000);
    failing.nowMs += 1_000;
    expect(failing.decide()).toMatchObject([{ kind: 'startSandbox' }]);
  });

  it('know their back-off also after the agent was restarted', () => {
    const world = new PodWorld(podOf());
    world.settle();
    world.exit(world.newest('web')!.id, 1);
    world.settle();
    world.exit(world.newest('web')!.id, 1);
    world.restartAgent();
    world.settle();
    expect(world.starts).toEqual(['web/0', 'web/1']);
    expect(step(world.view()).wakeAtMs).toBe(world.nowMs + 10_000);
  });

  it.each([
    ['Never', 1, ['web/0']],
    ['OnFailure', 0, ['web/0']],
    ['OnFailure', 1, ['web/0', 'web/1']],
    ['Always', 0, ['web/0', 'web/1']],
  ])('under %s after exit code %i', (restartPolicy, exitCode, starts) => {
    const world = new PodWorld(podOf({ restartPolicy }));
    world.settle();
    world.exit(world.newest('web')!.id, exitCode);
    world.settle();
    expect(world.starts).toEqual(starts);
  });

  it('replace a container whose image changed', () => {
    const world = new PodWorld(podOf({ restartPolicy: 'OnFailure' }));
    world.settle();
    world.pod = podOf({ restartPolicy: 'OnFailure', containers: [{ name: 'web', image: 'nginx' }] } as never);
    expect(world.decide()).toMatchObject([{ kind: 'stopContainer', why: { kind: 'specChanged' } }]);
    world.settle();
    expect(world.running()[0]?.image).toBe('nginx');
  });

  it('follow a failed liveness probe, with the grace period of the probe', () => {
    const world = new PodWorld(podOf());
    world.settle();
    world.verdicts.set(world.newest('web')!.id, {
      started: true,
      ready: false,
      failed: { probe: 'Liveness', graceSeconds: 3 },
    });
    expect(world.decide()).toMatchObject([{ kind: 'stopContainer', graceMs: 3_000, why: { probe: 'Liveness' } }]);
    world.settle();
    expect(world.starts).toEqual(['web/0', 'web/1']);
  });

  it('happen in a new sandbox where the sandbox died, init containers first', () => {
    const world = new PodWorld(podOf({ initContainers: [{ name: 'a', image }] } as never));
    world.settle();
    world.exit(world.newest('a')!.id, 0);
    world.settle();
    world.killSandbox(world.sandboxes[0]!.id);
    world.settle();
    expect(world.starts).toEqual(['a/0', 'web/0', 'a/1']);
    world.exit(world.newest('a')!.id, 0);
    world.settle();
    expect(world.starts.at(-1)).toBe('web/1');
    expect(world.sandboxes.filter(({ ready }) => ready)).toHaveLength(1);
  });

  it('keep the last dead instance and clear away those before', () => {
    const world = new PodWorld(podOf());
    world.settle();
    for (let crash = 0; crash < 4; crash++) {
      world.exit(world.newest('web')!.id, 1);
      world.nowMs += 300_000;
      world.settle();
    }
    expect(world.containers().map(({ attempt }) => attempt)).toEqual([3, 4]);
  });
});

describe('an agent that was restarted', () => {
  it('adopts what runs', () => {
    const world = new PodWorld(podOf());
    world.settle();
    world.restartAgent();
    world.settle();
    expect(world.starts).toEqual(['web/0']);
  });

  it('finishes the start of a container that was made', () => {
    const world = new PodWorld(podOf());
    world.settle();
    const sandbox = world.sandboxes[0]!;
    sandbox.containers = sandbox.containers.map((container) => ({ ...container, state: { kind: 'created' } }));
    world.restartAgent();
    world.settle();
    expect(world.containers()).toHaveLength(1);
    expect(world.running()).toHaveLength(1);
  });

  it.each(['Always', 'Never'])(
    'starts again, under %s too, what its predecessor was starting when it was killed',
    (restartPolicy) => {
      const world = new PodWorld(podOf({ restartPolicy }));
      world.settle();
      const message = 'failed to create containerd task: failed to create shim task: context canceled: unknown';
      const ended = { exitCode: 128, reason: 'StartError', message, startedAtMs: 0, finishedAtMs: world.nowMs };
      const sandbox = world.sandboxes[0]!;
      sandbox.containers = sandbox.containers.map((container) => ({
        ...container,
        state: { kind: 'exited', ...ended },
      }));
      world.restartAgent();
      world.settle();
      expect(world.containers().map(({ attempt, state }) => [attempt, state.kind])).toEqual([[0, 'running']]);
    },
  );

  it('never runs a pod again that was reported as over', () => {
    const world = new PodWorld({ ...podOf({ restartPolicy: 'Never' }), status: { phase: 'Succeeded' } });
    world.settle();
    expect(world.starts).toEqual([]);
  });

  it('does not run again under Never what the runtime has lost', () => {
    const status = { phase: 'Running', containerStatuses: [{ name: 'web', state: { running: {} }, restartCount: 0 }] };
    const world = new PodWorld({ ...podOf({ restartPolicy: 'Never' }), status } as never);
    world.settle();
    expect(world.starts).toEqual([]);
  });
});

describe('a pod that ends', () => {
  const deleted = (graceSeconds: number, nowMs: number) => ({
    deletionTimestamp: new Date(nowMs + graceSeconds * 1_000).toISOString(),
    deletionGracePeriodSeconds: graceSeconds,
  });

  it('stops main containers, then sidecars from the last to the first, then goes without a trace', () => {
    const sidecar = { image, restartPolicy: 'Always' };
    const world = new PodWorld(
      podOf({
        initContainers: [
          { name: 's1', ...sidecar },
          { name: 's2', ...sidecar },
        ],
      } as never),
    );
    world.settle();
    world.pod.metadata = { ...world.pod.metadata, ...deleted(30, world.nowMs) };
    const order: string[] = [];
    for (let turn = 0; turn < 20; turn++) {
      for (const action of world.decide()) order.push('name' in action ? action.name : action.kind);
      for (const action of [...world.underWay]) world.finish(action);
    }
    expect(order).toEqual(['web', 's2', 's1', 'stopSandbox', 'removeSandbox', 'cleanUp']);
    expect(isGone(world.view())).toBe(true);
  });

  it('is hurried when the grace period is made shorter', () => {
    const world = new PodWorld(podOf());
    world.settle();
    world.pod.metadata = { ...world.pod.metadata, ...deleted(30, world.nowMs) };
    expect(world.decide()).toMatchObject([{ kind: 'stopContainer', graceMs: 30_000 }]);
    world.nowMs += 5_000;
    expect(world.decide()).toEqual([]);
    world.pod.metadata = { ...world.pod.metadata, ...deleted(2, world.nowMs) };
    expect(world.decide()).toMatchObject([{ kind: 'stopContainer', graceMs: 2_000 }]);
  });

  it('aborts what it was starting, and waits for that before it takes the sandbox down', () => {
    const world = new PodWorld(podOf());
    world.decide();
    for (const action of [...world.underWay]) world.finish(action);
    world.decide();
    const start = world.underWay[0]!;
    world.pod.metadata = { ...world.pod.metadata, ...deleted(30, world.nowMs) };
    expect(world.decide()).toEqual([{ kind: 'abort', key: 'container/web' }]);
    world.finish(start, 'aborted');
    expect(world.decide()).toMatchObject([{ kind: 'stopSandbox' }]);
  });

  it('is failed by its deadline, once, and keeps its containers for their logs', () => {
    const world = new PodWorld(podOf({ activeDeadlineSeconds: 60 }));
    world.settle();
    world.nowMs += 60_000;
    world.settle();
    expect(world.memory.failed?.reason).toBe('DeadlineExceeded');
    expect(world.running()).toEqual([]);
    expect(world.containers()).toHaveLength(1);
    expect(world.memory.volumes).toBe('cleaned');
  });

  it('stops sidecars once its main containers are over', () => {
    const initContainers = [{ name: 'proxy', image, restartPolicy: 'Always' }];
    const world = new PodWorld(podOf({ restartPolicy: 'Never', initContainers } as never));
    world.settle();
    world.exit(world.newest('web')!.id, 0);
    world.settle();
    expect(world.running()).toEqual([]);
    expect(world.starts).toEqual(['proxy/0', 'web/0']);
  });

  it('ends when its object is gone', () => {
    const world = new PodWorld(podOf());
    world.settle();
    world.removed = true;
    world.settle();
    expect(world.sandboxes).toEqual([]);
    expect(isGone(world.view())).toBe(true);
  });
});

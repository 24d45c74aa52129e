import type { ContainerResizePolicy, Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { FakeClock } from '@gantry/runtime/clock.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keys } from '../pods/labels.ts';
import { statusOf } from '../pods/status.ts';
import type { ContainerResources } from '../runtime/runtime.ts';
import { PodWorld, podOf } from '../testing/pod-world.ts';
import type { PodLimits } from './pod-limits.ts';
import { resizePod } from './resizer.ts';
import { noResize, PodResizes } from './resizes.ts';
import { shareOf } from './shares.ts';
import type { ResizeRecord } from './state-file.ts';

const node = { runtimeName: 'containerd', hostIps: ['10.1.0.2'] };

/** A node of four CPUs with pods whose containers run already. */
class Node {
  readonly clock = new FakeClock();
  readonly events: string[] = [];
  readonly updates: [string, ContainerResources][] = [];
  readonly files = new Map<string, ResizeRecord>();
  readonly worlds = new Map<string, PodWorld>();
  usedBytes = 0;
  limits: PodLimits = { cpuShares: 1_024, cpuQuotaUs: undefined, memoryBytes: undefined };
  resizes = this.#open();

  #open(): PodResizes {
    return new PodResizes({
      clock: this.clock,
      log: silentLogger,
      records: {
        read: (uid) => this.files.get(uid),
        write: (uid, record) => this.files.set(uid, structuredClone(record)),
      },
      recordEvent: (pod, _, reason) => this.events.push(`${pod.metadata.name} ${reason}`),
      allocatable: { cpu: '4', memory: '4Gi' },
      wake: () => {},
    });
  }

  /** Puts a pod with a running container there. */
  run(name: string, cpu: string, policy: ContainerResizePolicy[] = []): PodWorld {
    const resources = { requests: { cpu, memory: '64Mi' }, limits: { memory: '128Mi' } };
    const spec = { containers: [{ name: 'web', image: 'i', resources, resizePolicy: policy }] };
    const world = new PodWorld(podOf(spec, { name, uid: `uid-${name}`, generation: 1 }));
    world.settle();
    for (const container of world.containers()) {
      Object.assign(container.annotations, { [keys.share]: JSON.stringify(shareOf(resources)) });
    }
    this.worlds.set(name, world);
    this.look(name);
    return world;
  }

  /** The api has another size for a pod. */
  ask(name: string, requests: Record<string, string>, limits: Record<string, string> = { memory: '128Mi' }): void {
    const world = this.worlds.get(name)!;
    const { metadata, spec } = this.wanted.get(name) ?? world.pod;
    const resources = { requests: { memory: '64Mi', ...requests }, limits };
    const containers = spec.containers.map((container) => ({ ...container, resources }));
    const generation = metadata.generation! + 1;
    this.wanted.set(name, { ...world.pod, metadata: { ...metadata, generation }, spec: { ...spec, containers } });
    this.look(name);
  }

  readonly wanted = new Map<string, Pod>();

  look(name: string): void {
    const world = this.worlds.get(name)!;
    const { pod, resize } = this.resizes.look(this.wanted.get(name) ?? world.pod, world.sandboxes);
    this.wanted.set(name, this.wanted.get(name) ?? world.pod);
    world.pod = pod;
    world.resize = resize;
  }

  /** Decides about a pod and carries the decision out. */
  async act(name: string): Promise<string[]> {
    this.look(name);
    const world = this.worlds.get(name)!;
    const actions = world.decide();
    for (const action of actions) {
      if (action.kind !== 'resize') {
        world.finish(action);
        continue;
      }
      const outcome = await resizePod(
        {
          runtime: {
            info: { driver: 'cri', name: 'test', version: '1', isolated: true },
            containers: {
              updateResources: async (id: string, given: ContainerResources) => void this.updates.push([id, given]),
            } as never,
            stats: {
              containers: async () =>
                world.running().map(({ id }) => ({ containerId: id, memoryWorkingSetBytes: this.usedBytes })),
            } as never,
          },
          cgroups: {
            read: async () => this.limits,
            write: async (_, limits) => {
              this.limits = { ...this.limits, ...limits };
            },
          },
          cgroupOf: () => '',
          resizes: this.resizes,
          nodeMemoryBytes: 2 ** 32,
        },
        { pod: world.pod, sandboxes: world.sandboxes },
        action.generation,
        new AbortController().signal,
      );
      world.finish(action, outcome.kind);
    }
    this.look(name);
    return actions.map((action) => (action.kind === 'stopContainer' ? `stop for ${action.why.kind}` : action.kind));
  }

  /** Another agent takes over. */
  restart(): void {
    this.resizes = this.#open();
    for (const [name, world] of this.worlds) {
      world.restartAgent();
      world.resize = noResize;
      world.settle();
      this.look(name);
    }
    this.resizes.start();
    for (const name of this.worlds.keys()) this.look(name);
  }

  conditions(name: string): string[] {
    const { conditions = [] } = statusOf(this.worlds.get(name)!.view(), node);
    return conditions
      .filter(({ type }) => type.startsWith('PodResize'))
      .map(({ type, reason }) => `${type} ${reason ?? ''}`.trim());
  }

  /** Requests that are set aside, and those in force, of the container of a pod. */
  cpu(name: string): (string | undefined)[] {
    const [status] = statusOf(this.worlds.get(name)!.view(), node).containerStatuses!;
    return [status?.allocatedResources?.cpu, status?.resources?.requests?.cpu];
  }
}

function started(): Node {
  const made = new Node();
  made.resizes.start();
  return made;
}

describe('a resize that there is room for', () => {
  it('changes a running container, and says so', async () => {
    const made = started();
    const world = made.run('a', '1');
    made.ask('a', { cpu: '2' });
    expect(made.conditions('a')).toEqual(['PodResizeInProgress']);
    expect(made.cpu('a')).toEqual(['2', '1']);
    expect(await made.act('a')).toEqual(['resize']);
    expect(made.updates.map(([id, { cpuShares }]) => [id, cpuShares])).toEqual([[world.newest('web')!.id, 2_048]]);
    expect(made.conditions('a')).toEqual([]);
    expect(made.cpu('a')).toEqual(['2', '2']);
    expect(made.events).toEqual(['a ResizeStarted', 'a ResizeCompleted']);
    expect(world.newest('web')!.attempt).toBe(0);
    expect(await made.act('a')).toEqual([]);
  });

  it('restarts a container at once whose policy says so', async () => {
    const made = started();
    const world = made.run('a', '1', [{ resourceName: 'cpu', restartPolicy: 'RestartContainer' }]);
    world.pod.spec.restartPolicy = 'Never';
    made.ask('a', { cpu: '2' });
    expect(await made.act('a')).toEqual(['stop for resize', 'resize']);
    expect(made.conditions('a')).toEqual([]);
    expect(made.updates).toEqual([]);
  });

  it('restarts for the resource that the policy names alone', async () => {
    const made = started();
    made.run('a', '1', [{ resourceName: 'memory', restartPolicy: 'RestartContainer' }]);
    made.ask('a', { cpu: '2' });
    expect(await made.act('a')).toEqual(['resize']);
    made.ask('a', { cpu: '2', memory: '65Mi' });
    expect(await made.act('a')).toContain('stop for resize');
  });
});

describe('a resize that waits', () => {
  it('is done once another pod ends, those of higher priority first', async () => {
    const made = started();
    for (const name of ['a', 'b', 'c']) made.run(name, '1');
    made.wanted.get('b')!.spec.priority = 5;
    made.ask('a', { cpu: '2500m' });
    made.ask('b', { cpu: '2500m' });
    expect(made.conditions('a')).toEqual(['PodResizePending Deferred']);
    expect(made.cpu('a')).toEqual(['1', '1']);
    expect(made.events).toEqual(['a ResizeDeferred', 'b ResizeDeferred']);
    made.resizes.forget('uid-c');
    made.look('a');
    made.look('b');
    expect([made.conditions('a'), made.conditions('b')]).toEqual([
      ['PodResizePending Deferred'],
      ['PodResizeInProgress'],
    ]);
    await made.act('b');
    expect(made.cpu('b')).toEqual(['2500m', '2500m']);
  });

  it('is done once another pod gives up what it had', async () => {
    const made = started();
    made.run('a', '1');
    made.run('b', '3');
    made.ask('a', { cpu: '2' });
    expect(made.conditions('a')).toEqual(['PodResizePending Deferred']);
    made.ask('b', { cpu: '2' });
    await made.act('b');
    expect(await made.act('a')).toEqual(['resize']);
    expect(made.cpu('a')).toEqual(['2', '2']);
  });

  it('is forgotten where the pod asks for what it has again', () => {
    const made = started();
    made.run('a', '1');
    made.run('b', '3');
    made.ask('a', { cpu: '2' });
    made.ask('a', { cpu: '1' });
    expect(made.conditions('a')).toEqual([]);
  });

  it('can be more than the node will ever have', () => {
    const made = started();
    made.run('a', '1');
    made.ask('a', { cpu: '5' });
    expect(made.conditions('a')).toEqual(['PodResizePending Infeasible']);
    made.ask('a', { cpu: '4' });
    expect(made.conditions('a')).toEqual(['PodResizeInProgress']);
  });

  it('is judged only when all pods of the node are known', () => {
    const made = new Node();
    made.run('a', '1');
    made.ask('a', { cpu: '4' });
    expect(made.cpu('a')).toEqual(['1', '1']);
    made.run('b', '1');
    made.resizes.start();
    made.look('a');
    expect(made.conditions('a')).toEqual(['PodResizePending Deferred']);
  });
});

describe('a memory limit', () => {
  it('below what is used is an error that goes with a better one', async () => {
    const made = started();
    made.run('a', '1');
    made.usedBytes = 100 * 2 ** 20;
    made.ask('a', { cpu: '1', memory: '64Mi' }, { memory: '99Mi' });
    await made.act('a');
    expect(made.conditions('a')).toEqual(['PodResizeInProgress Error']);
    expect(made.updates).toEqual([]);
    made.ask('a', { cpu: '1', memory: '64Mi' }, { memory: '101Mi' });
    expect(made.conditions('a')).toEqual(['PodResizeInProgress']);
    expect(await made.act('a')).toEqual(['resize']);
    expect(made.conditions('a')).toEqual([]);
    expect(made.updates.map(([, { memoryLimitBytes }]) => memoryLimitBytes)).toEqual([101 * 2 ** 20]);
    expect(made.events).toEqual(['a ResizeStarted', 'a ResizeError', 'a ResizeStarted', 'a ResizeCompleted']);
  });
});

describe('an agent that is started again', () => {
  it('knows what it granted and what it did', async () => {
    const made = started();
    made.run('a', '1');
    made.run('b', '2');
    made.ask('a', { cpu: '2' });
    await made.act('a');
    made.ask('b', { cpu: '3' });
    made.restart();
    expect(made.cpu('a')).toEqual(['2', '2']);
    expect(made.cpu('b')).toEqual(['2', '2']);
    expect(made.conditions('b')).toEqual(['PodResizePending Deferred']);
    expect(await made.act('a')).toEqual([]);
  });

  it('goes on with a resize that the one before it began', async () => {
    const made = started();
    made.run('a', '1');
    made.ask('a', { cpu: '2' });
    made.restart();
    expect(made.conditions('a')).toEqual(['PodResizeInProgress']);
    expect(await made.act('a')).toEqual(['resize']);
    expect(made.cpu('a')).toEqual(['2', '2']);
    expect(made.conditions('a')).toEqual([]);
  });

  it('goes by what containers were made with where a pod was resized meanwhile', () => {
    const made = started();
    made.run('a', '1');
    made.run('b', '3');
    const { metadata, spec } = made.wanted.get('a')!;
    const containers = spec.containers.map((each) => ({
      ...each,
      resources: { requests: { cpu: '3', memory: '64Mi' }, limits: { memory: '128Mi' } },
    }));
    made.wanted.set('a', {
      ...made.wanted.get('a')!,
      metadata: { ...metadata, generation: 2 },
      spec: { ...spec, containers },
    });
    made.restart();
    expect(made.cpu('a')).toEqual(['1', '1']);
    expect(made.conditions('a')).toEqual(['PodResizePending Deferred']);
  });
});

it('never sets more aside than the node has, whatever pods ask for and whenever the agent dies', async () => {
  const milli = fc.integer({ min: 100, max: 4_500 });
  const step = fc.record({ name: fc.constantFrom('a', 'b', 'c'), cpu: milli, dies: fc.nat(9), acts: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      const made = started();
      for (const name of ['a', 'b', 'c']) made.run(name, '1');
      const check = (): void => {
        const allocated = ['a', 'b', 'c'].map((name) => made.cpu(name)[0]!);
        const total = allocated.reduce(
          (sum, text) => sum + (text.endsWith('m') ? Number.parseInt(text, 10) : Number(text) * 1_000),
          0,
        );
        expect(total).toBeLessThanOrEqual(4_000);
      };
      for (const { name, cpu, dies, acts } of steps) {
        made.ask(name, { cpu: `${cpu}m` });
        if (dies === 0) made.restart();
        for (const each of ['a', 'b', 'c']) made.look(each);
        check();
        if (acts) await made.act(name);
        check();
      }
      // Pods that ask for next to nothing get it, and then everybody has what was asked for.
      for (const name of ['a', 'b', 'c']) made.ask(name, { cpu: '200m' });
      for (let turn = 0; turn < 4; turn++) for (const name of ['a', 'b', 'c']) await made.act(name);
      expect(['a', 'b', 'c'].map((name) => made.cpu(name))).toEqual(Array(3).fill(['200m', '200m']));
      expect(['a', 'b', 'c'].flatMap((name) => made.conditions(name))).toEqual([]);
    }),
    { numRuns: 60 },
  );
});

describe('a pod with resources of its own', () => {
  const whole = (memory: string) => ({ requests: { memory: '64Mi' }, limits: { memory } });
  const inStatus = (made: Node) => statusOf(made.worlds.get('a')!.view(), node);

  it('is told to be held by its former size until the new one is in force', async () => {
    const made = started();
    made.run('a', '1');
    const before = made.wanted.get('a')!;
    const sized = (generation: number, memory: string): Pod => ({
      ...before,
      metadata: { ...before.metadata, generation },
      spec: { ...before.spec, resources: whole(memory) },
    });
    made.wanted.set('a', sized(2, '300Mi'));
    await made.act('a');
    expect(inStatus(made)).toMatchObject({ resources: whole('300Mi'), allocatedResources: { memory: '64Mi' } });
    made.usedBytes = 100 * 2 ** 20;
    made.wanted.set('a', sized(3, '90Mi'));
    await made.act('a');
    expect(made.conditions('a')).toEqual(['PodResizeInProgress Error']);
    expect(inStatus(made).resources?.limits).toEqual({ memory: '300Mi' });
    expect(made.limits.memoryBytes).toBe(300 * 2 ** 20);
    made.usedBytes = 0;
    made.worlds.get('a')!.nowMs += 60_000;
    await made.act('a');
    expect(made.limits.memoryBytes).toBe(90 * 2 ** 20);
    expect(made.conditions('a')).toEqual([]);
    expect(inStatus(made).resources?.limits).toEqual({ memory: '90Mi' });
  });

  it('or without them is told to have the sum of its containers', () => {
    const made = started();
    made.run('a', '1');
    expect(inStatus(made)).toMatchObject({
      resources: { requests: { cpu: '1', memory: '64Mi' }, limits: { memory: '128Mi' } },
      allocatedResources: { cpu: '1', memory: '64Mi' },
    });
  });
});

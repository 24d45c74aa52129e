import type { ResourceAdvice } from '@gantry/model/gen/gantry.advice.v1.ts';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { FakeClock } from '@gantry/runtime/clock.ts';
import { describe, expect, it } from 'vitest';
import type { Action, AnyObject } from '../core/action.ts';
import { controllerReference } from '../core/owners.ts';
import { fakeView } from '../testing/fake-view.ts';
import { aDeployment, aReplicaSet } from '../testing/objects.ts';
import { adviceController } from './advice.ts';

const settings = { sampleMs: 60_000, writeMs: 600_000, maxWorkloads: 1 };
const mebibyte = 1024 ** 2;

/** A Deployment of one pod whose use is played. */
class World {
  readonly clock = new FakeClock();
  readonly deployment = withUid(aDeployment({ replicas: 1 }), 'deployment');
  readonly objects: AnyObject[] = [];
  readonly written: ResourceAdvice[] = [];
  controller = adviceController(this.clock, settings);
  cores = 0.5;

  constructor() {
    const set = withUid(aReplicaSet(1, this.deployment), 'set');
    this.objects.push(this.deployment, set, this.pod('web-1', set));
  }

  pod(name: string, owner: AnyObject): Pod {
    return {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'default', uid: `uid-${name}`, ownerReferences: [controllerReference(owner)] },
      spec: { containers: [{ name: 'web', resources: { requests: { cpu: '2', memory: '1Gi' } } }] },
      status: { phase: 'Running' },
    };
  }

  /** A plan of the namespace, with the measurement that it asks for. */
  look(): Action[] {
    const plan = (): Action[] => [...this.controller.reconcile('default', fakeView(this.objects), this.clock.now())];
    const asked = plan();
    const measure = asked.find(({ type }) => type === 'measure');
    if (measure?.type !== 'measure') return asked;
    const use = { name: 'web', cpuNanocores: this.cores * 1e9, memoryWorkingSetBytes: 200 * mebibyte };
    const pods = [{ name: 'web-1', timestampMs: this.clock.now(), windowMs: 10_000, containers: [use] }];
    this.controller.measured?.('default', { id: measure.measurement.id, answers: [{ type: 'podMetrics', pods }] });
    return plan();
  }

  /** Looks each minute, and stores what is written. */
  minutes(count: number): void {
    for (let minute = 0; minute < count; minute++) {
      for (const action of this.look()) {
        if (action.type !== 'create' && action.type !== 'update') continue;
        const object = action.object as ResourceAdvice;
        this.written.push(object);
        this.objects.splice(0, this.objects.length, ...this.objects.filter(({ kind }) => kind !== object.kind), object);
      }
      this.clock.advance(60_000);
    }
  }
}

function withUid<T extends AnyObject>(object: T, uid: string): T {
  return { ...object, metadata: { ...object.metadata, uid } };
}

describe('advice', () => {
  it('is written at once, and then every ten minutes', () => {
    const world = new World();
    world.minutes(21);
    expect(world.written).toHaveLength(3);
    const [first] = world.written;
    expect(first).toMatchObject({
      kind: 'ResourceAdvice',
      metadata: { namespace: 'default', name: `deployment.${world.deployment.metadata.name}` },
      workload: { apiVersion: 'apps/v1', kind: 'Deployment', name: world.deployment.metadata.name },
      pods: 1,
      containers: [{ name: 'web', requests: { cpu: '2', memory: '1Gi' }, samples: 1 }],
    });
    expect(first!.metadata.ownerReferences).toMatchObject([{ kind: 'Deployment', uid: 'deployment' }]);
    expect(world.written[2]!.containers![0]).toMatchObject({
      samples: 21,
      target: { cpu: expect.stringMatching(/^5[89]\dm$|^6\d\dm$/) },
    });
  });

  it('goes on after a restart from what was written', () => {
    const world = new World();
    world.minutes(11);
    world.controller = adviceController(world.clock, settings);
    world.cores = 4;
    world.minutes(11);
    const { samples, p50, peak } = world.written.at(-1)!.containers![0]!;
    expect(samples).toBe(22);
    expect([p50!.cpu, peak!.cpu]).toEqual([
      expect.stringMatching(/^5\d\dm$|^4\d{3}m$/),
      expect.stringMatching(/^4\d{3}m$/),
    ]);
  });

  it('begins anew where somebody deleted it', () => {
    const world = new World();
    world.minutes(5);
    world.objects.splice(0, world.objects.length, ...world.objects.filter(({ kind }) => kind !== 'ResourceAdvice'));
    world.minutes(1);
    expect(world.written.at(-1)!.containers![0]!.samples).toBe(1);
  });

  it('is written again where it could not be', () => {
    const world = new World();
    expect(world.look().map(({ type }) => type)).toContain('create');
    world.controller.failed?.('default', new Error('conflict'), 'create');
    world.clock.advance(60_000);
    expect(world.look().map(({ type }) => type)).toContain('create');
  });

  it('names the autoscaler that goes by a resource', () => {
    const world = new World();
    world.objects.push({
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'web', namespace: 'default' },
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: world.deployment.metadata.name },
        maxReplicas: 5,
        metrics: [
          { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } },
        ],
      },
    } as AnyObject);
    world.minutes(1);
    expect(world.written[0]!.containers![0]!.autoscaledBy).toEqual({ cpu: 'web' });
  });

  it('is not given on more workloads than are watched, nor on pods that nobody made', () => {
    const world = new World();
    const other = withUid({ ...aDeployment(), metadata: { name: 'other', namespace: 'default' } }, 'other');
    const set = withUid(
      { ...aReplicaSet(1, other), metadata: { ...aReplicaSet(1, other).metadata, name: 'other-1' } },
      'other-set',
    );
    const bare = world.pod('bare', set);
    world.objects.push(other, set, world.pod('other-1-a', set), {
      ...bare,
      metadata: { ...bare.metadata, ownerReferences: [] },
    });
    world.minutes(2);
    expect(new Set(world.written.map(({ metadata }) => metadata.name)).size).toBe(1);
  });

  it('keeps a namespace without pods in mind only until it is written down', () => {
    const world = new World();
    world.minutes(3);
    world.objects.splice(0, world.objects.length, ...world.objects.filter(({ kind }) => kind !== 'Pod'));
    world.minutes(1);
    expect(world.written.at(-1)!.containers![0]!.samples).toBe(3);
    expect(world.look()).toEqual([]);
  });
});

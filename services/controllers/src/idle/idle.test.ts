import type { Deployment } from '@gantry/model/gen/gantry.apps.v1.ts';
import type { Service } from '@gantry/model/gen/gantry.core.v1.ts';
import type { Condition } from '@gantry/model/gen/gantry.meta.v1.ts';
import { asleepCondition, heldCondition, zeroAnnotations } from '@gantry/model/kinds/service/zero.ts';
import { FakeClock } from '@gantry/runtime/clock.ts';
import { rfc3339 } from '@gantry/runtime/time.ts';
import { describe, expect, it } from 'vitest';
import type { Action, AnyObject } from '../core/action.ts';
import type { Answer, Measurement } from '../core/measure.ts';
import { fakeView } from '../testing/fake-view.ts';
import { aDeployment, aRollout, aService, aStatefulSet } from '../testing/objects.ts';
import { idleController } from './idle.ts';

const quiet: Answer = { type: 'traffic', sample: { requests: 0, errors: 0, active: 0, latencyMs: new Map() } };
const busy: Answer = { type: 'traffic', sample: { requests: 3, errors: 0, active: 0, latencyMs: new Map() } };

function holding(annotations: Record<string, string> = {}, conditions: Condition[] = [], name = 'web'): Service {
  const service = aService({ type: 'LoadBalancer' });
  return {
    ...service,
    metadata: { ...service.metadata, name, annotations: { [zeroAnnotations.after]: '20s', ...annotations } },
    status: { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] }, conditions },
  };
}

function condition(type: string, status: string, reason: string, clock: FakeClock): Condition {
  return { type, status, reason, message: '', lastTransitionTime: rfc3339(clock.now()) };
}

function world() {
  const clock = new FakeClock();
  const controller = idleController(clock);
  const plan = (...objects: AnyObject[]): readonly Action[] =>
    controller.reconcile('default/web', fakeView(objects), clock.now());
  /** Plans, answering each measurement by the same, for so many seconds. */
  const over = (
    seconds: number,
    answer: Answer | ((asked: Measurement) => Answer),
    ...objects: AnyObject[]
  ): readonly Action[] => {
    for (let second = 0; second < seconds; second++) {
      const actions = plan(...objects);
      const asked = actions.find((action) => action.type === 'measure');
      const answered = typeof answer === 'function' && asked !== undefined ? answer(asked.measurement) : answer;
      if (asked !== undefined)
        controller.measured!('default/web', { id: asked.measurement.id, answers: [answered as Answer] });
      else if (actions.some(({ type }) => type !== 'requeue')) return actions;
      clock.advance(1_000);
    }
    return [];
  };
  return { clock, controller, plan, over };
}

/** Answers of an Envoy whose last request was then. */
function sinceLast(clock: FakeClock, lastMs: number) {
  return ({ questions: [question] }: Measurement): Answer => {
    const windowMs = question?.type === 'traffic' ? question.windowSeconds * 1_000 : 0;
    return clock.monotonic() - lastMs <= windowMs ? busy : quiet;
  };
}

const asleepOf = (actions: readonly Action[]): [string, string] | undefined => {
  const written = actions.find((action) => action.type === 'updateStatus')?.object as Service | undefined;
  const found = written?.status?.conditions?.find(({ type }) => type === asleepCondition);
  return found && [found.status, found.reason];
};
const scalesOf = (actions: readonly Action[]) =>
  actions.flatMap((action) => (action.type === 'setScale' ? [[action.ref.kind, action.from, action.to]] : []));

describe('a Service without requests', () => {
  it('has its requests wait after its time, and its workload goes once nothing is under way', () => {
    const { clock, plan, over } = world();
    const deployment = aDeployment({ replicas: 2 });
    const drained = over(60, quiet, holding(), deployment);
    expect([asleepOf(drained), scalesOf(drained)]).toEqual([['True', 'Draining'], []]);
    expect(clock.monotonic()).toBeGreaterThanOrEqual(20_000);
    const draining = holding({}, [condition(asleepCondition, 'True', 'Draining', clock)]);
    const startMs = clock.monotonic();
    const scaled = over(30, quiet, draining, deployment);
    expect([asleepOf(scaled), scalesOf(scaled)]).toEqual([['True', 'Idle'], [['Deployment', 2, 0]]]);
    expect(clock.monotonic() - startMs).toBeGreaterThanOrEqual(8_000);
    const scale = scaled.find((action) => action.type === 'setScale')!;
    expect(scale.requires).toMatchObject([{ type: 'unchanged', ref: { kind: 'Service', name: 'web' } }]);
    const idle = holding({}, [condition(asleepCondition, 'True', 'Idle', clock)]);
    expect(plan(idle, aDeployment({ replicas: 0 }))).toEqual([]);
  });

  it.each<[string, Answer]>([
    ['has some', busy],
    ['has connections', { type: 'traffic', sample: { requests: 0, errors: 0, active: 0.1, latencyMs: new Map() } }],
    ['may have connections', { type: 'traffic', sample: { requests: 0, errors: 0, latencyMs: new Map() } }],
    ['has none that are known', { type: 'none', problem: 'an Envoy vanished' }],
    ['has nonsense', { type: 'traffic', sample: { requests: Number.NaN, errors: 0, active: 0, latencyMs: new Map() } }],
  ])('stays awake while it %s', (_, answer) => {
    expect(world().over(300, answer, holding(), aDeployment())).toEqual([]);
  });

  it('stays awake for its time after the last request, and gives up where one is under way', () => {
    const { clock, over } = world();
    over(30, busy, holding(), aDeployment());
    const lastMs = clock.monotonic();
    const since = sinceLast(clock, lastMs);
    expect(asleepOf(over(100, since, holding(), aDeployment()))).toEqual(['True', 'Draining']);
    expect(clock.monotonic() - lastMs).toBeGreaterThanOrEqual(20_000);
    const active: Answer = { type: 'traffic', sample: { requests: 0, errors: 0, active: 1, latencyMs: new Map() } };
    const draining = holding({}, [condition(asleepCondition, 'True', 'Draining', clock)]);
    expect(asleepOf(over(30, active, draining, aDeployment()))).toEqual(['False', 'InUse']);
    // It came after the last look, and before others had to wait.
    over(1, quiet, holding(), aDeployment());
    expect(asleepOf(over(30, busy, draining, aDeployment()))).toEqual(['False', 'InUse']);
  });

  it.each<[string, string, Service, AnyObject[]]>([
    ['no load balancer serves it', 'No load balancer', { ...holding(), status: {} }, [aDeployment()]],
    ['another Service has its pods, and does not sleep', 'Service other', holding(), [aDeployment(), other()]],
    [
      'a policy is under way',
      'A Rollout',
      holding(),
      [aDeployment(), aRollout('Deployment', { phase: 'Progressing' })],
    ],
  ])('stays awake where %s, and says so', (_, message, service, objects) => {
    const actions = world().over(300, quiet, service, ...objects);
    expect(asleepOf(actions)).toEqual(['False', 'Obstacle']);
    expect(JSON.stringify(actions)).toContain(message);
  });

  it('does not mind the Service that names the pods of a StatefulSet', () => {
    const names = { ...other(), metadata: { ...other().metadata, name: 'names' } };
    const set = aStatefulSet({ serviceName: 'names' });
    expect(asleepOf(world().over(60, quiet, holding(), set, names))).toEqual(['True', 'Draining']);
  });

  it('waits for all Services of the same pods', () => {
    const { controller, clock } = world();
    const objects = [holding(), holding({}, [], 'api'), aDeployment()];
    const asleep: string[] = [];
    for (let second = 0; second < 100; second++) {
      for (const key of ['default/web', 'default/api']) {
        const actions = controller.reconcile(key, fakeView(objects), clock.now());
        const asked = actions.find((action) => action.type === 'measure')?.measurement as Measurement | undefined;
        const last = sinceLast(clock, key === 'default/api' ? Math.min(second, 60) * 1_000 : 0);
        if (asked !== undefined) controller.measured!(key, { id: asked.id, answers: [last(asked)] });
        if (asleepOf(actions) !== undefined) asleep.push(`${key} ${second >= 80}`);
      }
      clock.advance(1_000);
    }
    expect(new Set(asleep)).toEqual(new Set(['default/web true', 'default/api true']));
  });
});

function other(): Service {
  const service = aService();
  return { ...service, metadata: { ...service.metadata, name: 'other' } };
}

describe('a Service whose requests wait', () => {
  const held = (clock: FakeClock, ...more: Condition[]): Condition[] => [
    ...more,
    condition(heldCondition, 'True', 'NoReadyPod', clock),
  ];

  it('has its workloads scaled, whether or not they ever go to zero by themselves', () => {
    const { clock, plan } = world();
    const asleep = condition(asleepCondition, 'True', 'Idle', clock);
    const service = holding({ [zeroAnnotations.replicas]: '2' }, held(clock, asleep));
    const actions = plan(service, aDeployment({ replicas: 0 }));
    expect([asleepOf(actions), scalesOf(actions)]).toEqual([['False', 'RequestsWait'], [['Deployment', 0, 2]]]);
    const { [zeroAnnotations.after]: _after, ...rest } = service.metadata.annotations!;
    const holdOnly = { ...service, metadata: { ...service.metadata, annotations: rest } };
    expect(scalesOf(plan(holdOnly, aDeployment({ replicas: 0 })))).toEqual([['Deployment', 0, 2]]);
  });

  it('is awake again at once where its workload is still there', () => {
    const { clock, plan } = world();
    const service = holding({}, held(clock, condition(asleepCondition, 'True', 'Draining', clock)));
    const actions = plan(service, aDeployment({ replicas: 2 }));
    expect([asleepOf(actions), scalesOf(actions)]).toEqual([['False', 'RequestsWait'], []]);
  });

  it('stays awake for its time, also where no pod becomes ready, and believes no old word', () => {
    const { clock, over, plan } = world();
    const service = holding({}, held(clock));
    plan(service, aDeployment({ replicas: 0 }));
    const awake = aDeployment({ replicas: 1 });
    clock.advance(15_000);
    expect(asleepOf(over(100, quiet, service, awake))).toEqual(['True', 'Draining']);
    expect(clock.monotonic()).toBeGreaterThanOrEqual(20_000);
    // Another process.
    const fresh = world();
    fresh.clock.advance(120_000);
    expect(scalesOf(fresh.plan(service, aDeployment({ replicas: 0 })))).toEqual([]);
  });

  it('says that there is nothing to scale', () => {
    const { clock, plan } = world();
    expect(plan(holding({}, held(clock)))).toMatchObject([
      { type: 'event', reason: 'NoWorkload' },
      { type: 'requeue' },
    ]);
  });

  it('has the workload scaled that it names, of whatever kind', () => {
    const { clock, plan, controller } = world();
    const service = holding({ [zeroAnnotations.target]: 'games.example.com/chess' }, held(clock));
    const ref = { kind: 'games.example.com', namespace: 'default', name: 'chess' } as const;
    expect(plan(service)).toEqual([
      { type: 'readScale', ref },
      { type: 'requeue', afterMs: 1 },
    ]);
    controller.scaleRead!('default/web', ref, {
      ...{ type: 'replicas', uid: 'u', replicas: 0, currentReplicas: 0, selector: '' },
    });
    expect(scalesOf(plan(service))).toEqual([['games.example.com', 0, 1]]);
  });
});

describe('a Service whose workload an autoscaler may scale to zero', () => {
  const autoscaler = (minReplicas: number): AnyObject => ({
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'web', namespace: 'default', uid: 'hpa', resourceVersion: '1' },
    spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }, minReplicas, maxReplicas: 3 },
  });
  const plain = (conditions: Condition[] = []): Service => {
    const service = holding({}, conditions);
    return { ...service, metadata: { ...service.metadata, annotations: {} } };
  };

  it('is made known, woken by requests, and never put to sleep here', () => {
    const { clock, plan, over } = world();
    expect(asleepOf(plan(plain(), autoscaler(0), aDeployment()))).toEqual(['False', 'Autoscaled']);
    const known = condition(asleepCondition, 'False', 'Autoscaled', clock);
    const told = plain([{ ...known, message: 'An autoscaler may scale it to zero.' }]);
    expect(over(300, quiet, told, autoscaler(0), aDeployment())).toEqual([]);
    expect(asleepOf(plan(told, autoscaler(0), aDeployment({ replicas: 0 })))).toEqual(['True', 'Idle']);
    const held = condition(heldCondition, 'True', 'NoReadyPod', clock);
    const actions = plan(plain([known, held]), autoscaler(0), aDeployment({ replicas: 0 }));
    expect(scalesOf(actions)).toEqual([['Deployment', 0, 1]]);
  });

  it('is as any other where the autoscaler keeps a replica, or goes', () => {
    const { clock, plan } = world();
    expect(plan(plain(), autoscaler(1), aDeployment())).toEqual([]);
    const known = condition(asleepCondition, 'False', 'Autoscaled', clock);
    expect(plan(plain([known]), aDeployment())).toMatchObject([{ object: { status: { conditions: [] } } }]);
  });
});

describe('the condition', () => {
  it('follows workloads that others scale', () => {
    const { clock, plan } = world();
    expect(asleepOf(plan(holding(), aDeployment({ replicas: 0 })))).toEqual(['True', 'Idle']);
    const asleep = holding({}, [condition(asleepCondition, 'True', 'Idle', clock)]);
    expect(asleepOf(plan(asleep, aDeployment({ replicas: 3 })))).toEqual(['False', 'Scaled']);
  });

  it('goes with the annotations', () => {
    const { clock, plan } = world();
    const asleep = condition(asleepCondition, 'True', 'Idle', clock);
    const service = { ...aService(), status: { conditions: [asleep] } };
    expect(plan(service, aDeployment())).toMatchObject([
      { type: 'updateStatus', object: { status: { conditions: [] } } },
    ]);
    expect(plan(aService(), aDeployment())).toEqual([]);
  });

  it('is none of a Deployment that goes', () => {
    const { plan } = world();
    const gone: Deployment = { ...aDeployment({ replicas: 0 }) };
    gone.metadata.deletionTimestamp = '2026-01-01T00:00:00Z';
    expect(plan(holding(), gone)).toEqual([]);
  });
});

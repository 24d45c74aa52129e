import type { Rollout, RolloutStatus, RolloutStrategy } from '@gantry/model/gen/gantry.rollout.v1.ts';
import { FakeClock } from '@gantry/runtime/clock.ts';
import { describe, expect, it } from 'vitest';
import type { Measured, TrafficSample } from '../core/measure.ts';
import { aDeployment } from '../testing/objects.ts';
import { decide } from './decide.ts';
import type { Draft } from './draft.ts';
import { planOf } from './plan.ts';
import { Waits } from './waits.ts';
import type { Workload } from './workload.ts';

const successRate = { name: 'ok', successRate: { minPercent: 99 } };
const analysis = { intervalSeconds: 10, initialDelaySeconds: 10, count: 2, checks: [successRate] };
const canary = (...steps: NonNullable<RolloutStrategy['canary']>['steps'] & object): RolloutStrategy => ({
  canary: { steps },
});

/** A rollout whose controller and workload stand in one place, without an api between them. */
class Bench {
  readonly clock = new FakeClock();
  readonly rollout: Rollout;
  readonly #waits = new Waits(this.clock);
  #measured: Measured | undefined;
  replicas = 10;
  revision = 'a';
  isSideBySide = true;
  readonly pods = new Map<string, number>();
  /** Samples of the canary; undefined where nobody answers. */
  sample: Partial<TrafficSample> | undefined = { requests: 1000, errors: 0 };
  measurements = 0;
  reasons: string[] = [];
  isPaused = false;

  constructor(strategy: RolloutStrategy, status: RolloutStatus = {}) {
    this.rollout = {
      apiVersion: 'gantry.dev/v1',
      kind: 'Rollout',
      metadata: { name: 'web', namespace: 'default', uid: 'u', generation: 1 },
      spec: { workloadRef: { kind: 'Deployment', name: 'web' }, strategy },
      status,
    };
  }

  /** One that was healthy with revision a, and whose workload has revision b now. */
  static changed(strategy: RolloutStrategy): Bench {
    const bench = new Bench(strategy);
    bench.pods.set('a', 10);
    bench.look();
    bench.revision = 'b';
    return bench;
  }

  get status(): RolloutStatus {
    return this.rollout.status!;
  }

  /** Looks until nothing changes; pods of the canary become available as far as `ready` lets them. */
  look(ready: (wanted: number) => number = (wanted) => wanted): RolloutStatus {
    for (let turn = 0; turn < 100; turn++) {
      if (this.status.canaryRevision === this.revision)
        this.pods.set(this.revision, ready(this.status.canaryReplicas!));
      const draft = this.#decide();
      const before = JSON.stringify(this.rollout.status);
      this.rollout.status = draft.status;
      this.reasons.push(...draft.told.map(({ reason }) => reason));
      for (const { id, questions } of draft.measurements) {
        this.measurements++;
        this.#measured = { id, answers: questions.map(() => this.#answer()) };
      }
      if (draft.measurements.length === 0 && JSON.stringify(draft.status) === before) return this.status;
    }
    throw new Error('it never rests');
  }

  /** Lets time pass, second by second. */
  pass(seconds: number, ready?: (wanted: number) => number): RolloutStatus {
    this.look(ready);
    for (let second = 0; second < seconds; second++) {
      this.clock.advance(1000);
      this.look(ready);
    }
    return this.status;
  }

  request(action: string, id: string, revision = ''): RolloutStatus {
    this.rollout.spec.request = { action, id, revision };
    return this.look();
  }

  #decide(): Draft {
    const available = (revision: string): number => this.pods.get(revision) ?? 0;
    const workload: Workload = {
      object: aDeployment(),
      replicas: this.replicas,
      revision: this.revision,
      isComplete: available(this.revision) === this.replicas,
      isPaused: this.isPaused,
      isSideBySide: this.isSideBySide,
      available,
      keeps: () => true,
    };
    const waits = this.#waits;
    const draft = decide({
      rollout: this.rollout,
      plan: planOf(this.rollout.spec.strategy),
      workload,
      services: { split: ['web'], preview: [] },
      waits,
      answers: (id) => (this.#measured?.id === id ? this.#measured : undefined),
      nowMs: this.clock.now(),
    });
    waits.forgetOthers();
    return draft;
  }

  #answer(): Measured['answers'][number] {
    if (this.sample === undefined) return { type: 'none', problem: 'nobody answers' };
    return { type: 'traffic', sample: { requests: 0, errors: 0, latencyMs: new Map(), ...this.sample } };
  }
}

describe('the first revision', () => {
  it('is the stable one as soon as the workload is complete', () => {
    const bench = new Bench(canary({ setWeight: 10 }));
    expect(bench.look()).toMatchObject({ phase: 'Initializing' });
    bench.pods.set('a', 10);
    expect(bench.look()).toMatchObject({ phase: 'Healthy', stableRevision: 'a', canaryRevision: '', canaryWeight: 0 });
  });
});

describe('a workload without replicas', () => {
  it('tells nothing of its revisions: nothing goes on until it has some', () => {
    const bench = new Bench(canary({ setWeight: 10 }));
    bench.replicas = 0;
    expect(bench.look()).toMatchObject({ phase: 'Initializing' });
    bench.replicas = 10;
    bench.pods.set('a', 10);
    expect(bench.look()).toMatchObject({ phase: 'Healthy' });
    bench.replicas = 0;
    bench.revision = 'b';
    expect(bench.pass(2000)).toMatchObject({
      phase: 'Paused',
      canaryRevision: 'b',
      canaryWeight: 0,
      stableRevision: 'a',
    });
    bench.replicas = 10;
    expect(bench.look()).toMatchObject({ stableRevision: 'b' });
  });
});

describe('a canary', () => {
  it('gets pods before it gets requests, and never more than the step says', () => {
    const bench = Bench.changed(canary({ setWeight: 10 }, { pause: {} }, { setWeight: 50 }, { pause: {} }));
    const none = bench.look(() => 0);
    expect(none).toMatchObject({ phase: 'Progressing', canaryRevision: 'b', canaryWeight: 0, canaryReplicas: 1 });
    expect(bench.look()).toMatchObject({ phase: 'Paused', canaryWeight: 10, currentStep: 1 });
    expect(bench.request('Promote', '1')).toMatchObject({ canaryWeight: 50, canaryReplicas: 5, currentStep: 3 });
    expect(bench.request('Promote', '1')).toMatchObject({ currentStep: 3 });
    const done = bench.request('Promote', '2');
    expect(done).toMatchObject({ phase: 'Healthy', stableRevision: 'b', canaryRevision: '', drainingRevision: 'a' });
    expect(bench.reasons).toEqual(['RolloutStarted', 'CanaryWeightChanged', 'CanaryWeightChanged', 'RolloutCompleted']);
    expect(bench.pass(29)).toMatchObject({ drainingRevision: 'a' });
    expect(bench.pass(1)).toMatchObject({ drainingRevision: '' });
  });

  it('has as many pods as the scale says, and all of them before it is stable', () => {
    const bench = Bench.changed(canary({ setCanaryScale: { replicas: 3 } }, { setWeight: 50 }, { pause: {} }));
    expect(bench.look()).toMatchObject({ canaryReplicas: 3, canaryWeight: 50 });
    bench.rollout.spec.request = { action: 'Promote', id: '1' };
    const full = bench.look((wanted) => Math.min(wanted, 9));
    expect(full).toMatchObject({ phase: 'Promoting', canaryReplicas: 10, canaryWeight: 50, stableRevision: 'a' });
    expect(bench.look()).toMatchObject({ stableRevision: 'b' });
  });

  it('follows the workload where it is scaled', () => {
    const bench = Bench.changed(canary({ setWeight: 25 }, { pause: {} }));
    bench.look();
    bench.replicas = 40;
    expect(bench.look()).toMatchObject({ canaryReplicas: 10 });
  });

  it('is given up for a newer revision, which begins without requests', () => {
    const bench = Bench.changed(canary({ setWeight: 50 }, { pause: {} }));
    expect(bench.look()).toMatchObject({ canaryWeight: 50 });
    bench.revision = 'c';
    const next = bench.look(() => 0);
    expect(next).toMatchObject({ canaryRevision: 'c', canaryWeight: 0, currentStep: 0, stableRevision: 'a' });
  });

  it('is gone where the workload goes back', () => {
    const bench = Bench.changed(canary({ setWeight: 50 }, { pause: {} }));
    bench.look();
    bench.revision = 'a';
    expect(bench.look()).toMatchObject({ phase: 'Healthy', canaryRevision: '', canaryWeight: 0, stableRevision: 'a' });
    expect(bench.reasons).toContain('RolloutUndone');
  });

  it('begins anew where the strategy changes, and not where the steps are the same', () => {
    const bench = Bench.changed(canary({ setWeight: 50 }, { pause: {} }));
    bench.look();
    bench.rollout.spec.strategy = canary({ setWeight: 50 }, { pause: {} });
    expect(bench.look()).toMatchObject({ currentStep: 1, canaryWeight: 50 });
    bench.rollout.spec.strategy = canary({ setWeight: 5 }, { pause: {} });
    expect(bench.look(() => 0)).toMatchObject({ currentStep: 0, canaryWeight: 0, canaryReplicas: 1 });
  });

  it('waits as long as a pause says, whatever the wall clock does', () => {
    const bench = Bench.changed(
      canary({ setWeight: 10 }, { pause: { durationSeconds: 60 } }, { setWeight: 20 }, { pause: {} }),
    );
    bench.look();
    bench.clock.stepWall(7_200_000);
    expect(bench.pass(59)).toMatchObject({ canaryWeight: 10 });
    bench.clock.stepWall(-14_400_000);
    expect(bench.pass(1)).toMatchObject({ canaryWeight: 20 });
  });
});

describe('a rollout ends with no requests for the canary', () => {
  const gone = { phase: 'Degraded', canaryRevision: 'b', canaryWeight: 0, canaryReplicas: 0, stableRevision: 'a' };
  const conditionOf = (bench: Bench): unknown => bench.status.conditions![0];

  it('where its pods do not become available in time', () => {
    const bench = Bench.changed(canary({ setWeight: 10 }));
    bench.rollout.spec.progressDeadlineSeconds = 30;
    expect(bench.pass(29, () => 0)).toMatchObject({ phase: 'Progressing', canaryWeight: 0 });
    expect(bench.pass(2, () => 0)).toMatchObject(gone);
    expect(conditionOf(bench)).toMatchObject({ status: 'False', reason: 'ProgressDeadlineExceeded' });
    // It stays so, and nothing is written any more.
    const before = JSON.stringify(bench.status);
    expect(JSON.stringify(bench.pass(100, () => 0))).toBe(before);
    expect(bench.measurements).toBe(0);
  });

  it('where its pods are lost for too long at a later step', () => {
    const bench = Bench.changed(canary({ setWeight: 50 }, { pause: {} }));
    bench.rollout.spec.progressDeadlineSeconds = 30;
    expect(bench.pass(60)).toMatchObject({ phase: 'Paused', canaryWeight: 50 });
    expect(bench.pass(29, () => 0)).toMatchObject({ phase: 'Paused' });
    expect(bench.pass(3, () => 0)).toMatchObject(gone);
  });

  it('but not for the time in which the workload is paused', () => {
    const bench = Bench.changed(canary({ setWeight: 10 }));
    bench.rollout.spec.progressDeadlineSeconds = 30;
    bench.pass(20, () => 0);
    bench.isPaused = true;
    expect(bench.pass(100, () => 0)).toMatchObject({ phase: 'Paused' });
    bench.isPaused = false;
    expect(bench.pass(29, () => 0)).toMatchObject({ phase: 'Progressing' });
    expect(bench.pass(2, () => 0)).toMatchObject(gone);
  });

  it('where one more pod comes each time, it goes on', () => {
    const bench = Bench.changed(canary({ setWeight: 50 }, { pause: {} }));
    bench.rollout.spec.progressDeadlineSeconds = 30;
    for (let pods = 1; pods < 5; pods++) expect(bench.pass(25, () => pods)).toMatchObject({ phase: 'Progressing' });
    expect(bench.pass(25)).toMatchObject({ phase: 'Paused', canaryWeight: 50 });
  });

  it('where too many requests fail', () => {
    const bench = Bench.changed(canary({ setWeight: 10 }, { analysis }));
    bench.sample = { requests: 1000, errors: 50 };
    expect(bench.pass(9)).toMatchObject({ canaryWeight: 10 });
    expect(bench.pass(1)).toMatchObject({
      ...gone,
      message: 'Revision b was aborted: check "ok": 95 % of 1000 requests succeeded, and at least 99 % must',
    });
    expect(bench.measurements).toBe(1);
    expect(bench.reasons.at(-1)).toBe('RolloutAborted');
  });

  it.each([
    ['missing', undefined],
    ['no number', { requests: Number.NaN, errors: 0 }],
    ['too few', { requests: 0, errors: 0 }],
    ['more errors than requests', { requests: 10, errors: 11 }],
  ])('where measurements are %s for too long', (_, sample) => {
    const bench = Bench.changed(canary({ setWeight: 10 }, { analysis }));
    bench.sample = sample;
    expect(bench.pass(39)).toMatchObject({ canaryWeight: 10 });
    expect(bench.pass(1)).toMatchObject(gone);
    expect(conditionOf(bench)).toMatchObject({ reason: 'AnalysisInconclusive' });
  });

  it('where the analysis beside all steps fails', () => {
    const background = { intervalSeconds: 10, initialDelaySeconds: 10, checks: [successRate] };
    const bench = Bench.changed({ canary: { steps: [{ setWeight: 10 }, { pause: {} }], analysis: background } });
    expect(bench.pass(25)).toMatchObject({ phase: 'Paused', backgroundAnalysis: { measurements: 2 } });
    bench.sample = { requests: 100, errors: 100 };
    expect(bench.pass(10)).toMatchObject(gone);
  });

  it('where somebody asks for it, and begins anew where somebody asks for that', () => {
    const bench = Bench.changed(canary({ setWeight: 10 }, { pause: {} }));
    bench.look();
    expect(bench.request('Abort', '1', 'another')).toMatchObject({ phase: 'Paused', handledRequest: '1' });
    expect(bench.request('Abort', '2', 'b')).toMatchObject(gone);
    expect(bench.request('Promote', '3')).toMatchObject(gone);
    expect(bench.request('Retry', '4')).toMatchObject({ phase: 'Paused', canaryWeight: 10 });
  });
});

describe('an analysis', () => {
  it('lets the rollout go on after enough good measurements, whatever was inconclusive between them', () => {
    const bench = Bench.changed(canary({ setWeight: 10 }, { analysis }, { setWeight: 60 }, { pause: {} }));
    bench.pass(10);
    bench.sample = undefined;
    bench.pass(20);
    bench.sample = { requests: 1000, errors: 10 };
    expect(bench.pass(10)).toMatchObject({ canaryWeight: 60, currentStep: 3 });
    expect(bench.measurements).toBe(4);
  });

  it('forgives as many failures as it says', () => {
    const bench = Bench.changed(canary({ setWeight: 10 }, { analysis: { ...analysis, count: 9, failureLimit: 1 } }));
    bench.sample = { requests: 10, errors: 10 };
    expect(bench.pass(10)).toMatchObject({ phase: 'Progressing' });
    expect(bench.pass(10)).toMatchObject({ phase: 'Degraded' });
  });

  it('that nobody answers waits for a person where it says so', () => {
    const open = { ...analysis, inconclusiveLimit: 0, onInconclusive: 'Pause' };
    const bench = Bench.changed(canary({ setWeight: 10 }, { analysis: open }, { setWeight: 60 }, { pause: {} }));
    bench.sample = undefined;
    expect(bench.pass(10)).toMatchObject({ phase: 'Paused', canaryWeight: 10 });
    expect(bench.pass(100)).toMatchObject({ phase: 'Paused', canaryWeight: 10 });
    expect(bench.measurements).toBe(1);
    expect(bench.request('Promote', '1')).toMatchObject({ canaryWeight: 60 });
  });

  it('is skipped by a full promotion, which waits for the pods alone', () => {
    const background = { intervalSeconds: 10, initialDelaySeconds: 10, checks: [successRate] };
    const bench = Bench.changed({
      canary: { steps: [{ setWeight: 10 }, { pause: {} }, { analysis }], analysis: background },
    });
    bench.look();
    bench.sample = { requests: 1, errors: 1 };
    bench.rollout.spec.request = { action: 'PromoteFull', id: '1' };
    expect(bench.look((wanted) => Math.min(wanted, 5))).toMatchObject({ phase: 'Promoting', canaryWeight: 10 });
    expect(bench.pass(50, (wanted) => Math.min(wanted, 5))).toMatchObject({ phase: 'Promoting', canaryWeight: 10 });
    expect(bench.look()).toMatchObject({ phase: 'Healthy', stableRevision: 'b' });
  });
});

describe('blue and green', () => {
  it('stand whole beside each other, and change places at once', () => {
    const bench = Bench.changed({ blueGreen: { autoPromotion: false, postPromotionAnalysis: analysis } });
    expect(bench.look()).toMatchObject({ phase: 'Paused', canaryReplicas: 10, canaryWeight: 0 });
    expect(bench.request('Promote', '1')).toMatchObject({ canaryWeight: 100, stableRevision: 'a' });
    expect(bench.pass(20)).toMatchObject({ phase: 'Healthy', stableRevision: 'b', drainingRevision: 'a' });
  });

  it('change back at once where the analysis after it fails', () => {
    const bench = Bench.changed({ blueGreen: { autoPromotionSeconds: 5, postPromotionAnalysis: analysis } });
    bench.sample = { requests: 100, errors: 20 };
    expect(bench.pass(4)).toMatchObject({ canaryWeight: 0 });
    expect(bench.pass(1)).toMatchObject({ canaryWeight: 100 });
    expect(bench.pass(10)).toMatchObject({ phase: 'Degraded', canaryWeight: 0, stableRevision: 'a' });
  });
});

it('gives pods that take the places of stable ones their part of the requests at the end', () => {
  const bench = Bench.changed(canary({ setWeight: 10 }));
  bench.isSideBySide = false;
  expect(bench.look((wanted) => Math.min(wanted, 7))).toMatchObject({ phase: 'Promoting', canaryWeight: 70 });
  expect(bench.look()).toMatchObject({ stableRevision: 'b' });
  expect(bench.status.drainingRevision ?? '').toBe('');
});

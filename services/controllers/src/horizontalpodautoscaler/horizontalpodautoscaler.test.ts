import { GantryError } from '@gantry/runtime/errors.ts';
import { describe, expect, it } from 'vitest';
import { anAutoscaler, readyPods, Trial, usesOf } from './testing/trial.ts';

const busy = (milli: number, count = 3) => ({
  autoscaler: anAutoscaler(),
  pods: readyPods(count),
  answer: () => usesOf(...Array.from({ length: count }, () => milli)),
});

describe('an autoscaler', () => {
  it('scales up at once, tells of it, and looks again after a period', () => {
    const trial = new Trial(busy(800));
    expect(trial.look()).toBe(15_000);
    expect(trial.replicas).toBe(5);
    expect(trial.told).toEqual([
      {
        type: 'Normal',
        reason: 'SuccessfulRescale',
        message: 'New size: 5; reason: cpu resource utilization (percentage of request) above target',
      },
    ]);
    expect(trial.autoscaler.status).toMatchObject({
      observedGeneration: 1,
      currentReplicas: 3,
      desiredReplicas: 5,
      currentMetrics: [
        { type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 80, averageValue: '800m' } } },
      ],
    });
    expect(trial.autoscaler.status?.lastScaleTime).toBeDefined();
    expect(trial.conditions).toEqual([
      'AbleToScale=True SucceededRescale',
      'ScalingActive=True ValidMetricFound',
      'ScalingLimited=False DesiredWithinRange',
      'ScaledToZero=False NotScaledToZero',
    ]);
  });

  it('waits for the stabilization window before it scales down, whatever the wall clock says', () => {
    const trial = new Trial(busy(100));
    trial.look();
    trial.clock.stepWall(24 * 3_600_000);
    trial.pass(285);
    expect(trial.replicas).toBe(3);
    expect(trial.conditions).toContain('AbleToScale=True ScaleDownStabilized');
    trial.pass(30);
    expect(trial.replicas).toBe(1);
    expect(trial.told.at(-1)?.message).toBe('New size: 1; reason: All metrics below target');
  });

  it('writes nothing while nothing changes', () => {
    const trial = new Trial(busy(500));
    trial.look();
    const { writes } = trial;
    trial.pass(600);
    expect(trial.writes).toBe(writes);
    expect(trial.told).toEqual([]);
  });

  it('looks again as soon as its spec changes, and not because of its own status', () => {
    const trial = new Trial(busy(500));
    trial.look();
    trial.clock.advance(5_000);
    expect(trial.look()).toBe(10_000);
    const { metadata, spec } = trial.autoscaler;
    trial.autoscaler = {
      ...trial.autoscaler,
      metadata: { ...metadata, generation: 2 },
      spec: { ...spec, minReplicas: 6 },
    };
    expect(trial.look()).toBe(15_000);
    expect(trial.replicas).toBe(6);
    expect(trial.autoscaler.status?.observedGeneration).toBe(2);
  });

  it('tells why its target could not be scaled, and keeps its view of the target', () => {
    const trial = new Trial(busy(800));
    trial.refusal = new GantryError('Forbidden', 'no');
    trial.look();
    expect(trial.replicas).toBe(3);
    expect(trial.told).toEqual([
      {
        type: 'Warning',
        reason: 'FailedRescale',
        message: 'New size: 5; reason: cpu resource utilization (percentage of request) above target; error: no',
      },
    ]);
    expect(trial.autoscaler.status).toMatchObject({ currentReplicas: 3, desiredReplicas: 0 });
    expect(trial.autoscaler.status).not.toHaveProperty('lastScaleTime');
    expect(trial.conditions).toContain('AbleToScale=False FailedUpdateScale');
    trial.pass(15);
    expect(trial.replicas).toBe(5);
    expect(trial.conditions).toContain('AbleToScale=True SucceededRescale');
  });

  it('overwrites nobody: a target that changed meanwhile is looked at anew', () => {
    const trial = new Trial(busy(800));
    const answer = trial.answer;
    trial.answer = (question) => {
      // A person scales it while metrics are read.
      trial.scale = { type: 'replicas', uid: 'target', replicas: 0, currentReplicas: 3, selector: 'app=web' };
      return answer(question);
    };
    trial.look();
    expect(trial.replicas).toBe(0);
    expect(trial.conditions).toContain('ScalingActive=False ScalingDisabled');
    expect(trial.told).toEqual([]);
  });

  it('brings its target to zero and back, where a metric works without pods', () => {
    let queue = '0';
    const trial = new Trial({
      autoscaler: anAutoscaler({
        minReplicas: 0,
        metrics: [
          { type: 'External', external: { metric: { name: 'queue' }, target: { type: 'Value', value: '10' } } },
        ],
        behavior: {
          scaleDown: { stabilizationWindowSeconds: 0, policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }] },
        },
      }),
      pods: readyPods(3),
      answer: () => ({
        type: 'values',
        values: [{ name: '', timestampMs: 0, windowSeconds: undefined, value: queue }],
      }),
    });
    trial.look();
    trial.pass(15);
    expect(trial.replicas).toBe(0);
    expect(trial.conditions).toContain('ScaledToZero=True ScaledToZero');
    trial.pods = [];
    trial.pass(60);
    expect(trial.replicas).toBe(0);
    queue = '25';
    trial.pass(15);
    expect(trial.replicas).toBe(3);
    expect(trial.conditions).toContain('ScaledToZero=False NotScaledToZero');
    expect(trial.told.map(({ message }) => message)).toEqual([
      'New size: 0; reason: All metrics below target',
      'New size: 3; reason: external metric queue(nil) above target',
    ]);
  });

  it('promises to wake its target before it brings it to zero', () => {
    const trial = new Trial({
      autoscaler: anAutoscaler({
        minReplicas: 0,
        metrics: [
          { type: 'External', external: { metric: { name: 'queue' }, target: { type: 'Value', value: '10' } } },
        ],
        behavior: {
          scaleDown: { stabilizationWindowSeconds: 0, policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }] },
        },
      }),
      pods: readyPods(3),
      answer: () => ({ type: 'values', values: [{ name: '', timestampMs: 0, windowSeconds: undefined, value: '0' }] }),
    });
    trial.refusal = new GantryError('ServiceUnavailable', 'the connection was lost');
    trial.look();
    // Nobody knows whether it came through: the promise stays.
    expect(trial.writes).toBe(2);
    expect(trial.replicas).toBe(3);
    expect(trial.conditions).toContain('ScaledToZero=True ScaledToZero');
    trial.pass(15);
    expect(trial.replicas).toBe(0);
  });

  it('takes a promise back that it need not keep', () => {
    const trial = new Trial(busy(500));
    const condition = { type: 'ScaledToZero', status: 'True', reason: 'ScaledToZero', message: 'm' };
    trial.autoscaler = { ...trial.autoscaler, status: { conditions: [condition] } };
    trial.look();
    expect(trial.conditions).toContain('ScaledToZero=False NotScaledToZero');
  });

  it('leaves a target alone that somebody else brought to zero', () => {
    const trial = new Trial({ ...busy(800), scale: { replicas: 0, currentReplicas: 0 } });
    trial.look();
    trial.pass(60);
    expect(trial.replicas).toBe(0);
    expect(trial.questions).toEqual([]);
    expect(trial.conditions).toEqual(['AbleToScale=True SucceededGetScale', 'ScalingActive=False ScalingDisabled']);
  });

  it.each([
    ['deployments.apps "web" not found', { type: 'absent', message: 'deployments.apps "web" not found' }, {}],
    ['the server could not find the requested resource', { type: 'none' }, {}],
    ['no matches for kind "Thing" in group "example.com"', {}, { apiVersion: 'example.com/v1', kind: 'Thing' }],
    ['no matches for kind "Deployment" in group ""', {}, { apiVersion: '' }],
    ['unexpected GroupVersion string: a/b/c', {}, { apiVersion: 'a/b/c' }],
  ] as const)('says that it cannot read its target: %s', (problem, scale, target) => {
    const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', ...target };
    const trial = new Trial({ autoscaler: anAutoscaler({ scaleTargetRef }), scale });
    trial.look();
    expect(trial.told).toEqual([{ type: 'Warning', reason: 'FailedGetScale', message: problem }]);
    expect(trial.autoscaler.status?.conditions).toMatchObject([
      {
        type: 'AbleToScale',
        status: 'False',
        reason: 'FailedGetScale',
        message: `the HPA controller was unable to get the target's current scale: ${problem}`,
      },
    ]);
  });

  it.each([
    ['selector is required', '', 'SelectorRequired', 'InvalidSelector', "the HPA target's scale is missing a selector"],
    [undefined, 'cheddar cheese', 'InvalidSelector', 'InvalidSelector', undefined],
  ])('needs a good selector: %s', (text, selector, reason, conditionReason, message) => {
    const trial = new Trial({ autoscaler: anAutoscaler(), scale: { selector } });
    trial.look();
    expect(trial.told).toMatchObject([{ reason }, { reason: 'FailedComputeMetricsReplicas' }]);
    if (text !== undefined) expect(trial.told[0]?.message).toBe(text);
    expect(trial.conditions).toContain(`ScalingActive=False ${conditionReason}`);
    const [, active] = trial.autoscaler.status?.conditions ?? [];
    if (message !== undefined) expect(active?.message).toBe(message);
  });

  it('shares its pods with no other autoscaler', () => {
    const trial = new Trial({ ...busy(800), others: [anAutoscaler({}, 'other')] });
    trial.look('default/other');
    trial.look();
    const message =
      'pods by selector app=web are controlled by more than one HPA (e.g. [{other default} {web default}])';
    expect(trial.told.filter(({ reason }) => reason === 'AmbiguousSelector')).toMatchObject([{ message }]);
    expect(trial.conditions).toContain('ScalingActive=False AmbiguousSelector');
  });

  it('scales an object of a definition', () => {
    const scaleTargetRef = { apiVersion: 'example.com/v1', kind: 'Widget', name: 'w' };
    const trial = new Trial({ ...busy(800), autoscaler: anAutoscaler({ scaleTargetRef }) });
    trial.look();
    expect(trial.replicas).toBe(5);
  });

  it('asks once for metrics that have the same answer', () => {
    const memory = {
      type: 'Resource',
      resource: { name: 'memory', target: { type: 'AverageValue', averageValue: '256Mi' } },
    };
    const { metrics } = anAutoscaler().spec;
    const trial = new Trial({ ...busy(500), autoscaler: anAutoscaler({ metrics: [...metrics!, memory] }) });
    trial.look();
    expect(trial.questions).toEqual([{ type: 'podMetrics', namespace: 'default', labelSelector: 'app=web' }]);
    expect(trial.replicas).toBe(6);
    expect(trial.autoscaler.status?.currentMetrics?.[1]).toEqual({
      type: 'Resource',
      resource: { name: 'memory', current: { averageValue: '512Mi' } },
    });
  });
});

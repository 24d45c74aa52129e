import type { MetricSpec } from '@gantry/model/gen/gantry.autoscaling.v2.ts';
import { describe, expect, it } from 'vitest';
import type { Answer } from '../core/measure.ts';
import { samplesOfUse } from './samples.ts';
import { anAutoscaler, readyPods, Trial, usesOf } from './testing/trial.ts';

const metric = (selector?: object) => ({ name: 'qps', ...(selector === undefined ? {} : { selector }) });
const described = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' };
const average = { type: 'AverageValue', averageValue: '10' };
const value = { type: 'Value', value: '10' };
const percent = { type: 'Utilization', averageUtilization: 50 };
const sources = {
  cpu: { type: 'Resource', resource: { name: 'cpu', target: percent } },
  memory: { type: 'Resource', resource: { name: 'memory', target: { type: 'AverageValue', averageValue: '100Mi' } } },
  container: { type: 'ContainerResource', containerResource: { name: 'cpu', container: 'web', target: percent } },
  pods: { type: 'Pods', pods: { metric: metric(), target: average } },
  object: { type: 'Object', object: { metric: metric(), describedObject: described, target: value } },
  objectAverage: { type: 'Object', object: { metric: metric(), describedObject: described, target: average } },
  external: { type: 'External', external: { metric: metric({ matchLabels: { b: 'c', a: 'b' } }), target: value } },
  externalAverage: { type: 'External', external: { metric: metric(), target: average } },
} satisfies Record<string, MetricSpec>;

const values = (...texts: readonly string[]): Answer => ({
  type: 'values',
  values: texts.map((text, index) => ({ name: `p${index}`, timestampMs: 0, windowSeconds: undefined, value: text })),
});

const selector =
  '&LabelSelector{MatchLabels:map[string]string{a: b,b: c,},MatchExpressions:[]LabelSelectorRequirement{},}';
const unable = 'the HPA was unable to compute the replica count: ';

describe('a metric that nobody answers for', () => {
  it.each([
    [
      'cpu',
      'FailedGetResourceMetric',
      'failed to get cpu utilization: unable to get metrics for resource cpu: unable to fetch metrics from resource metrics API: gone',
      'failed to get cpu resource metric value: ',
    ],
    [
      'memory',
      'FailedGetResourceMetric',
      'failed to get memory usage: unable to get metrics for resource memory: unable to fetch metrics from resource metrics API: gone',
      'failed to get memory resource metric value: ',
    ],
    [
      'container',
      'FailedGetContainerResourceMetric',
      'failed to get cpu utilization: unable to get metrics for resource cpu: unable to fetch metrics from resource metrics API: gone',
      'failed to get web container metric value: ',
    ],
    [
      'pods',
      'FailedGetPodsMetric',
      'unable to get metric qps: unable to fetch metrics from custom metrics API: gone',
      'failed to get pods metric value: ',
    ],
    [
      'object',
      'FailedGetObjectMetric',
      'unable to get metric qps on Deployment default/d: unable to fetch metrics from custom metrics API: gone',
      'failed to get object metric value: ',
    ],
    [
      'objectAverage',
      'FailedGetObjectMetric',
      'unable to get metric qps on Deployment default/d: unable to fetch metrics from custom metrics API: gone',
      'failed to get object metric value: failed to get qps object metric: ',
    ],
    [
      'external',
      'FailedGetExternalMetric',
      `unable to get external metric default/qps/${selector}: unable to fetch metrics from external metrics API: gone`,
      'failed to get qps external metric value: failed to get external metric qps: ',
    ],
    [
      'externalAverage',
      'FailedGetExternalMetric',
      'unable to get external metric default/qps/nil: unable to fetch metrics from external metrics API: gone',
      'failed to get qps external metric value: failed to get qps external metric: ',
    ],
  ] as const)('is told of in Kubernetes’ words: %s', (source, reason, message, context) => {
    const trial = new Trial({
      autoscaler: anAutoscaler({ metrics: [sources[source]] }),
      pods: readyPods(3),
      answer: () => ({ type: 'none', problem: 'gone' }),
    });
    trial.look();
    expect(trial.told).toEqual([
      { type: 'Warning', reason, message },
      {
        type: 'Warning',
        reason: 'FailedComputeMetricsReplicas',
        message: `invalid metrics (1 invalid out of 1), first error is: ${context}${message}`,
      },
    ]);
    const { conditions, currentMetrics } = trial.autoscaler.status ?? {};
    expect(conditions).toMatchObject([
      { type: 'AbleToScale', status: 'True', reason: 'SucceededGetScale' },
      { type: 'ScalingActive', status: 'False', reason, message: `${unable}${message}` },
    ]);
    expect(currentMetrics).toEqual([{ type: '' }]);
    expect(trial.replicas).toBe(3);
  });
});

describe('a metric with an answer', () => {
  it.each([
    [
      'cpu',
      usesOf(400, 400, 400),
      'cpu resource utilization (percentage of request)',
      { averageUtilization: 40, averageValue: '400m' },
    ],
    ['memory', usesOf(1, 1, 1), 'memory resource', { averageValue: '512Mi' }],
    [
      'container',
      usesOf(400, 400, 400),
      'cpu container resource utilization (percentage of request)',
      { averageUtilization: 40, averageValue: '400m' },
    ],
    ['pods', values('10', '11500m', '8'), 'pods metric qps', { averageValue: '9833m' }],
    ['object', values('10'), 'Deployment metric qps', { value: '10' }],
    ['objectAverage', values('31'), 'external metric qps(nil)', { averageValue: '10334m' }],
    ['external', values('4', '6'), `external metric qps(${selector})`, { value: '10' }],
    ['externalAverage', values('20', '10'), 'external metric qps(nil)', { averageValue: '10' }],
  ] as const)('is told of, and shown: %s', (source, answer, name, current) => {
    const spec: MetricSpec = sources[source];
    const trial = new Trial({
      autoscaler: anAutoscaler({ metrics: [spec] }),
      pods: readyPods(3),
      answer: () => answer,
    });
    trial.look();
    const [status] = trial.autoscaler.status?.currentMetrics ?? [];
    const { type = '' } = spec;
    const field = `${type.charAt(0).toLowerCase()}${type.slice(1)}` as 'resource';
    expect(status?.type).toBe(type);
    expect(status?.[field]?.current).toEqual(current);
    const active = trial.autoscaler.status?.conditions?.find(({ type }) => type === 'ScalingActive');
    expect(active?.message).toBe(`the HPA was able to successfully calculate a replica count from ${name}`);
  });

  it.each([
    ['no values', 'object', values(), 'no metrics returned from custom metrics API'],
    [
      'too many values',
      'object',
      values('1', '2'),
      'the custom metrics API server returned 2 results when we asked for exactly one',
    ],
    ['a value that is none', 'external', values('NaN'), 'quantities must match the regular expression'],
    ['values of pods that are none', 'pods', values('1', '', '3'), 'quantities must match the regular expression'],
    ['no use of pods', 'cpu', { type: 'podMetrics', pods: [] }, 'no metrics returned from resource metrics API'],
    [
      'a use that is no number',
      'cpu',
      usesOf(Number.NaN, Number.NaN, Number.NaN),
      'did not receive metrics for targeted pods',
    ],
    ['a negative use', 'cpu', usesOf(-1, -2, -3), 'did not receive metrics for targeted pods'],
  ] as const)('that says nothing scales nothing: %s', (_name, source, answer, message) => {
    const trial = new Trial({
      autoscaler: anAutoscaler({ metrics: [sources[source]] }),
      pods: readyPods(3),
      answer: () => answer,
    });
    trial.look();
    trial.pass(600);
    expect(trial.replicas).toBe(3);
    expect(trial.told[0]?.message).toContain(message);
  });

  it('asks for the metrics of the namespace itself by its name', () => {
    const describedObject = { apiVersion: 'v1', kind: 'Namespace', name: 'another' };
    const namespace = { type: 'Object', object: { ...sources.object.object, describedObject } };
    const trial = new Trial({
      autoscaler: anAutoscaler({ metrics: [namespace] }),
      pods: readyPods(3),
      answer: () => values('10'),
    });
    trial.look();
    expect(trial.questions).toMatchObject([{ resource: 'namespaces', namespace: 'default', name: 'default' }]);
  });

  it('of a kind that is not served is asked for from nobody', () => {
    const describedObject = { apiVersion: 'example.com/v1', kind: 'Thing', name: 't' };
    const thing = { type: 'Object', object: { ...sources.object.object, describedObject } };
    const trial = new Trial({ autoscaler: anAutoscaler({ metrics: [thing] }), pods: readyPods(3) });
    trial.look();
    expect(trial.questions).toEqual([]);
    expect(trial.told[0]?.message).toContain(
      'unable to map kind Thing.example.com to resource: no matches for kind "Thing"',
    );
  });
});

describe('several metrics', () => {
  const pair = (queue: Answer, milli: number) => {
    const autoscaler = anAutoscaler({ metrics: [sources.externalAverage, sources.cpu] });
    return new Trial({
      autoscaler,
      pods: readyPods(3),
      answer: ({ type }) => (type === 'externalMetric' ? queue : usesOf(milli, milli, milli)),
    });
  };

  it('have the one decide that asks for the most', () => {
    const trial = pair(values('45'), 800);
    trial.look();
    expect(trial.replicas).toBe(5);
    const both = pair(values('95'), 800);
    both.look();
    expect(both.replicas).toBe(6);
    expect(both.conditions).toContain('ScalingLimited=True ScaleUpLimit');
  });

  it('scale up while one of them says nothing, and never down', () => {
    const up = pair({ type: 'none', problem: 'gone' }, 800);
    up.look();
    expect(up.replicas).toBe(5);
    expect(up.told.map(({ reason }) => reason)).toEqual(['FailedGetExternalMetric', 'SuccessfulRescale']);
    expect(up.autoscaler.status?.currentMetrics?.map(({ type }) => type)).toEqual(['', 'Resource']);
    const down = pair({ type: 'none', problem: 'gone' }, 100);
    down.look();
    down.pass(900);
    expect(down.replicas).toBe(3);
    expect(down.conditions).toContain('ScalingActive=False FailedGetExternalMetric');
  });
});

describe('samples', () => {
  const containers = [
    { name: 'a', cpuNanocores: 1_500_001, memoryWorkingSetBytes: 1_000 },
    { name: 'b', cpuNanocores: 0, memoryWorkingSetBytes: undefined },
  ];
  const pod = { name: 'p', timestampMs: 1, windowMs: 2, containers };

  it('round up, and miss pods of which a part is unknown', () => {
    expect(samplesOfUse([pod], 'cpu').get('p')).toEqual({ value: 2n, timestampMs: 1, windowMs: 2 });
    expect(samplesOfUse([pod], 'memory').size).toBe(0);
    expect(samplesOfUse([pod], 'memory', 'a').get('p')?.value).toBe(1_000_000n);
    expect(samplesOfUse([pod], 'cpu', 'c').size).toBe(0);
    expect(samplesOfUse([pod], 'nvidia.com/gpu').size).toBe(0);
    expect(samplesOfUse([{ ...pod, containers: [] }], 'cpu').size).toBe(0);
  });
});

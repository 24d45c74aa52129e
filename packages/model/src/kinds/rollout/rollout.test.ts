import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Rollout } from '../../gen/gantry.rollout.v1.ts';
import { made, printedObject, problemsOf } from '../../testing/made.ts';
import { rollout } from './rollout.ts';

const rolloutOf = (strategy: string, rest = '', workload = '{kind: Deployment, name: web}'): string =>
  `{apiVersion: gantry.dev/v1, kind: Rollout, metadata: {name: a}, spec: {workloadRef: ${workload}, strategy: ${strategy}${rest}}}`;
const stepOf = (step: string): string => rolloutOf(`{canary: {steps: [${step}]}}`);
const checkOf = (check: string): string => stepOf(`{analysis: {checks: [{name: c, ${check}}]}}`);

describe('a rollout', () => {
  it.each([
    rolloutOf('{canary: {}}'),
    rolloutOf('{canary: {steps: [{setWeight: 0}, {pause: {}}, {setWeight: 100}]}}'),
    stepOf('{setCanaryScale: {replicas: 2}}'),
    stepOf('{setCanaryScale: {}}'),
    stepOf('{pause: {durationSeconds: 60}}'),
    checkOf('successRate: {minPercent: 99.5}'),
    checkOf('latency: {quantilePercent: 95, maxMilliseconds: 250}'),
    checkOf('prometheus: {query: up, min: -1.5, max: 2}'),
    rolloutOf('{blueGreen: {previewService: next, autoPromotion: false}}'),
    rolloutOf('{canary: {}}', ', request: {action: Abort, id: "1", revision: web-abc}'),
    rolloutOf('{canary: {}}', ', services: [a, b]', '{kind: StatefulSet, name: web}'),
  ])('may be %s', (text) => {
    expect(problemsOf(text)).toEqual([]);
  });

  it.each([
    [rolloutOf('{}'), 'spec.strategy: Required value: must specify one of: `canary`, `blueGreen`'],
    [
      rolloutOf('{canary: {}, blueGreen: {}}'),
      'spec.strategy.blueGreen: Forbidden: may not be specified together with `canary`',
    ],
    [
      rolloutOf('{blueGreen: {}}', '', '{kind: DaemonSet, name: web}'),
      'spec.strategy.blueGreen: Forbidden: two whole revisions can stand side by side in a Deployment only',
    ],
    [
      rolloutOf('{blueGreen: {previewService: a}}', ', services: [a]'),
      'spec.strategy.blueGreen.previewService: Forbidden: may not be one of `services`',
    ],
    [
      rolloutOf('{canary: {}}', '', '{kind: Job, name: web}'),
      'spec.workloadRef.kind: Unsupported value: "Job": supported values: "DaemonSet", "Deployment", "StatefulSet"',
    ],
    [
      rolloutOf('{canary: {}}', '', '{kind: Deployment, name: A}'),
      'spec.workloadRef.name: Invalid value: "A": a lowercase RFC 1123 subdomain',
    ],
    [
      rolloutOf('{canary: {}}', '', '{apiVersion: apps/v2, kind: Deployment, name: a}'),
      'spec.workloadRef.apiVersion: Unsupported value: "apps/v2": supported values: "apps/v1"',
    ],
    [rolloutOf('{canary: {}}', ', services: [a, a]'), 'spec.services[1]: Duplicate value: "a"'],
    [rolloutOf('{canary: {}}', ', services: ["0"]'), 'spec.services[0]: Invalid value: "0"'],
    [
      rolloutOf('{canary: {}}', ', progressDeadlineSeconds: 0'),
      'spec.progressDeadlineSeconds: Invalid value: 0: must be between 1 and 31536000, inclusive',
    ],
    [
      rolloutOf('{canary: {}}', ', request: {action: Stop, id: "1"}'),
      'spec.request.action: Unsupported value: "Stop": supported values: "Abort", "Promote", "PromoteFull", "Retry"',
    ],
    [stepOf('{}'), 'spec.strategy.canary.steps[0]: Required value: must specify one of: `setWeight`'],
    [
      stepOf('{setWeight: 101}'),
      'spec.strategy.canary.steps[0].setWeight: Invalid value: 101: must be between 0 and 100, inclusive',
    ],
    [
      stepOf('{setWeight: 1, pause: {}}'),
      'spec.strategy.canary.steps[0].pause: Forbidden: may not be specified together with `setWeight`',
    ],
    [
      stepOf('{setCanaryScale: {replicas: 1, percent: 5}}'),
      'spec.strategy.canary.steps[0].setCanaryScale.percent: Forbidden: may not be specified together with `replicas`',
    ],
    [stepOf('{pause: {durationSeconds: 0}}'), 'spec.strategy.canary.steps[0].pause.durationSeconds: Invalid value: 0'],
    [
      rolloutOf('{canary: {analysis: {count: 3, checks: [{name: c, successRate: {minPercent: 99}}]}}}'),
      'spec.strategy.canary.analysis.count: Forbidden: this analysis goes on until the rollout ends',
    ],
    [
      checkOf('successRate: {minPercent: 101}'),
      'spec.strategy.canary.steps[0].analysis.checks[0].successRate.minPercent: Invalid value: 101',
    ],
    [
      checkOf('latency: {quantilePercent: 98, maxMilliseconds: 1}'),
      'checks[0].latency.quantilePercent: Unsupported value: 98: supported values: "50", "90", "95", "99"',
    ],
    [checkOf('latency: {maxMilliseconds: 0}'), 'latency.maxMilliseconds: Invalid value: 0: must be greater than zero'],
    [checkOf('prometheus: {query: up}'), 'checks[0].prometheus: Required value: must specify one of: `min`, `max`'],
    [
      checkOf('prometheus: {query: up, min: 2, max: 1}'),
      'prometheus.max: Invalid value: 1: must not be less than `min`',
    ],
  ])('may not be %s', (text, problem) => {
    expect(problemsOf(text).join('\n')).toContain(problem);
  });

  it('may be that of the example', () => {
    const example = readFileSync(new URL('../../../../../examples/rollout.yaml', import.meta.url), 'utf8');
    expect(problemsOf(example)).toEqual([]);
  });

  it('keeps its workload', () => {
    const before = made(rolloutOf('{canary: {}}')).object as Rollout;
    const after = made(rolloutOf('{canary: {}}', '', '{kind: Deployment, name: other}')).object as Rollout;
    expect(rollout.validateUpdate!(after, before)[0]?.message).toMatch(/Invalid value: .*: field is immutable$/);
    expect(rollout.validateUpdate!(before, before)).toEqual([]);
  });

  it('says what an analysis is where nothing was said', () => {
    const { spec } = made(checkOf('successRate: {minPercent: 99}')).object as Rollout;
    expect(spec.strategy.canary?.steps?.[0]?.analysis).toEqual({
      intervalSeconds: 30,
      initialDelaySeconds: 30,
      count: 1,
      failureLimit: 0,
      inconclusiveLimit: 3,
      onInconclusive: 'Abort',
      checks: [{ name: 'c', successRate: { minPercent: 99, minRequests: 1, windowSeconds: 30 } }],
    });
    expect(spec).toMatchObject({ progressDeadlineSeconds: 600, scaleDownDelaySeconds: 30 });
  });

  it('prints how far it is', () => {
    const { kind, object } = made(rolloutOf('{canary: {steps: [{setWeight: 5}, {pause: {}}]}}'));
    (object as Rollout).status = {
      phase: 'Paused',
      stableRevision: 'a',
      canaryRevision: 'b',
      canaryWeight: 5,
      currentStep: 1,
    };
    expect(printedObject(kind, object)).toEqual({
      NAME: 'a',
      WORKLOAD: 'Deployment/web',
      PHASE: 'Paused',
      STEP: '1/2',
      WEIGHT: '5',
      STABLE: 'a',
      CANARY: 'b',
      AGE: '10m',
    });
  });
});

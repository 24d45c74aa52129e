import { readFileSync } from 'node:fs';
import type { ScaleReading } from '@gantry/controllers/core/action.ts';
import type { Answer, Question } from '@gantry/controllers/core/measure.ts';
import { Trial } from '@gantry/controllers/horizontalpodautoscaler/testing/trial.ts';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { setAutoscalerDefaults } from '@gantry/model/kinds/horizontalpodautoscaler/defaults.ts';
import { parseQuantity, toMilli, toUnits } from '@gantry/model/quantity.ts';
import { describe, expect, test } from 'vitest';
import { absent, answersFile, autoscalerOf, type Life, lives, type Rest, restOf, selector, target } from './lives.ts';

// The autoscaler's controller with the same target, pods and metrics as a real kube-controller-manager had.

const recorded = JSON.parse(readFileSync(answersFile, 'utf8')) as Record<string, Rest>;
const periodMs = 1_000;
const looks = 7;
const started = '2020-01-01T00:00:00Z';

function podsOf({ pods }: Life): Pod[] {
  return pods.map(({ request, phase = 'Running' }, index) => {
    const resources = request === undefined ? {} : { requests: { cpu: request } };
    const status = phase === 'Running' ? 'True' : 'False';
    return {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: `p${index}`, namespace: 'default', labels: { app: 'web' } },
      spec: { containers: [{ name: 'c', image: 'i', resources }] },
      status: { phase, startTime: started, conditions: [{ type: 'Ready', status, lastTransitionTime: started }] },
    };
  });
}

function scaleOf({ scale, pods, spec }: Life): ScaleReading {
  const { kind = target.kind } = spec.scaleTargetRef ?? {};
  if (kind === 'DaemonSet') return { type: 'none' };
  if (kind === 'Deployment') return { type: 'absent', message: 'deployments.apps "nobody" not found' };
  const { replicas, current = pods.length, selector: text = selector } = scale;
  return { type: 'replicas', uid: 'w', replicas, currentReplicas: current, selector: text };
}

function answerOf({ pods, custom = {}, external = {} }: Life, question: Question, nowMs: number): Answer {
  switch (question.type) {
    case 'podMetrics': {
      const uses = pods.flatMap(({ cpu, memory = '1Mi' }, index) => {
        if (cpu === undefined) return [];
        const cpuNanocores = toMilli(parseQuantity(cpu)) * 1e6;
        const containers = [{ name: 'c', cpuNanocores, memoryWorkingSetBytes: toUnits(parseQuantity(memory)) }];
        return [{ name: `p${index}`, timestampMs: nowMs, windowMs: 15_000, containers }];
      });
      return { type: 'podMetrics', pods: uses };
    }
    case 'customMetric': {
      const { resource, name, metric } = question;
      return valuesOf(custom[name === undefined ? `${resource}/${metric}` : `${resource}.${name}/${metric}`], metric);
    }
    case 'externalMetric':
      return valuesOf(external[question.metric], question.metric);
    default:
      throw new Error(`no autoscaler asks about ${question.type}`);
  }
}

function valuesOf(texts: readonly string[] | undefined, metric: string): Answer {
  if (texts === undefined) return { type: 'none', problem: absent(metric) };
  const values = texts.map((value, index) => {
    return { name: `p${index}`, timestampMs: 0, windowSeconds: undefined, value };
  });
  return { type: 'values', values };
}

describe('an autoscaler does as beside kube-controller-manager', () => {
  test.each(lives().map((life) => [life.name, life] as const))('%s', (name, life) => {
    const autoscaler = autoscalerOf(life);
    setAutoscalerDefaults(autoscaler);
    const trial = new Trial({ autoscaler, pods: podsOf(life), settings: { syncPeriodMs: periodMs } });
    trial.scale = scaleOf(life);
    trial.answer = (question) => answerOf(life, question, trial.clock.now());
    for (let look = 0; look < looks; look++) {
      trial.look();
      trial.clock.advance(periodMs);
    }
    const told = trial.told.map(({ type, reason, message }) => `${type} ${reason} ${message}`);
    const replicas = trial.scale.type === 'replicas' ? trial.replicas : life.scale.replicas;
    expect(restOf(replicas, trial.autoscaler, told)).toEqual(recorded[name]);
  });
});

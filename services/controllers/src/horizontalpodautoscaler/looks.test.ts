import { readFileSync } from 'node:fs';
import type { HorizontalPodAutoscaler, MetricSpec } from '@gantry/model/gen/gantry.autoscaling.v2.ts';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { setAutoscalerDefaults } from '@gantry/model/kinds/horizontalpodautoscaler/defaults.ts';
import { rfc3339 } from '@gantry/runtime/time.ts';
import { describe, expect, it } from 'vitest';
import type { Answer, Question } from '../core/measure.ts';
import { anAutoscaler, Trial } from './testing/trial.ts';

/** An autoscaler, its target and what is measured, and the outcome of one look in the tests of Kubernetes' controller. */
interface Look {
  readonly min: number;
  readonly max: number;
  /** Replicas that the target asks for, and has where nothing else is said. */
  readonly replicas: number;
  readonly present?: number;
  /** Percent of the requested CPU. */
  readonly cpu?: number;
  readonly metrics?: readonly MetricSpec[];
  readonly behavior?: HorizontalPodAutoscaler['spec']['behavior'];
  /** Millicores of each pod, or thousandths of another metric. */
  readonly levels?: readonly number[];
  /** CPU that each pod requests; as many pods. */
  readonly requests?: readonly string[];
  /** By pod: t, ready; f, not ready. */
  readonly ready?: string;
  /** By pod: h, started now; c, started long ago. */
  readonly started?: string;
  /** By pod: r, running; p, pending; f, failed. */
  readonly phases?: string;
  /** By pod: y, asked to end. */
  readonly leaving?: string;
  /** No recommendation of the past counts. */
  readonly settled?: true;
  /** The autoscaler says whether it brought its target to zero. */
  readonly asleep?: boolean;
  readonly want: number;
  readonly utilization?: number;
  readonly conditions?: readonly string[];
}

const looks = readFileSync(new URL('testing/looks.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Look);
const settings = { cpuInitializationPeriodMs: 120_000, initialReadinessDelayMs: 10_000 };
const phases: Readonly<Record<string, string>> = { r: 'Running', p: 'Pending', f: 'Failed' };

function podsOf({ replicas, present = replicas, requests, ...look }: Look, nowMs: number): Pod[] {
  return Array.from({ length: requests?.length ?? present }, (_, index) => {
    const milli = (Number(requests?.[index] ?? 1) * 1000) / 2;
    const resources = { requests: { cpu: `${milli}m` } };
    const startTime =
      look.started === undefined
        ? '0001-01-01T00:00:00Z'
        : rfc3339(look.started[index] === 'h' ? nowMs : nowMs - 180_000);
    const status = look.ready?.[index] === 'f' ? 'False' : 'True';
    const leaving = look.leaving?.[index] === 'y' ? { deletionTimestamp: rfc3339(nowMs) } : {};
    return {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: `p${index}`, namespace: 'default', labels: { app: 'web' }, ...leaving },
      spec: { containers: ['container1', 'container2'].map((name) => ({ name, image: 'i', resources })) },
      status: {
        phase: phases[look.phases?.[index] ?? 'r']!,
        startTime,
        conditions: [{ type: 'Ready', status, lastTransitionTime: startTime }],
      },
    };
  });
}

function answerOf({ levels = [] }: Look, nowMs: number, question: Question): Answer {
  const times = { timestampMs: nowMs, windowMs: 60_000 };
  if (question.type === 'podMetrics') {
    const half = (level: number, name: string) => {
      return { name, cpuNanocores: Math.floor(level / 2) * 1e6, memoryWorkingSetBytes: 2 ** 19 };
    };
    const pods = levels.map((level, index) => ({
      name: `p${index}`,
      containers: [half(level, 'container1'), half(level, 'container2')],
      ...times,
    }));
    return { type: 'podMetrics', pods };
  }
  const values = levels.map((level, index) => {
    return { name: `p${index}`, timestampMs: nowMs, windowSeconds: undefined, value: `${level}m` };
  });
  return { type: 'values', values };
}

function trialOf(look: Look): Trial {
  const { min, max, cpu, metrics = [], behavior, replicas, present = replicas, settled, asleep } = look;
  const target = { type: 'Utilization', averageUtilization: cpu! };
  const ofCpu: MetricSpec[] = cpu === undefined ? [] : [{ type: 'Resource', resource: { name: 'cpu', target } }];
  const autoscaler = anAutoscaler({ minReplicas: min, maxReplicas: max, metrics: [...ofCpu, ...metrics] });
  if (behavior !== undefined) autoscaler.spec.behavior = behavior;
  setAutoscalerDefaults(autoscaler);
  if (asleep !== undefined) {
    const condition = { type: 'ScaledToZero', status: asleep ? 'True' : 'False', reason: 'R', message: 'm' };
    autoscaler.status = { conditions: [condition] };
  }
  // Before the window there is nothing.
  const window = settled ? { downscaleStabilizationMs: -1 } : {};
  const trial = new Trial({
    autoscaler,
    scale: { replicas, currentReplicas: present },
    settings: { ...settings, ...window },
  });
  const nowMs = trial.clock.now();
  trial.pods = podsOf(look, nowMs);
  trial.answer = (question) => answerOf(look, nowMs, question);
  return trial;
}

describe('one look has the outcome that it has in Kubernetes', () => {
  it.each(looks.map((look) => [JSON.stringify({ ...look, conditions: undefined }).replaceAll('"', ''), look] as const))(
    '%s',
    (_name, look) => {
      const trial = trialOf(look);
      trial.look();
      expect(trial.replicas).toBe(look.want);
      if (look.conditions !== undefined) expect(trial.conditions).toEqual(look.conditions);
      const [first] = trial.autoscaler.status?.currentMetrics ?? [];
      if (look.utilization) expect(first?.resource?.current.averageUtilization).toBe(look.utilization);
    },
  );
});

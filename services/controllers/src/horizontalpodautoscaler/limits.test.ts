import { readFileSync } from 'node:fs';
import type { HPAScalingRules } from '@gantry/model/gen/gantry.autoscaling.v2.ts';
import { setAutoscalerDefaults } from '@gantry/model/kinds/horizontalpodautoscaler/defaults.ts';
import { describe, expect, it } from 'vitest';
import { downLimit, History, upLimit } from './history.ts';
import { type Limited, limit } from './limits.ts';
import { anAutoscaler } from './testing/trial.ts';

/** A recommendation after others, and what Kubernetes' tests make of it. */
interface Case {
  readonly current: number;
  readonly recommended: number;
  readonly min?: number;
  readonly max?: number;
  /** The autoscaler has no rules. */
  readonly default?: true;
  readonly up?: HPAScalingRules;
  readonly down?: HPAScalingRules;
  /** Earlier recommendations, with the seconds since then. */
  readonly before?: readonly (readonly [replicas: number, secondsAgo: number])[];
  /** Replicas that came, with the seconds since then. */
  readonly ups?: readonly (readonly [count: number, secondsAgo: number])[];
  /** Replicas that went. */
  readonly downs?: readonly (readonly [count: number, secondsAgo: number])[];
  readonly want: number;
  readonly reason?: string;
}

const cases = readFileSync(new URL('testing/limits.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Case);
const nowMs = 10_000_000;
const many = 1_000_000;

function historyOf({ before = [], ups = [], downs = [] }: Case): History {
  const history = new History();
  const earliestFirst = [...before].sort(([, a], [, b]) => b - a);
  for (const [replicas, ago] of earliestFirst) history.recommend(replicas, nowMs - ago * 1000);
  for (const [count, ago] of ups) history.change(0, count, nowMs - ago * 1000);
  for (const [count, ago] of downs) history.change(count, 0, nowMs - ago * 1000);
  return history;
}

function limited(given: Case): Limited {
  const { current, recommended, min = 0, max = many, up, down } = given;
  const isOfWindows = given.before !== undefined;
  const autoscaler = anAutoscaler();
  if (!given.default) {
    autoscaler.spec.behavior = {
      ...(up === undefined ? {} : { scaleUp: up }),
      ...(down === undefined ? {} : { scaleDown: down }),
    };
    // The cases of windows are about these alone.
    if (!isOfWindows) setAutoscalerDefaults(autoscaler);
  }
  const { behavior } = autoscaler.spec;
  const bounds = { current, min, max, behavior, history: historyOf(given), downscaleStabilizationMs: 300_000, nowMs };
  return limit(recommended, bounds);
}

describe('a recommendation is limited as Kubernetes limits it', () => {
  it.each(cases.map((each) => [JSON.stringify(each).replaceAll('"', ''), each] as const))('%s', (_name, each) => {
    const { replicas, limited: words } = limited(each);
    expect(replicas).toBe(each.want);
    if (each.reason !== undefined) expect(words.reason).toBe(each.reason);
  });

  it('to the smaller of its policies where it asks for that', () => {
    const policies = [
      { type: 'Pods', value: 2, periodSeconds: 60 },
      { type: 'Percent', value: 50, periodSeconds: 60 },
    ];
    const rules = { selectPolicy: 'Min', policies };
    expect(upLimit(1, rules, new History(), nowMs)).toBe(2);
    expect(downLimit(5, rules, new History(), nowMs)).toBe(3);
    expect(upLimit(5, { ...rules, selectPolicy: 'Disabled' }, new History(), nowMs)).toBe(5);
    expect(downLimit(5, { ...rules, selectPolicy: 'Disabled' }, new History(), nowMs)).toBe(5);
  });

  it('never so far that a target stays at zero for good', () => {
    const policies = [{ type: 'Percent', value: 100, periodSeconds: 60 }];
    expect(upLimit(0, { policies }, new History(), nowMs)).toBe(1);
    expect(upLimit(0, { selectPolicy: 'Disabled', policies }, new History(), nowMs)).toBe(0);
  });

  it('by changes that are younger than the period', () => {
    const history = new History();
    history.change(5, 9, nowMs - 60_000);
    const policies = [{ type: 'Pods', value: 4, periodSeconds: 60 }];
    expect(upLimit(9, { policies }, history, nowMs - 1)).toBe(9);
    expect(upLimit(9, { policies }, history, nowMs)).toBe(13);
  });
});

describe('the past of an autoscaler', () => {
  it('does not grow without bound', () => {
    const history = new History();
    for (let second = 0; second < 20_000; second++) history.recommend(second, second * 1000);
    expect(history.recommendedSince(0).length).toBeLessThanOrEqual(4_096);
    expect(history.recommendedSince(19_999_000)).toEqual([19_999]);
  });
});

import type { PodDisruptionBudget } from '@gantry/model/gen/gantry.policy.v1.ts';
import { expect, test } from 'vitest';
import { selects } from '../state/pod-selection.ts';
import { podNamed } from '../testing/builders.ts';
import { compileBudget } from './budget.ts';
import { PodCompiler } from './pod.ts';

function budget(
  generation: number,
  selector: NonNullable<PodDisruptionBudget['spec']>['selector'],
): PodDisruptionBudget {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'b', namespace: 'default', generation },
    spec: selector === undefined ? {} : { selector },
    status: { observedGeneration: 2, disruptionsAllowed: 3 },
  };
}

test('a budget allows what its status says, once that is about its spec', () => {
  expect(compileBudget(budget(2, {})).allowed).toBe(3);
  expect(compileBudget(budget(3, {})).allowed).toBe(0);
});

test('a budget is about pods of its namespace: an empty selector selects all, an absent one none', () => {
  const own = new PodCompiler().compile(podNamed('p', { labels: { app: 'web' } })).requirement;
  const other = new PodCompiler().compile(podNamed('p', { namespace: 'other' })).requirement;
  const isAbout = (selector: Parameters<typeof budget>[1], pod = own): boolean =>
    selects(compileBudget(budget(1, selector)).selector, pod, new Map());
  expect(isAbout({})).toBe(true);
  expect(isAbout({}, other)).toBe(false);
  expect(isAbout(undefined)).toBe(false);
  expect(isAbout({ matchLabels: { app: 'db' } })).toBe(false);
});

import type { HookServer } from '@gantry/api/admission/testing/hook-server.ts';
import { startTestApi } from '@gantry/api/testing/harness.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compared } from './comparable.ts';
import { answer } from './gantry.ts';
import { startHooks } from './hooks.ts';
import { answersOf, casesOf, differences, topics } from './request.ts';

// Gantry answers as a real kube-apiserver did when its answers were recorded; see README.md.

const known = differences();
let hooks: HookServer;

beforeAll(async () => {
  hooks = await startHooks();
});
afterAll(() => hooks[Symbol.dispose]());

describe.each(topics())('%s', (topic) => {
  const recorded = answersOf(topic);
  test.for(casesOf(topic))('$name', async (one) => {
    const overHttp = one.steps.some(({ http }) => http !== undefined);
    await using running = await startTestApi({
      priorityAndFairness: false,
      typeChecks: false,
      ...(overHttp ? { rest: '127.0.0.1:0' } : {}),
    });
    for (const [index, step] of one.steps.entries()) {
      const [expected, given] = compared(recorded[one.name]![index]!, await answer(running, step, hooks), step);
      const reason = known.get(`${topic} / ${one.name} / ${index + 1}`);
      if (reason !== undefined) expect(given, `step ${index + 1} differs no more (${reason})`).not.toEqual(expected);
      else expect(given, `step ${index + 1}: ${JSON.stringify(step)}`).toEqual(expected);
    }
  });
});

test('every listed difference belongs to a step', () => {
  const steps = topics().flatMap((topic) =>
    casesOf(topic).flatMap(({ name, steps }) => steps.map((_, index) => `${topic} / ${name} / ${index + 1}`)),
  );
  expect([...known.keys()].filter((step) => !steps.includes(step))).toEqual([]);
  expect(steps.length).toBeGreaterThan(300);
});

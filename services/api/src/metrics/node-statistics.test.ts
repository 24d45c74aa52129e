import type { StatsResponse } from '@gantry/client/pod-messages.ts';
import { FakeClock } from '@gantry/runtime/clock.ts';
import { beforeEach, expect, test } from 'vitest';
import { NodeStatistics } from './node-statistics.ts';

const agent = (nodeName: string) => ({ nodeName, address: `${nodeName}:10250` });

let clock: FakeClock;
let asked: string[];
let answer: (nodeName: string) => Promise<StatsResponse>;
let statistics: NodeStatistics;

beforeEach(() => {
  clock = new FakeClock();
  asked = [];
  answer = async () => ({ containers: [] });
  const agents = {
    call: async ({ nodeName }: { nodeName: string }) => {
      asked.push(nodeName);
      return (await answer(nodeName)) as never;
    },
  };
  statistics = new NodeStatistics(agents, clock);
});

test('questions of a few seconds share an answer', async () => {
  expect(await Promise.all([statistics.of(agent('a')), statistics.of(agent('a'))])).toHaveLength(2);
  clock.advance(3_999);
  await statistics.of(agent('a'));
  expect(asked).toEqual(['a']);
  clock.advance(1);
  await statistics.of(agent('a'));
  expect(asked).toEqual(['a', 'a']);
});

test('an agent that is silent is left alone for a while', async () => {
  answer = () => Promise.reject(new Error('deadline exceeded'));
  expect(await statistics.of(agent('a'))).toBeUndefined();
  answer = async () => ({ containers: [] });
  clock.advance(14_999);
  expect(await statistics.of(agent('a'))).toBeUndefined();
  clock.advance(1);
  expect(await statistics.of(agent('a'))).toEqual({ containers: [] });
});

test('a thousand nodes are asked some at a time', async () => {
  let open = 0;
  let most = 0;
  answer = async () => {
    most = Math.max(most, ++open);
    await Promise.resolve();
    open--;
    return { containers: [] };
  };
  const answers = await Promise.all(Array.from({ length: 1_000 }, (_, i) => statistics.of(agent(`n${i}`))));
  expect(answers.filter(Boolean)).toHaveLength(1_000);
  expect(most).toBe(64);
});

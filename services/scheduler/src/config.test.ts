import { describe, expect, test } from 'vitest';
import { checkConfig, defaultSchedulerConfig, isInShard, readConfig } from './config.ts';

describe('readConfig', () => {
  test('reads what is set, and has defaults for the rest', () => {
    expect(readConfig([], { GANTRY_SCHEDULER_IDENTITY: 'me' })).toMatchObject({
      ...defaultSchedulerConfig,
      identity: 'me',
    });
    const env = {
      GANTRY_SCHEDULER_SHARD: '1/2',
      GANTRY_SCHEDULER_WEIGHTS: '{"binpack":{"mostAllocated":8}}',
      GANTRY_SCHEDULER_BATCH_SIZE: '64',
      GANTRY_SCHEDULER_THREADS: '3',
      GANTRY_SCHEDULER_LISTEN: '0.0.0.0:7444',
      GANTRY_SCHEDULER_LEADER_ELECTION: 'false',
      GANTRY_SCHEDULER_DEFRAG: '10m',
      GANTRY_SCHEDULER_DEFRAG_MAX_MOVES: '5',
    };
    expect(readConfig([], env)).toMatchObject({
      shard: { index: 1, count: 2 },
      weights: { binpack: { mostAllocated: 8 } },
      batchSize: 64,
      threads: 3,
      listen: '0.0.0.0:7444',
      leaderElection: false,
      defrag: { intervalMs: 600_000, maxMoves: 5, maxMovesPerHour: 100, minGain: 0.1 },
    });
  });

  test.each([
    ['GANTRY_SCHEDULER_SHARD', '2', 'GANTRY_SCHEDULER_SHARD: Invalid value: "2": must look like 0/2'],
    ['GANTRY_SCHEDULER_SHARD', '2/2', 'GANTRY_SCHEDULER_SHARD: Invalid value: "2/2": must look like 0/2'],
    ['GANTRY_SCHEDULER_WEIGHTS', '{', 'GANTRY_SCHEDULER_WEIGHTS: Invalid value: "{": must be JSON'],
    ['GANTRY_SCHEDULER_WEIGHTS', '[1]', 'GANTRY_SCHEDULER_WEIGHTS: Invalid value: "[1]": must be JSON'],
    ['GANTRY_SCHEDULER_WEIGHTS', '{"binpack":8}', 'must be JSON such as {"binpack":{"mostAllocated":8}}'],
    ['GANTRY_SCHEDULER_BATCH_SIZE', 'many', 'GANTRY_SCHEDULER_BATCH_SIZE: Invalid value: "many"'],
    [
      'GANTRY_SCHEDULER_THREADS',
      '0',
      'GANTRY_SCHEDULER_THREADS: Invalid value: "0": must be a whole number between 1 and 64',
    ],
    ['GANTRY_SCHEDULER_LISTEN', 'nowhere', 'must be host:port'],
    [
      'GANTRY_SCHEDULER_DEFRAG',
      'often',
      'GANTRY_SCHEDULER_DEFRAG: Invalid value: "often": must be off, or a time from 1s',
    ],
    ['GANTRY_SCHEDULER_DEFRAG', '0s', 'GANTRY_SCHEDULER_DEFRAG: Invalid value: "0s"'],
    [
      'GANTRY_SCHEDULER_DEFRAG_MIN_GAIN',
      '2',
      'GANTRY_SCHEDULER_DEFRAG_MIN_GAIN: Invalid value: "2": must be between 0.001 and 1',
    ],
    ['GANTRY_SCHEDULER_DIAGNOSTICS', '1.2.3.4', 'must be host:port'],
  ])('%s=%s is refused', (name, value, problem) => {
    expect(() => readConfig([], { [name]: value })).toThrow(problem);
  });
});

const lonePod = (uid: string) => ({ uid, namespace: 'default', group: '' });

test('the pods of a group fall to one shard together, other groups to others', () => {
  const shardOf = (uid: string, group: string): number[] =>
    [0, 1, 2].filter((index) => isInShard({ ...lonePod(uid), group }, { index, count: 3 }));
  const groups = Array.from({ length: 30 }, (_, group) => {
    const shards = new Set(Array.from({ length: 20 }, (_, pod) => shardOf(`uid-${pod}`, `g${group}`).join()));
    expect(shards.size).toBe(1);
    return [...shards][0];
  });
  expect(new Set(groups).size).toBe(3);
});

test('each pod falls to one shard, and all shards get some', () => {
  const counts = [0, 0, 0];
  for (let pod = 0; pod < 300; pod++) {
    const shards = [0, 1, 2].filter((index) => isInShard(lonePod(`uid-${pod}`), { index, count: 3 }));
    expect(shards).toHaveLength(1);
    counts[shards[0]!]!++;
  }
  expect(Math.min(...counts)).toBeGreaterThan(50);
});

test('a configuration that was put together is checked too', () => {
  expect(() => checkConfig({ ...defaultSchedulerConfig, identity: 'me', maxBindsInFlight: 0 })).toThrow(
    'maxBindsInFlight: Invalid value: 0',
  );
});

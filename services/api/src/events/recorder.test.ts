import { setImmediate as nextTurn } from 'node:timers/promises';
import { FakeClock } from '@gantry/runtime/clock.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import type { CommitResult, Operation } from '@gantry/store/store.ts';
import { describe, expect, test } from 'vitest';
import { ApiEvents } from './recorder.ts';

function setUp(maxPending = 10_000) {
  const clock = new FakeClock();
  const commits: Operation[][] = [];
  let revision = 0;
  const commit = async (operations: readonly Operation[]): Promise<CommitResult> => {
    commits.push([...operations]);
    return { ok: true, revisions: operations.map(() => ++revision), revision };
  };
  let uids = 0;
  const entropy = { uid: () => `${++uids}`.padStart(16, '0'), random: () => 0 };
  const events = new ApiEvents({ store: { commit }, clock, entropy, log: silentLogger, maxPending });
  const record = (name: string): void => {
    const about = { apiVersion: 'v1', kind: 'Pod', metadata: { namespace: 'default', name, uid: name } };
    events.record({ about, type: 'Normal', reason: 'Scheduled', message: 'done', component: 'test' });
  };
  const pass = async (ms: number): Promise<void> => {
    clock.advance(ms);
    await nextTurn();
  };
  return { events, commits, record, pass };
}

const written = (commits: readonly Operation[][]): number => commits.flat().length;

describe('events of the api', () => {
  test('are written once a burst is over, many in one commit', async () => {
    const { commits, record, pass } = setUp();
    for (let index = 0; index < 1_200; index++) record(`pod-${index}`);
    await pass(0);
    expect(written(commits)).toBe(0);
    await pass(20);
    await pass(20);
    expect(commits.map((operations) => operations.length)).toEqual([500, 500, 200]);
  });

  test('do not wait for the end of a burst that goes on', async () => {
    const { commits, record, pass } = setUp();
    for (let turn = 0; turn < 60; turn++) {
      record(`pod-${turn}`);
      await pass(20);
    }
    expect(written(commits)).toBeGreaterThanOrEqual(50);
  });

  test('of the same are counted', async () => {
    const { commits, record, pass } = setUp();
    for (let turn = 0; turn < 3; turn++) {
      record('pod');
      await pass(20);
      await pass(20);
    }
    const counts = commits.flat().map((operation) => operation.type === 'put' && JSON.parse(operation.value).count);
    expect(counts).toEqual([1, 2, 3]);
    expect(new Set(commits.flat().map(({ key }) => key)).size).toBe(1);
  });

  test('are written at the end without waiting', async () => {
    const { events, commits, record } = setUp();
    record('a');
    record('b');
    await events[Symbol.asyncDispose]();
    expect(written(commits)).toBe(2);
  });

  test('drop the oldest where too many wait', async () => {
    const { events, commits, record } = setUp(3);
    for (const name of ['a', 'b', 'c', 'd', 'e']) record(name);
    await events[Symbol.asyncDispose]();
    expect(commits.flat().map(({ key }) => key.slice(0, 16))).toEqual([
      'events/default/c',
      'events/default/d',
      'events/default/e',
    ]);
  });
});

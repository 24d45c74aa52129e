import { describe, expect, it } from 'vitest';
import { aJob } from '../testing/job-scenario.ts';
import { failuresAfter } from './backoff.ts';
import { JobDriver, podsOf } from './testing/driver.ts';

const job = aJob('work', { completions: 3, parallelism: 1, backoffLimit: 100 });

/** Pods that ended at these seconds after some moment. */
function ended(state: string, ...seconds: number[]) {
  return seconds.map((second) => {
    const [pod] = podsOf(job, state);
    pod!.status!.conditions = [
      { type: 'Ready', status: 'False', lastTransitionTime: new Date(second * 1000).toISOString() },
    ];
    return pod!;
  });
}

// Facts of Kubernetes' own tests.
it.each<[name: string, count: number, succeeded: number[], failed: number[], after: number, lastMs: number]>([
  ['nothing ended', 1, [], [], 1, 7_000],
  ['one failed', 1, [], [20], 2, 20_000],
  ['two failed', 1, [], [20, 15], 3, 20_000],
  ['one succeeded', 1, [30], [], 0, 0],
  ['one succeeded after the failure', 1, [30], [20], 0, 0],
  ['one failed after the success', 1, [15], [20], 1, 20_000],
  ['two of three failed after the success', 1, [15], [10, 20, 25], 2, 25_000],
])('failures in a row where %s', (_name, count, succeeded, failed, after, lastMs) => {
  const before = { count, lastMs: 7_000 };
  expect(failuresAfter(before, ended('succeeded', ...succeeded), ended('failed', ...failed))).toEqual({
    count: after,
    lastMs,
  });
});

describe('a Job whose pods fail', () => {
  /** Waits, in seconds, between a failure and the next pod. */
  function waits(failures: number, driver = new JobDriver(structuredClone(job))): number[] {
    return Array.from({ length: failures }, () => {
      driver.settle();
      const made = driver.created.length;
      driver.report(driver.created.at(-1)!.metadata.name, 'Failed');
      let seconds = 0;
      for (; driver.settle().created.length === made; seconds++) driver.clock.advance(1_000);
      return seconds;
    });
  }

  it('waits from ten seconds to ten minutes, doubling', () => {
    expect(waits(8)).toEqual([10, 20, 40, 80, 160, 320, 600, 600]);
  });

  it('starts anew after a success', () => {
    const driver = new JobDriver(structuredClone(job));
    expect(waits(3, driver)).toEqual([10, 20, 40]);
    driver.report(driver.created.at(-1)!.metadata.name, 'Succeeded');
    expect(waits(2, driver)).toEqual([10, 20]);
  });

  it('waits for each index on its own', () => {
    const indexed = aJob('work', {
      completionMode: 'Indexed',
      completions: 2,
      parallelism: 2,
      backoffLimitPerIndex: 9,
    });
    indexed.spec.backoffLimit = 100;
    const driver = new JobDriver(indexed).settle();
    driver.report(driver.created[0]!.metadata.name, 'Failed');
    driver.settle();
    expect(driver.requeueMs).toBe(10_000);
    expect(driver.job.status).toMatchObject({ active: 1 });
    // The failed pod stays until the next one is made: it tells how often the index failed.
    expect(driver.job.status!.failed).toBeUndefined();
    driver.clock.advance(10_000);
    driver.settle();
    expect(driver.created).toHaveLength(3);
    expect(driver.job.status).toMatchObject({ active: 2, failed: 1 });
  });

  it('waits no longer than that where the wall clock steps back', () => {
    const driver = new JobDriver(structuredClone(job)).settle();
    driver.report(driver.created[0]!.metadata.name, 'Failed');
    driver.settle();
    driver.clock.stepWall(-3_600_000);
    driver.settle();
    driver.clock.advance(10_000);
    expect(driver.settle().created).toHaveLength(2);
  });

  it('is held back by another process as well, as far as the pods that are left tell', () => {
    const driver = new JobDriver(structuredClone(job)).settle();
    driver.report(driver.created[0]!.metadata.name, 'Failed');
    driver.settle();
    const next = new JobDriver(driver.job, driver.pods).settle();
    expect(next.created).toEqual([]);
    expect(next.requeueMs).toBe(10_000);
  });
});

import type { Job } from '@gantry/model/gen/gantry.batch.v1.ts';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isActive, isTerminating } from '../core/pods.ts';
import { aJob } from '../testing/job-scenario.ts';
import { holds, isFinished } from './conditions.ts';
import { indexOf, isIndexed, isTracked } from './pods.ts';
import { JobDriver, podsOf } from './testing/driver.ts';

const states = fc.constantFrom('pending', 'active', 'ready', 'succeeded', 'failed', 'terminating');
const index = fc.constantFrom('', '@0', '@1', '@2', '@5', '@invalid');
const pods = fc.array(
  fc.tuple(states, index).map(([state, at]) => `${state}${at}`),
  { maxLength: 8 },
);

const specs: fc.Arbitrary<Partial<Job['spec']>> = fc
  .record({
    completions: fc.nat(5),
    parallelism: fc.nat(4),
    backoffLimit: fc.constantFrom(0, 2, 100),
    isIndexed: fc.boolean(),
    limitPerIndex: fc.constantFrom(undefined, 0, 1),
    podReplacementPolicy: fc.constantFrom('Failed', 'TerminatingOrFailed'),
    suspend: fc.boolean(),
  })
  .map(({ isIndexed: indexed, limitPerIndex, ...spec }) => ({
    ...spec,
    completionMode: indexed ? 'Indexed' : 'NonIndexed',
    ...(indexed && limitPerIndex !== undefined ? { backoffLimitPerIndex: limitPerIndex } : {}),
  }));

function settled(
  spec: Partial<Job['spec']>,
  list: readonly string[],
): { driver: JobDriver; before: JobDriver['pods'] } {
  const job = aJob('work', spec);
  const before = podsOf(job, list.join(', '));
  return { driver: new JobDriver(job, structuredClone(before)).settle(), before };
}

it('comes to rest, and writes nothing more', () => {
  fc.assert(
    fc.property(specs, pods, (spec, list) => {
      const { driver } = settled(spec, list);
      expect(driver.once()).toBe(false);
    }),
  );
});

it('never lets more pods run than may, nor two of an index', () => {
  fc.assert(
    fc.property(specs, pods, (spec, list) => {
      const { driver, before } = settled(spec, list);
      const active = driver.pods.filter(isActive);
      const { job } = driver;
      if (holds(job.status?.conditions, 'FailureTarget') || job.spec.suspend) expect(active).toEqual([]);
      // Without deletions no pod is too many: what is there stays, and pods are made up to the bound alone.
      const most = Math.max(spec.parallelism!, before.filter(isActive).length - driver.deleted.length);
      expect(active.length).toBeLessThanOrEqual(most);
      const alive =
        job.spec.podReplacementPolicy === 'Failed' ? [...active, ...driver.pods.filter(isTerminating)] : active;
      if (driver.created.length > 0) {
        const made = new Set(driver.created);
        const others = alive.filter((pod) => !made.has(pod)).map(indexOf);
        if (isIndexed(job)) for (const pod of driver.created) expect(others).not.toContain(indexOf(pod));
      }
    }),
  );
});

it('counts each pod once, and finishes with none left to count', () => {
  fc.assert(
    fc.property(specs, pods, (spec, list) => {
      const { driver, before } = settled(spec, list);
      const { succeeded = 0, failed = 0, uncountedTerminatedPods: left } = driver.job.status!;
      expect(left).toEqual({});
      const ended = before.filter((pod) => !isActive(pod)).length + driver.deleted.length;
      expect(succeeded + failed).toBeLessThanOrEqual(ended);
      if (!isIndexed(driver.job)) {
        expect(succeeded).toBe(before.filter(({ status }) => status?.phase === 'Succeeded').length);
      }
      if (isFinished(driver.job)) expect(driver.pods.filter(isTracked)).toEqual([]);
    }),
  );
});

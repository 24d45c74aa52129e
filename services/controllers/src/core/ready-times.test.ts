import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { FakeClock } from '@gantry/runtime/clock.ts';
import { expect, it } from 'vitest';
import { aPod } from '../testing/objects.ts';
import { ReadyTimes } from './ready-times.ts';

const changed = (object: Pod) => ({ type: 'MODIFIED', object, old: undefined }) as const;

/** The pod, ready since another time. */
function readyAgain(pod: Pod): Pod {
  const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T09:00:00Z' }];
  return { ...pod, status: { ...pod.status, conditions } };
}

it('counts from when a pod was first seen ready, whatever the wall clock does', () => {
  const clock = new FakeClock();
  const times = new ReadyTimes(clock);
  const pod = aPod('p');
  expect(times.forMs(pod)).toBe(0);
  times.observe(changed(pod));
  clock.advance(2_000);
  clock.stepWall(-7_200_000);
  times.observe(changed({ ...pod }));
  expect(times.forMs(pod)).toBe(2_000);
});

it('begins anew after a break, also one that was not seen, and forgets pods that are gone', () => {
  const clock = new FakeClock();
  const times = new ReadyTimes(clock);
  const pod = aPod('p');
  times.observe(changed(pod));
  clock.advance(5_000);
  times.observe(changed(readyAgain(pod)));
  expect(times.forMs(pod)).toBe(0);
  clock.advance(1_000);
  expect(times.forMs(pod)).toBe(1_000);
  const unready = { ...pod, status: { conditions: [{ type: 'Ready', status: 'False' }] } } as Pod;
  times.observe(changed(unready));
  expect(times.forMs(pod)).toBe(0);
  times.observe(changed(pod));
  clock.advance(1_000);
  times.observe({ type: 'DELETED', object: pod, old: pod });
  expect(times.forMs(pod)).toBe(0);
});

import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { FakeClock } from '@gantry/runtime/clock.ts';
import { describe, expect, it } from 'vitest';
import { fakeView } from '../testing/fake-view.ts';
import { aPod } from '../testing/objects.ts';
import { staleTargetController } from './stale-target.ts';

const startMs = Date.parse('2026-01-01T00:00:00Z');

function target(reason = 'EvictionByEvictionAPI', lastTransitionTime = '2026-01-01T00:00:00Z'): Pod {
  const pod = aPod('p', { node: 'n' });
  const condition = { type: 'DisruptionTarget', status: 'True', reason, message: 'm', lastTransitionTime };
  return { ...pod, status: { ...pod.status, conditions: [...(pod.status?.conditions ?? []), condition] } };
}

describe('the condition of a pod that was about to be disrupted', () => {
  const clock = new FakeClock();
  const controller = staleTargetController(clock);
  const plan = (pod: Pod, nowMs: number) => controller.reconcile('default/p', fakeView([pod]), nowMs);

  it('is taken back two minutes later', () => {
    expect(plan(target(), startMs + 20_000)).toEqual([{ type: 'requeue', afterMs: 100_000 }]);
    const [action] = plan(target(), startMs + 120_000);
    expect(action).toMatchObject({ type: 'updateStatus' });
    const lastTransitionTime = '2026-01-01T00:02:00Z';
    expect(action?.type === 'updateStatus' && (action.object as Pod).status?.conditions).toContainEqual({
      type: 'DisruptionTarget',
      status: 'False',
      lastTransitionTime,
    });
  });

  it('stands no longer because the clock was set back', () => {
    const pod = target('PreemptionByScheduler', '2026-01-01T05:00:00Z');
    expect(plan(pod, startMs)).toEqual([{ type: 'requeue', afterMs: 120_000 }]);
    clock.advance(120_000);
    expect(plan(pod, startMs)).toMatchObject([{ type: 'updateStatus' }]);
  });

  it('stands where the pod is being deleted, has ended, or its node ends it', () => {
    const ending = target();
    ending.metadata.deletionTimestamp = '2026-01-01T00:00:00Z';
    const ended = target();
    ended.status!.phase = 'Failed';
    for (const pod of [ending, ended, target('TerminationByKubelet'), aPod('p')]) {
      expect(plan(pod, startMs + 3_600_000)).toEqual([]);
      expect(controller.keysFor(pod, fakeView([]))).toEqual([]);
    }
    expect(controller.keysFor(target(), fakeView([]))).toEqual(['default/p']);
  });
});

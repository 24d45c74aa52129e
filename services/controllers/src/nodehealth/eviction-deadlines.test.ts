import type { Toleration } from '@gantry/model/gen/gantry.core.v1.ts';
import { describe, expect, it } from 'vitest';
import { aPod } from '../testing/objects.ts';
import { EvictionDeadlines } from './eviction-deadlines.ts';

const taint = { key: 'a', value: '1', effect: 'NoExecute' };

function podWith(...tolerations: Toleration[]) {
  const pod = aPod('p', { node: 'n' });
  return { ...pod, spec: { ...pod.spec, tolerations } };
}

describe('the deadline of a pod', () => {
  it.each<[string, Toleration[], number]>([
    ['now without a toleration', [], 0],
    ['never where it is tolerated without a time', [{ operator: 'Exists' }], Number.POSITIVE_INFINITY],
    [
      'the first of several times',
      [
        { operator: 'Exists', tolerationSeconds: 60 },
        { key: 'a', operator: 'Exists', tolerationSeconds: 20 },
      ],
      20_000,
    ],
    ['now with a time below zero', [{ operator: 'Exists', tolerationSeconds: -5 }], 0],
  ])('is %s', (_, tolerations, afterMs) => {
    const deadlines = new EvictionDeadlines();
    const pod = podWith(...tolerations);
    deadlines.note('n', [taint], [pod], 5_000);
    expect(deadlines.of(pod, [taint])).toBe(5_000 + afterMs);
    expect(deadlines.of(pod, [])).toBe(Number.POSITIVE_INFINITY);
  });

  it('runs from the first sight of the pod and of the taint, however often they are seen', () => {
    const deadlines = new EvictionDeadlines();
    const [early, late] = [1, 2].map(() => podWith({ operator: 'Exists', tolerationSeconds: 10 }));
    deadlines.note('n', [taint], [early!], 1_000);
    deadlines.note('n', [taint], [early!, late!], 4_000);
    expect(deadlines.of(early!, [taint])).toBe(11_000);
    expect(deadlines.of(late!, [taint])).toBe(14_000);
    deadlines.note('n', [], [early!], 5_000);
    deadlines.note('n', [taint], [early!], 6_000);
    expect(deadlines.of(early!, [taint])).toBe(16_000);
    const again = { ...taint, timeAdded: '2026-01-01T00:00:00Z' };
    deadlines.note('n', [again], [early!], 9_000);
    expect(deadlines.of(early!, [again])).toBe(19_000);
  });
});

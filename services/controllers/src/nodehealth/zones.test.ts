import { describe, expect, it } from 'vitest';
import { aNode } from '../testing/objects.ts';
import { defaultEvictionSettings, evictionRateOf, zoneOf, zoneStateOf } from './zones.ts';

describe('a zone', () => {
  it('goes by region and zone', () => {
    const node = aNode('n');
    expect(zoneOf(node)).toBe('/');
    const labels = { 'topology.kubernetes.io/region': 'r', 'topology.kubernetes.io/zone': 'z' };
    expect(zoneOf({ ...node, metadata: { ...node.metadata, labels } })).toBe('r/z');
  });

  it.each([
    [0, 0, 'Normal'],
    [5, 0, 'Normal'],
    [1, 2, 'Normal'],
    [2, 3, 'PartialDisruption'],
    [3, 3, 'Normal'],
    [9, 11, 'PartialDisruption'],
    [0, 1, 'FullDisruption'],
    [0, 9, 'FullDisruption'],
  ] as const)('with %i ready and %i not ready nodes is in state %s', (ready, unready, state) => {
    expect(zoneStateOf(ready, unready, defaultEvictionSettings)).toBe(state);
  });

  it('is evicted from at the rate of its state and size', () => {
    expect(evictionRateOf('Normal', 3, defaultEvictionSettings)).toBe(0.1);
    expect(evictionRateOf('FullDisruption', 3, defaultEvictionSettings)).toBe(0.1);
    expect(evictionRateOf('PartialDisruption', 50, defaultEvictionSettings)).toBe(0);
    expect(evictionRateOf('PartialDisruption', 51, defaultEvictionSettings)).toBe(0.01);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EvictionLimiter, type LimitedNode } from './eviction-limiter.ts';
import { defaultEvictionSettings } from './zones.ts';

const recoveryMs = 15_000;

/** So many nodes of a zone, of which the first ones are not ready. */
function zone(name: string, size: number, unready: number): LimitedNode[] {
  return Array.from({ length: size }, (_, index) => {
    return { name: `${name}${index}`, zone: name, isReady: index >= unready, isTainted: false, isCounted: true };
  });
}

/** A limiter that has seen these nodes for long. */
function limiterOf(nodes: readonly LimitedNode[]): EvictionLimiter {
  const limiter = new EvictionLimiter(defaultEvictionSettings, recoveryMs);
  limiter.observe(nodes, -1_000_000);
  return limiter;
}

const permitted = (limiter: EvictionLimiter, nodes: readonly LimitedNode[]): string[] =>
  nodes.filter(({ name }) => limiter.mayEvict(name)).map(({ name }) => name);

describe('EvictionLimiter', () => {
  it('lets one node be emptied at once, and the next ones each ten seconds', () => {
    const limiter = limiterOf(zone('a', 20, 0));
    const lost = zone('a', 20, 3);
    expect(limiter.observe(lost, 0)).toEqual(['a0']);
    expect(limiter.observe(lost, 9_999)).toEqual([]);
    expect(limiter.observe(lost, 10_000)).toEqual(['a1']);
    expect(limiter.observe(lost, 20_000)).toEqual(['a2']);
    expect(limiter.observe(lost, 30_000)).toEqual([]);
    expect(permitted(limiter, lost)).toEqual(['a0', 'a1', 'a2']);
  });

  it('takes a permit back when the node is ready again', () => {
    const limiter = limiterOf(zone('a', 3, 0));
    limiter.observe(zone('a', 3, 1), 0);
    expect(limiter.observe(zone('a', 3, 0), 1_000)).toEqual(['a0']);
    expect(limiter.mayEvict('a0')).toBe(false);
  });

  it('evicts nobody where most of a small zone is gone, and takes back what it gave before that was known', () => {
    const limiter = limiterOf(zone('a', 10, 0));
    expect(limiter.observe(zone('a', 10, 1), 0)).toEqual(['a0']);
    const cut = zone('a', 10, 9);
    expect(limiter.observe(cut, 8_000)).toEqual(['a0']);
    for (let nowMs = 9_000; nowMs < 3_600_000; nowMs += 60_000) expect(limiter.observe(cut, nowMs)).toEqual([]);
    expect(permitted(limiter, cut)).toEqual([]);
    expect(limiter.states().get('a')).toBe('PartialDisruption');
  });

  it('takes no notice of nodes that are excluded when it looks for cuts', () => {
    const limiter = limiterOf(zone('a', 10, 0));
    const excluded = zone('a', 10, 9).map((node) => ({ ...node, isCounted: node.isReady || node.name === 'a0' }));
    expect(limiter.observe(excluded, 0)).toHaveLength(1);
    expect(limiter.states().get('a')).toBe('Normal');
  });

  it('is slow where most of a large zone is gone, and begins after the first hundred seconds', () => {
    const limiter = limiterOf(zone('a', 60, 0));
    const cut = zone('a', 60, 40);
    expect(limiter.observe(cut, 0)).toEqual([]);
    expect(limiter.observe(cut, 99_999)).toEqual([]);
    expect(limiter.observe(cut, 100_000)).toEqual(['a0']);
    expect(limiter.observe(cut, 200_000)).toEqual(['a1']);
  });

  it('moves pods out of a zone that is wholly gone while another one lives', () => {
    const limiter = limiterOf([...zone('a', 3, 0), ...zone('b', 3, 0)]);
    const nodes = [...zone('a', 3, 3), ...zone('b', 3, 0)];
    expect(limiter.observe(nodes, 0)).toEqual(['a0']);
    expect(limiter.observe(nodes, 10_000)).toEqual(['a1']);
    expect(limiter.states()).toEqual(
      new Map([
        ['a', 'FullDisruption'],
        ['b', 'Normal'],
      ]),
    );
  });

  it('evicts nobody where all zones are gone, and gives nodes time when that ends', () => {
    const limiter = limiterOf([...zone('a', 3, 0), ...zone('b', 3, 0)]);
    limiter.observe([...zone('a', 3, 1), ...zone('b', 3, 0)], 0);
    const gone = [...zone('a', 3, 3), ...zone('b', 3, 3)];
    expect(limiter.observe(gone, 10_000)).toEqual(['a0']);
    expect(limiter.observe(gone, 600_000)).toEqual([]);
    const back = [...zone('a', 3, 0), ...zone('b', 3, 1)];
    expect(limiter.observe(back, 601_000)).toEqual([]);
    expect(limiter.observe(back, 601_000 + recoveryMs - 1)).toEqual([]);
    expect(limiter.observe(back, 601_000 + recoveryMs)).toEqual(['b0']);
  });

  it('goes on with the nodes that the leader before it let be emptied', () => {
    const limiter = new EvictionLimiter(defaultEvictionSettings, recoveryMs);
    const nodes = zone('a', 10, 3).map((node, index) => ({ ...node, isTainted: index === 1 }));
    limiter.observe([], -1_000);
    expect(limiter.observe(nodes, 0).sort()).toEqual(['a0', 'a1']);
  });

  it('never lets more nodes be emptied in any time than the rate and one', () => {
    const step = fc.record({ afterMs: fc.integer({ min: 1, max: 20_000 }), unready: fc.integer({ min: 0, max: 12 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const limiter = limiterOf(zone('a', 12, 0));
        const givenAtMs: number[] = [];
        let nowMs = 0;
        for (const { afterMs, unready } of steps) {
          nowMs += afterMs;
          const nodes = zone('a', 12, unready);
          const gained = limiter.observe(nodes, nowMs).filter((name) => limiter.mayEvict(name));
          givenAtMs.push(...gained.map(() => nowMs));
          if (unready / 12 >= 0.55) expect(permitted(limiter, nodes)).toEqual([]);
        }
        for (const [index, atMs] of givenAtMs.entries()) {
          if (index > 0) expect(atMs - givenAtMs[index - 1]!).toBeGreaterThanOrEqual(10_000);
        }
      }),
    );
  });
});

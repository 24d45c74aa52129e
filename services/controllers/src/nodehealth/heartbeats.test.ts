import { describe, expect, it } from 'vitest';
import { HeartbeatTracker } from './heartbeats.ts';

const both = new Set(['a', 'b']);
const none = new Set<string>();

/** A tracker that has heard for long. */
function listening(confirmMs: number): HeartbeatTracker {
  const tracker = new HeartbeatTracker({ confirmMs, recoveryMs: 15_000 });
  tracker.observe(both, both, -60_000);
  return tracker;
}

describe('HeartbeatTracker', () => {
  it('calls a node silent only after it was missing for the whole time of confirmation', () => {
    const tracker = listening(3000);
    expect(tracker.observe(both, both, 0)).toEqual([]);
    expect(tracker.observe(both, new Set(['a']), 1000)).toEqual([]);
    expect(tracker.isSilent('b')).toBe(false);
    expect(tracker.observe(both, new Set(['a']), 4000)).toEqual(['b']);
    expect(tracker.isSilent('b')).toBe(true);
    expect(tracker.isTotal()).toBe(false);
  });

  it('forgives a gap that ends in time', () => {
    const tracker = listening(3000);
    tracker.observe(['a'], none, 0);
    tracker.observe(['a'], new Set(['a']), 2000);
    tracker.observe(['a'], none, 2500);
    tracker.observe(['a'], none, 4000);
    expect(tracker.isSilent('a')).toBe(false);
  });

  it('says when a silent node is heard again, and forgets nodes that are gone', () => {
    const tracker = listening(1000);
    tracker.observe(both, none, 0);
    expect(tracker.observe(both, none, 1000)).toEqual(['a', 'b']);
    expect(tracker.isTotal()).toBe(true);
    expect(tracker.observe(['a'], new Set(['a']), 1500)).toEqual(['a']);
    expect(tracker.isSilent('b')).toBe(false);
  });

  it('has every silent node looked at when the first is heard again: until then nothing was taken from them', () => {
    const tracker = listening(1000);
    tracker.observe(both, none, 0);
    tracker.observe(both, none, 1000);
    expect(tracker.observe(both, new Set(['a']), 2000)).toEqual(['a', 'b']);
    expect(tracker.isSilent('b')).toBe(true);
  });

  it('gives nodes the time to be heard again after it heard nothing itself, and at its start', () => {
    const fresh = new HeartbeatTracker({ confirmMs: 3000, recoveryMs: 15_000 });
    expect(fresh.observe(both, none, 0)).toEqual([]);
    expect(fresh.observe(both, none, 14_999)).toEqual([]);
    expect(fresh.observe(both, none, 15_000)).toEqual(['a', 'b']);
    const tracker = listening(3000);
    tracker.observe(both, new Set(['a']), 0);
    tracker.observe(both, new Set(['a']), 3000);
    tracker.interrupted();
    // What was silent before stays so, what lived is given time.
    expect(tracker.observe(both, none, 60_000)).toEqual(['b']);
    expect(tracker.isSilent('a')).toBe(false);
    expect(tracker.isSilent('b')).toBe(true);
    expect(tracker.observe(both, new Set(['a']), 70_000)).toEqual(['b']);
    expect(tracker.observe(both, new Set(['a']), 75_000)).toEqual([]);
  });
});

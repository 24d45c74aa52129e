import { describe, expect, it } from 'vitest';
import { HeartbeatTracker } from './heartbeats.ts';

describe('HeartbeatTracker', () => {
  it('calls a node silent only after it was missing for the whole time of confirmation', () => {
    const tracker = new HeartbeatTracker(3000);
    expect(tracker.observe(['a', 'b'], new Set(['a', 'b']), 0)).toEqual([]);
    expect(tracker.observe(['a', 'b'], new Set(['a']), 1000)).toEqual([]);
    expect(tracker.isSilent('b')).toBe(false);
    expect(tracker.observe(['a', 'b'], new Set(['a']), 4000)).toEqual(['b']);
    expect(tracker.isSilent('b')).toBe(true);
    expect(tracker.isTotal()).toBe(false);
  });

  it('forgives a gap that ends in time', () => {
    const tracker = new HeartbeatTracker(3000);
    tracker.observe(['a'], new Set(), 0);
    tracker.observe(['a'], new Set(['a']), 2000);
    tracker.observe(['a'], new Set(), 2500);
    tracker.observe(['a'], new Set(), 4000);
    expect(tracker.isSilent('a')).toBe(false);
  });

  it('says when a silent node is heard again, and forgets nodes that are gone', () => {
    const tracker = new HeartbeatTracker(1000);
    tracker.observe(['a', 'b'], new Set(), 0);
    expect(tracker.observe(['a', 'b'], new Set(), 1000)).toEqual(['a', 'b']);
    expect(tracker.isTotal()).toBe(true);
    expect(tracker.observe(['a'], new Set(['a']), 1500)).toEqual(['a']);
    expect(tracker.isSilent('b')).toBe(false);
  });
});

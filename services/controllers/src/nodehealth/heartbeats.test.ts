import { describe, expect, it } from 'vitest';
import { aNode } from '../testing/objects.ts';
import { HeartbeatTracker } from './heartbeats.ts';

const both = new Set(['a', 'b']);
const none = new Set<string>();

/** A list of heartbeats, as new as any object unless told otherwise. */
const heard = (names: Iterable<string>, revision = 1_000) => ({ names: new Set(names), revision });

function nodeAt(name: string, revision: number) {
  const node = aNode(name);
  return { ...node, metadata: { ...node.metadata, resourceVersion: String(revision) } };
}

/** A tracker that has heard for long. */
function listening(confirmMs: number): HeartbeatTracker {
  const tracker = new HeartbeatTracker({ confirmMs, recoveryMs: 15_000 });
  tracker.observe(both, heard(both), -60_000);
  return tracker;
}

describe('HeartbeatTracker', () => {
  it('calls a node lost only after it was missing for the whole time of confirmation', () => {
    const tracker = listening(3000);
    expect(tracker.observe(both, heard(both), 0)).toEqual([]);
    expect(tracker.observe(both, heard('a'), 1000)).toEqual([]);
    expect(tracker.contactWith(nodeAt('b', 1))).toBe('unknown');
    expect(tracker.observe(both, heard('a'), 4000)).toEqual(['b']);
    expect(tracker.contactWith(nodeAt('b', 1))).toBe('lost');
    expect(tracker.contactWith(nodeAt('a', 1))).toBe('heard');
    expect(tracker.isCutOff()).toBe(false);
  });

  it('forgives a gap that ends in time', () => {
    const tracker = listening(3000);
    tracker.observe(['a'], heard(none), 0);
    tracker.observe(['a'], heard('a'), 2000);
    tracker.observe(['a'], heard(none), 2500);
    tracker.observe(['a'], heard(none), 4000);
    expect(tracker.contactWith(nodeAt('a', 1))).toBe('unknown');
  });

  it('says when a lost node is heard again, and forgets nodes that are gone', () => {
    const tracker = listening(1000);
    tracker.observe(both, heard(none), 0);
    expect(tracker.observe(both, heard(none), 1000)).toEqual(['a', 'b']);
    expect(tracker.isCutOff()).toBe(true);
    expect(tracker.observe(['a'], heard('a'), 1500)).toEqual(['a']);
    expect(tracker.contactWith(nodeAt('b', 1))).toBe('unknown');
  });

  it('knows nothing of a node that reported after the list of heartbeats was made', () => {
    const tracker = listening(1000);
    tracker.observe(both, heard('a', 50), 0);
    tracker.observe(both, heard('a', 60), 1000);
    expect(tracker.contactWith(nodeAt('b', 60))).toBe('lost');
    expect(tracker.contactWith(nodeAt('b', 61))).toBe('unknown');
    tracker.observe(both, heard('a', 61), 2000);
    expect(tracker.contactWith(nodeAt('b', 61))).toBe('lost');
  });

  it('has every lost node looked at when the first is heard again: until then nothing was taken from them', () => {
    const tracker = listening(1000);
    tracker.observe(both, heard(none), 0);
    tracker.observe(both, heard(none), 1000);
    expect(tracker.observe(both, heard('a'), 2000)).toEqual(['a', 'b']);
    expect(tracker.contactWith(nodeAt('b', 1))).toBe('lost');
  });

  it('gives nodes the time to be heard again after it heard nothing itself, and at its start', () => {
    const fresh = new HeartbeatTracker({ confirmMs: 3000, recoveryMs: 15_000 });
    expect(fresh.observe(both, heard(none), 0)).toEqual([]);
    expect(fresh.observe(both, heard(none), 14_999)).toEqual([]);
    expect(fresh.observe(both, heard(none), 15_000)).toEqual(['a', 'b']);
    const tracker = listening(3000);
    tracker.observe(both, heard('a'), 0);
    tracker.observe(both, heard('a'), 3000);
    tracker.interrupted();
    // Both may have come and gone meanwhile, the one that was lost before as well.
    expect(tracker.contactWith(nodeAt('a', 1))).toBe('unknown');
    expect(tracker.contactWith(nodeAt('b', 1))).toBe('unknown');
    tracker.observe(both, heard(none), 60_000);
    expect(tracker.contactWith(nodeAt('b', 1))).toBe('unknown');
    tracker.observe(both, heard('a'), 70_000);
    expect(tracker.contactWith(nodeAt('b', 1))).toBe('unknown');
    expect(tracker.observe(both, heard('a'), 75_000)).toEqual(['b']);
    expect(tracker.contactWith(nodeAt('b', 1))).toBe('lost');
  });
});

import { describe, expect, test } from 'vitest';
import { resumeAfter } from './relay.ts';

describe('the revision after which a relay publishes', () => {
  test('is the last one that the former leader published', () => {
    expect(resumeAfter({ revision: 90, history: 5 }, 100, 1_000)).toEqual({ start: 90, history: 5 });
  });

  test('is the present one if too much would be published again', () => {
    expect(resumeAfter({ revision: 90, history: 5 }, 100_000, 1_000)).toEqual({ start: 100_000, history: 5 });
  });

  test('begins a new history if no leader is known, or the store holds less than it published', () => {
    expect(resumeAfter(undefined, 100, 1_000)).toEqual({ start: 100, history: 1_000 });
    expect(resumeAfter({ revision: 101, history: 5 }, 100, 1_000)).toEqual({ start: 100, history: 1_000 });
  });
});

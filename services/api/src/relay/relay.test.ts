import { describe, expect, test } from 'vitest';
import { beginning } from './relay.ts';

describe('where a relay begins', () => {
  test('where the leader before it is known to have come', () => {
    expect(beginning({ revision: 90, history: 5 }, 100, 1_000)).toEqual({ start: 90, history: 5 });
  });

  test('with what comes next where it would have to repeat too much', () => {
    expect(beginning({ revision: 90, history: 5 }, 100_000, 1_000)).toEqual({ start: 100_000, history: 5 });
  });

  test('with a new history where nothing is known of a leader, or the store holds less than it published', () => {
    expect(beginning(undefined, 100, 1_000)).toEqual({ start: 100, history: 1_000 });
    expect(beginning({ revision: 101, history: 5 }, 100, 1_000)).toEqual({ start: 100, history: 1_000 });
  });
});

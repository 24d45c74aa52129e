import { describe, expect, it } from 'vitest';
import { afterCheck, initialState, isSettled, type ProbeKind, type ProbeState, timesOf } from './state.ts';

function after(kind: ProbeKind, outcomes: string, probe = {}): ProbeState {
  const times = timesOf(probe);
  return [...outcomes].reduce((state, outcome) => afterCheck(state, outcome === '+', times), initialState(kind, false));
}

describe('a probe', () => {
  it('has the defaults of Kubernetes', () => {
    expect(timesOf({})).toEqual({
      initialDelayMs: 0,
      periodMs: 10_000,
      timeoutMs: 1_000,
      successThreshold: 1,
      failureThreshold: 3,
    });
  });

  it.each([
    ['liveness', '', 'success'],
    ['liveness', '--', 'success'],
    ['liveness', '---', 'failure'],
    ['liveness', '--+--', 'success'],
    ['readiness', '', 'failure'],
    ['readiness', '+', 'success'],
    ['readiness', '+--', 'success'],
    ['readiness', '+---', 'failure'],
    ['startup', '', 'unknown'],
    ['startup', '--+', 'success'],
    ['startup', '---', 'failure'],
  ] as const)('for %s after %s is %s', (kind, outcomes, result) => {
    expect(after(kind, outcomes).result).toBe(result);
  });

  it('needs as many successes in a row as its threshold says', () => {
    expect(after('readiness', '+', { successThreshold: 2 }).result).toBe('failure');
    expect(after('readiness', '+-+', { successThreshold: 2 }).result).toBe('failure');
    expect(after('readiness', '+-++', { successThreshold: 2 }).result).toBe('success');
  });

  it('is settled once it killed or started the container; readiness never is', () => {
    expect(isSettled('startup', after('startup', '+'))).toBe(true);
    expect(isSettled('startup', after('startup', '-'))).toBe(false);
    expect(isSettled('liveness', after('liveness', '+'))).toBe(false);
    expect(isSettled('liveness', after('liveness', '---'))).toBe(true);
    expect(isSettled('readiness', after('readiness', '---'))).toBe(false);
  });

  it('keeps a success that an earlier agent reported', () => {
    expect(initialState('readiness', true).result).toBe('success');
    expect(initialState('startup', true).result).toBe('success');
  });
});

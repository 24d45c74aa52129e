import type { Probe } from '@gantry/model/gen/gantry.core.v1.ts';

export type ProbeKind = 'startup' | 'liveness' | 'readiness';

/** The history of one probe of one container. */
export interface ProbeState {
  readonly result: 'unknown' | 'success' | 'failure';
  /** Outcomes in a row that were like the last one. */
  readonly streak: number;
  readonly lastOk: boolean | undefined;
}

/** How a probe is run; Kubernetes' defaults where its spec says nothing. */
export interface ProbeTimes {
  readonly initialDelayMs: number;
  readonly periodMs: number;
  readonly timeoutMs: number;
  readonly successThreshold: number;
  readonly failureThreshold: number;
}

export function timesOf(probe: Probe): ProbeTimes {
  return {
    initialDelayMs: (probe.initialDelaySeconds ?? 0) * 1_000,
    periodMs: (probe.periodSeconds || 10) * 1_000,
    timeoutMs: (probe.timeoutSeconds || 1) * 1_000,
    successThreshold: probe.successThreshold || 1,
    failureThreshold: probe.failureThreshold || 3,
  };
}

/**
 * Before the first check a container counts as alive, not ready and not started.
 * @param known Success that was reported by an agent before this one, for a container that still runs.
 */
export function initialState(kind: ProbeKind, known: boolean): ProbeState {
  const unchecked = { startup: 'unknown', liveness: 'success', readiness: 'failure' } as const;
  return { result: known ? 'success' : unchecked[kind], streak: 0, lastOk: undefined };
}

/** The state after one more check. A result changes once its threshold of equal outcomes in a row is reached. */
export function afterCheck(state: ProbeState, ok: boolean, times: ProbeTimes): ProbeState {
  const streak = state.lastOk === ok ? state.streak + 1 : 1;
  const threshold = ok ? times.successThreshold : times.failureThreshold;
  const result = streak >= threshold ? (ok ? 'success' : 'failure') : state.result;
  return { result, streak, lastOk: ok };
}

/** A probe is at its end: it started the container, or wants it killed. Only readiness goes on for as long as the container runs. */
export function isSettled(kind: ProbeKind, state: ProbeState): boolean {
  switch (kind) {
    case 'startup':
      return state.result !== 'unknown';
    case 'liveness':
      return state.result === 'failure';
    case 'readiness':
      return false;
  }
}

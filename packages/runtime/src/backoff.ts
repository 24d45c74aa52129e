/** How long to wait between attempts. */
export interface BackoffPolicy {
  /** Wait before the second attempt, in milliseconds. */
  readonly initialMs: number;
  /** Upper bound of one wait, in milliseconds. */
  readonly maxMs: number;
  /** Ratio of each wait to the one before. */
  readonly factor: number;
  /** Share of the wait that is random, 0 to 1; spreads retries of many clients. */
  readonly jitter: number;
}

/** Retries of calls between services. */
export const defaultBackoff: BackoffPolicy = { initialMs: 100, maxMs: 10_000, factor: 2, jitter: 0.2 };

/** The wait before attempt `attempt` (1 is the first retry), in milliseconds; `random` gives numbers from 0 to 1. */
export function backoffMs(policy: BackoffPolicy, attempt: number, random: () => number = Math.random): number {
  const base = Math.min(policy.maxMs, policy.initialMs * policy.factor ** Math.max(0, attempt - 1));
  return Math.round(base * (1 - policy.jitter * random()));
}

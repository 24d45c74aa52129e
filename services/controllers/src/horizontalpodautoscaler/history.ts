import type { HPAScalingRules } from '@gantry/model/gen/gantry.autoscaling.v2.ts';

/** Recommendations of one autoscaler that are kept at most, whatever its window. */
const maxRecommendations = 4_096;
/** Changes that are kept at most in either direction. */
const maxChanges = 4_096;
/** Longest window and period that the api takes. */
const longestMs = 3_600_000;

interface Timed {
  /** When, by the monotonic clock. */
  readonly atMs: number;
}

interface Recommendation extends Timed {
  readonly replicas: number;
}

interface Change extends Timed {
  /** Replicas that came or went; above 0. */
  readonly count: number;
}

/** The past of one autoscaler: replicas that were recommended, and changes that were made. Times are of the monotonic clock. */
export class History {
  #recommendations: Recommendation[] = [];
  #ups: Change[] = [];
  #downs: Change[] = [];

  /** Replicas recommended since a time, that very moment among them. */
  recommendedSince(sinceMs: number): number[] {
    return this.#recommendations.filter(({ atMs }) => atMs >= sinceMs).map(({ replicas }) => replicas);
  }

  /** Replicas recommended after a time. */
  recommendedAfter(sinceMs: number): number[] {
    return this.#recommendations.filter(({ atMs }) => atMs > sinceMs).map(({ replicas }) => replicas);
  }

  /** True where nothing was recommended yet. */
  get isEmpty(): boolean {
    return this.#recommendations.length === 0;
  }

  recommend(replicas: number, atMs: number): void {
    this.#recommendations.push({ replicas, atMs });
    this.#recommendations = kept(this.#recommendations, atMs, maxRecommendations);
  }

  /** Notes a change that was made. */
  change(from: number, to: number, atMs: number): void {
    if (to > from) this.#ups = kept([...this.#ups, { count: to - from, atMs }], atMs, maxChanges);
    if (to < from) this.#downs = kept([...this.#downs, { count: from - to, atMs }], atMs, maxChanges);
  }

  /** The replicas that there were a period ago, as far as changes of this autoscaler tell. */
  replicasBefore(current: number, periodSeconds: number, nowMs: number): number {
    const since = nowMs - periodSeconds * 1000;
    const sum = (changes: readonly Change[]): number =>
      changes.filter(({ atMs }) => atMs > since).reduce((total, { count }) => total + count, 0);
    return current - sum(this.#ups) + sum(this.#downs);
  }
}

function kept<T extends Timed>(all: T[], nowMs: number, most: number): T[] {
  const recent = all[0] !== undefined && all[0].atMs < nowMs - longestMs ? all.filter(isRecent(nowMs)) : all;
  return recent.length > most ? recent.slice(-most) : recent;
}

function isRecent(nowMs: number): (each: Timed) => boolean {
  return ({ atMs }) => atMs >= nowMs - longestMs;
}

/** The most replicas that the rules allow at present; without policies, any number. */
export function upLimit(current: number, rules: HPAScalingRules, history: History, nowMs: number): number {
  const { selectPolicy = 'Max', policies = [] } = rules;
  if (selectPolicy === 'Disabled') return current;
  if (policies.length === 0) return Number.POSITIVE_INFINITY;
  const limits = policies.map(({ type, value = 0, periodSeconds = 0 }) => {
    const before = history.replicasBefore(current, periodSeconds, nowMs);
    // Rounded up, or one replica would never become two; and no part of nothing would ever wake a target.
    return type === 'Pods' ? before + value : Math.max(1, Math.ceil(before * (1 + value / 100)));
  });
  return Math.max(current, selectPolicy === 'Min' ? Math.min(...limits) : Math.max(...limits));
}

/** The fewest replicas that the rules allow at present; without policies, any number. */
export function downLimit(current: number, rules: HPAScalingRules, history: History, nowMs: number): number {
  const { selectPolicy = 'Max', policies = [] } = rules;
  if (selectPolicy === 'Disabled') return current;
  if (policies.length === 0) return Number.NEGATIVE_INFINITY;
  const limits = policies.map(({ type, value = 0, periodSeconds = 0 }) => {
    const before = history.replicasBefore(current, periodSeconds, nowMs);
    return type === 'Pods' ? before - value : Math.trunc(before * (1 - value / 100));
  });
  return Math.min(current, selectPolicy === 'Min' ? Math.max(...limits) : Math.min(...limits));
}

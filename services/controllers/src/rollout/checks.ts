import type {
  LatencyCheck,
  RolloutAnalysis,
  RolloutCheck,
  SuccessRateCheck,
} from '@gantry/model/gen/gantry.rollout.v1.ts';
import type { Answer, Question, TrafficSample } from '../core/measure.ts';

/** The names that questions are asked about. */
export interface Subject {
  readonly namespace: string;
  /** Name of the workload. */
  readonly workload: string;
  readonly canary: string;
  readonly stable: string;
  /** Services whose requests may go to the canary. */
  readonly services: readonly string[];
}

/** A measurement of one check: good enough, too bad, or neither, with the numbers in words. */
export interface Finding {
  readonly outcome: 'good' | 'bad' | 'unknown';
  readonly text: string;
}

/** The questions of a check, in an order that `judge` knows. */
export function questionsOf(check: RolloutCheck, analysis: RolloutAnalysis, subject: Subject): Question[] {
  const { prometheus } = check;
  if (prometheus !== undefined) {
    return [{ type: 'prometheus', query: filledIn(prometheus.query, subject) }];
  }
  const { namespace, canary: revision, services } = subject;
  const windowSeconds = (check.successRate ?? check.latency)?.windowSeconds ?? analysis.intervalSeconds ?? 30;
  return services.map((service) => ({ type: 'traffic', namespace, service, revision, windowSeconds }));
}

/** Judges the answers to a check's questions. Any that is missing leaves it open. */
export function judge(check: RolloutCheck, answers: readonly Answer[]): Finding {
  const missing = answers.find(({ type }) => type === 'none');
  if (missing?.type === 'none') return unknown(missing.problem);
  const { prometheus, successRate, latency } = check;
  if (prometheus !== undefined) {
    const [answer] = answers;
    if (answer?.type !== 'prometheus' || !Number.isFinite(answer.value)) return unknown('the query has no number');
    const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = prometheus;
    const isGood = answer.value >= min && answer.value <= max;
    return { outcome: isGood ? 'good' : 'bad', text: `the query is ${answer.value}, and must be ${bounds(min, max)}` };
  }
  const samples = answers.flatMap((answer) => (answer.type === 'traffic' ? [answer.sample] : []));
  if (samples.length === 0) return unknown('no Service selects the pods');
  if (!samples.every(isPlausible)) return unknown('the counts are no numbers of requests');
  const requests = samples.reduce((total, sample) => total + sample.requests, 0);
  const least = (successRate ?? latency)?.minRequests ?? 1;
  if (requests < least) return unknown(`${requests} requests are less than ${least}`);
  return successRate !== undefined
    ? judgeSuccess(successRate, requests, samples)
    : judgeLatency(latency!, requests, samples);
}

function judgeSuccess({ minPercent }: SuccessRateCheck, requests: number, samples: readonly TrafficSample[]): Finding {
  const errors = samples.reduce((total, sample) => total + sample.errors, 0);
  const percent = ((requests - errors) / requests) * 100;
  const text = `${shown(percent)} % of ${requests} requests succeeded, and at least ${minPercent} % must`;
  return { outcome: percent >= minPercent ? 'good' : 'bad', text };
}

/** The slowest Service counts: quantiles of several cannot be put together. */
function judgeLatency(check: LatencyCheck, requests: number, samples: readonly TrafficSample[]): Finding {
  const { quantilePercent = 99, maxMilliseconds } = check;
  const used = samples.filter((sample) => sample.requests > 0);
  const times = used.map(({ latencyMs }) => latencyMs.get(quantilePercent) ?? Number.NaN);
  if (!times.every((time) => Number.isFinite(time) && time >= 0)) return unknown('the times are no numbers');
  const slowest = Math.max(...times);
  const text = `${quantilePercent} % of ${requests} requests took ${shown(slowest)} ms at most, and may take ${maxMilliseconds} ms`;
  return { outcome: slowest <= maxMilliseconds ? 'good' : 'bad', text };
}

function isPlausible({ requests, errors }: TrafficSample): boolean {
  return Number.isFinite(requests) && Number.isFinite(errors) && errors >= 0 && errors <= requests;
}

function unknown(text: string): Finding {
  return { outcome: 'unknown', text };
}

function bounds(min: number, max: number): string {
  if (min === Number.NEGATIVE_INFINITY) return `${max} at most`;
  return max === Number.POSITIVE_INFINITY ? `${min} at least` : `from ${min} to ${max}`;
}

function shown(value: number): string {
  return String(Math.round(value * 100) / 100);
}

function filledIn(query: string, { namespace, workload, canary, stable }: Subject): string {
  const values: Readonly<Record<string, string>> = { namespace, workload, canary, stable };
  return query.replaceAll(/\$\((namespace|workload|canary|stable)\)/g, (_, name: string) => values[name]!);
}

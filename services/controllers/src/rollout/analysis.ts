import type {
  RolloutAnalysis,
  RolloutAnalysisStatus,
  RolloutCheck,
  RolloutCheckStatus,
} from '@gantry/model/gen/gantry.rollout.v1.ts';
import { rfc3339 } from '@gantry/runtime/time.ts';
import type { Measured, Measurement } from '../core/measure.ts';
import { judge, questionsOf, type Subject } from './checks.ts';
import type { Waits } from './waits.ts';

/** An analysis that is under way. */
export interface Run {
  /** Tells it from every other analysis of the rollout. */
  readonly id: string;
  readonly analysis: RolloutAnalysis;
  /** All measurements until now; undefined before the first look. */
  readonly status: RolloutAnalysisStatus | undefined;
  readonly subject: Subject;
  readonly waits: Waits;
  /** The answers to a measurement that was asked for; undefined where they are not there. */
  readonly answers: (id: string) => Measured | undefined;
  readonly nowMs: number;
}

/** The next state of an analysis, and what it waits for. */
export interface Progress {
  readonly status: RolloutAnalysisStatus;
  readonly verdict: 'running' | 'succeeded' | 'failed' | 'inconclusive';
  /** The finding that decided it, in words. */
  readonly reason: string;
  /** To be taken now. */
  readonly measurement?: Measurement;
  /** Milliseconds until the next measurement is due. */
  readonly afterMs?: number;
}

/** Looks at an analysis: takes in the answers that came, and says what is to be measured next, and when. */
export function look(run: Run): Progress {
  const { analysis, waits, answers, nowMs } = run;
  const status = run.status ?? { startTime: rfc3339(nowMs), measurements: 0, phase: 'Running' };
  const decided = verdictOf(status, analysis);
  if (decided.verdict !== 'running') return { status, ...decided };
  const count = status.measurements ?? 0;
  const id = `${run.id}/${status.startTime}/${count}`;
  const seconds = (count === 0 ? analysis.initialDelaySeconds : analysis.intervalSeconds) ?? 30;
  const since = Date.parse((count === 0 ? status.startTime : status.lastTime) ?? '') || nowMs;
  const afterMs = waits.leftMs(id, seconds, since, nowMs);
  if (afterMs > 0) return { status, verdict: 'running', reason: '', afterMs };
  const questions = analysis.checks.flatMap((check) => questionsOf(check, analysis, run.subject));
  const measured = answers(id);
  // The answers are of other questions where a Service came or went.
  if (measured === undefined || measured.answers.length !== questions.length) {
    return { status, verdict: 'running', reason: '', measurement: { id, questions } };
  }
  return takenIn(run, status, measured);
}

function takenIn(run: Run, status: RolloutAnalysisStatus, { answers }: Measured): Progress {
  const { analysis, subject, nowMs } = run;
  let start = 0;
  const checks = analysis.checks.map((check) => {
    const end = start + questionsOf(check, analysis, subject).length;
    const finding = judge(check, answers.slice(start, end));
    start = end;
    const before = status.checks?.find(({ name }) => name === check.name);
    return counted(check, before, finding.outcome, finding.text);
  });
  const measurements = (status.measurements ?? 0) + 1;
  const next: RolloutAnalysisStatus = { ...status, lastTime: rfc3339(nowMs), measurements, checks };
  const decided = verdictOf(next, analysis);
  next.phase = phases[decided.verdict];
  if (decided.verdict !== 'running') return { status: next, ...decided };
  return { status: next, ...decided, afterMs: (analysis.intervalSeconds ?? 30) * 1000 };
}

const phases = {
  running: 'Running',
  succeeded: 'Succeeded',
  failed: 'Failed',
  inconclusive: 'Inconclusive',
} as const;

function counted(
  { name }: RolloutCheck,
  before: RolloutCheckStatus | undefined,
  outcome: 'good' | 'bad' | 'unknown',
  lastValue: string,
): RolloutCheckStatus {
  const { successful = 0, failed = 0, inconclusive = 0 } = before ?? {};
  return {
    name,
    successful: successful + (outcome === 'good' ? 1 : 0),
    failed: failed + (outcome === 'bad' ? 1 : 0),
    inconclusive: outcome === 'unknown' ? inconclusive + 1 : 0,
    lastValue,
  };
}

/** The verdict of the counts. A failure counts before a lack of answers, and that before success. */
function verdictOf(
  { checks = [] }: RolloutAnalysisStatus,
  { failureLimit = 0, inconclusiveLimit = 3, count }: RolloutAnalysis,
): Pick<Progress, 'verdict' | 'reason'> {
  const told = ({ name, lastValue = '' }: RolloutCheckStatus): string => `check "${name}": ${lastValue}`;
  const failed = checks.find((check) => (check.failed ?? 0) > failureLimit);
  if (failed !== undefined) return { verdict: 'failed', reason: told(failed) };
  const open = checks.find((check) => (check.inconclusive ?? 0) > inconclusiveLimit);
  if (open !== undefined) return { verdict: 'inconclusive', reason: told(open) };
  const isDone = count !== undefined && checks.length > 0 && checks.every(({ successful = 0 }) => successful >= count);
  return { verdict: isDone ? 'succeeded' : 'running', reason: '' };
}

import { rfc3339 } from '@gantry/runtime/time.ts';
import { look, type Progress } from './analysis.ts';
import type { Subject } from './checks.ts';
import { type Draft, lookAfter, type Situation, setPhase } from './draft.ts';
import type { Step } from './plan.ts';
import { abort, nextStep, promote } from './transitions.ts';

/** Said of a workload whose controller goes on with nothing. */
export const held = 'The workload is paused.';

/** Goes through the steps until one has to wait, or the canary is the stable revision. */
export function advance(draft: Draft, situation: Situation): void {
  const { status } = draft;
  const { steps } = situation.plan;
  for (let turn = 0; turn <= steps.length; turn++) {
    const step = steps[status.currentStep ?? 0];
    if (step === undefined) {
      finish(draft, situation);
      return;
    }
    if (!isDone(step, draft, situation)) return;
    nextStep(status, situation);
  }
}

/** True where a step is over; else notes what it waits for. */
function isDone(step: Step, draft: Draft, situation: Situation): boolean {
  const { status } = draft;
  switch (step.type) {
    case 'weight':
      if (!hasItsPods(draft, situation, `it gets ${step.percent} % of the requests`)) return false;
      setWeight(draft, step.percent);
      return true;
    case 'scale':
      return hasItsPods(draft, situation, 'the rollout goes on');
    case 'pause':
      return isPauseOver(step.seconds, draft, situation);
    case 'analysis': {
      const id = `step/${status.currentStep}/${status.canaryRevision}`;
      const run = { id, analysis: step.analysis, status: status.analysis, subject: subjectOf(draft, situation) };
      const progress = look({ ...situation, ...run });
      status.analysis = progress.status;
      return follows(progress, step.analysis.onInconclusive, draft, situation);
    }
  }
}

function setWeight(draft: Draft, percent: number): void {
  const { status } = draft;
  if (status.canaryWeight === percent) return;
  status.canaryWeight = percent;
  const message = `Revision ${status.canaryRevision} gets ${percent} % of the requests.`;
  draft.told.push({ eventType: 'Normal', reason: 'CanaryWeightChanged', message });
}

/** True where as many of the canary's pods are available as it has to have. */
function hasItsPods(draft: Draft, situation: Situation, then: string): boolean {
  const { canaryRevision, canaryAvailableReplicas = 0, canaryReplicas = 0 } = draft.status;
  if (situation.workload.replicas === 0) {
    // Nobody knows whether a revision works that never had a pod.
    setPhase(draft, 'Paused', 'The workload has no replicas; the rollout goes on when it has.', situation);
    return false;
  }
  if (canaryAvailableReplicas >= canaryReplicas) return true;
  const message = `${canaryAvailableReplicas} of ${canaryReplicas} pods of revision ${canaryRevision} are available; with all of them ${then}.`;
  setPhase(draft, isLast(draft, situation) ? 'Promoting' : 'Progressing', message, situation);
  return false;
}

function isLast({ status }: Draft, { plan }: Situation): boolean {
  return (status.currentStep ?? 0) >= plan.steps.length;
}

function isPauseOver(seconds: number | undefined, draft: Draft, situation: Situation): boolean {
  const { status } = draft;
  const { waits, nowMs } = situation;
  if (seconds === undefined) {
    setPhase(draft, 'Paused', 'The rollout waits until somebody promotes it.', situation);
    return false;
  }
  const since = Date.parse(status.stepStartTime ?? '') || nowMs;
  const id = `pause/${status.canaryRevision}/${status.currentStep}/${status.stepStartTime}`;
  const leftMs = waits.leftMs(id, seconds, since, nowMs);
  if (leftMs <= 0) return true;
  lookAfter(draft, leftMs);
  setPhase(draft, 'Paused', `The rollout waits for ${seconds} seconds.`, situation);
  return false;
}

/** After the last step: the canary gets all of its pods, and then becomes the stable revision. */
function finish(draft: Draft, situation: Situation): void {
  const { status } = draft;
  const { workload } = situation;
  if (hasItsPods(draft, situation, 'it becomes the stable one')) {
    promote(draft, situation);
    return;
  }
  if (workload.isSideBySide || workload.replicas === 0) return;
  // Its pods take the places of the stable ones: those that are left must not carry more than their part.
  const share = Math.floor((100 * (status.canaryAvailableReplicas ?? 0)) / workload.replicas);
  status.canaryWeight = Math.max(status.canaryWeight ?? 0, share);
}

/** Goes by the verdict of an analysis: true where the rollout may go on. */
function follows(progress: Progress, onInconclusive: string | undefined, draft: Draft, situation: Situation): boolean {
  const { verdict, reason, measurement, afterMs } = progress;
  if (measurement !== undefined) draft.measurements.push(measurement);
  if (afterMs !== undefined) lookAfter(draft, afterMs);
  switch (verdict) {
    case 'succeeded':
      return true;
    case 'failed':
      abort(draft, situation, 'AnalysisFailed', reason);
      return false;
    case 'inconclusive':
      if (onInconclusive === 'Pause') setPhase(draft, 'Paused', `Nobody knows how it is: ${reason}`, situation);
      else abort(draft, situation, 'AnalysisInconclusive', reason);
      return false;
    case 'running': {
      const { measurements = 0 } = progress.status;
      setPhase(draft, 'Progressing', `An analysis is under way; measurements: ${measurements}.`, situation);
      return false;
    }
  }
}

/**
 * Looks at the analysis that goes on beside the steps, from the first request to the canary on. False where it stands in the way.
 */
export function analyseBackground(draft: Draft, situation: Situation): boolean {
  const { status } = draft;
  const { background } = situation.plan;
  const hasRequests = (status.canaryWeight ?? 0) > 0 || status.backgroundAnalysis !== undefined;
  if (background === undefined || !hasRequests || status.backgroundAnalysis?.phase === 'Skipped') return true;
  const id = `background/${status.canaryRevision}`;
  const run = { id, analysis: background, status: status.backgroundAnalysis, subject: subjectOf(draft, situation) };
  const progress = look({ ...situation, ...run });
  status.backgroundAnalysis = progress.status;
  const { verdict, measurement, afterMs } = progress;
  if (verdict !== 'running') return follows(progress, background.onInconclusive, draft, situation);
  if (measurement !== undefined) draft.measurements.push(measurement);
  if (afterMs !== undefined) lookAfter(draft, afterMs);
  return true;
}

function subjectOf({ status }: Draft, { rollout }: Situation): Subject {
  return {
    namespace: rollout.metadata.namespace!,
    workload: rollout.spec.workloadRef.name,
    canary: status.canaryRevision!,
    stable: status.stableRevision!,
    services: [...(status.services ?? []), ...(status.previewServices ?? [])],
  };
}

/**
 * Aborts a rollout whose canary lacks pods, and got none more for too long, also where it had them before. False where it did.
 */
export function keepDeadline(draft: Draft, situation: Situation): boolean {
  const { status } = draft;
  const { rollout, plan, waits, nowMs } = situation;
  const { canaryReplicas = 0, canaryAvailableReplicas: available = 0, canaryRevision, currentStep = 0 } = status;
  if (available >= canaryReplicas) return true;
  const seconds = rollout.spec.progressDeadlineSeconds ?? 600;
  const type = plan.steps[currentStep]?.type;
  const waitsForPods = type === undefined || type === 'weight' || type === 'scale';
  const id = `${canaryRevision}/${currentStep}`;
  const before = rollout.status ?? {};
  const best = waits.highest(`best/${id}`, available);
  const isBetter = available === best && available > (before.canaryAvailableReplicas ?? 0);
  // It lacks pods since now: it asks for more, or the workload went on.
  const wasWhole = (before.canaryAvailableReplicas ?? 0) >= (before.canaryReplicas ?? 0) || before.message === held;
  if (waitsForPods && (isBetter || wasWhole)) status.stepStartTime = rfc3339(nowMs);
  const since = waitsForPods ? Date.parse(status.stepStartTime ?? '') || nowMs : nowMs;
  const leftMs = waits.leftMs(`progress/${id}/${best}`, seconds, since, nowMs);
  if (leftMs > 0) {
    lookAfter(draft, leftMs);
    return true;
  }
  const why = `${available} of ${canaryReplicas} pods were available, and no more of them for ${seconds} seconds.`;
  abort(draft, situation, 'ProgressDeadlineExceeded', why);
  return false;
}

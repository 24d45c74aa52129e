import type { RolloutStatus } from '@gantry/model/gen/gantry.rollout.v1.ts';
import { advance, analyseBackground, held, keepDeadline } from './advance.ts';
import { type Draft, lookAfter, type Situation, setPhase } from './draft.ts';
import { canaryPodsAt, weightAt } from './plan.ts';
import { abort, begin, enterStep, forgetCanary, forgetDraining, nextStep } from './transitions.ts';

/**
 * Decides the next status of a rollout. Pure but for the waits that it notes.
 *
 * Each change of the weight, of the revisions and of the pods that the canary may have is one write of the status: whoever reads it
 * sees states that belong together.
 */
export function decide(situation: Situation): Draft {
  const { rollout, workload, services } = situation;
  const before = rollout.status ?? {};
  const draft: Draft = {
    status: {
      canaryWeight: 0,
      canaryReplicas: 0,
      currentStep: 0,
      ...before,
      observedGeneration: rollout.metadata.generation ?? 0,
      services: [...services.split],
      previewServices: [...services.preview],
    },
    told: [],
    measurements: [],
    afterMs: Number.POSITIVE_INFINITY,
  };
  const { status } = draft;
  if (status.stableRevision && !workload.keeps(status.stableRevision)) startOver(status);
  if (!status.stableRevision) initialize(draft, situation);
  else if (workload.revision !== undefined) follow(draft, situation, workload.revision);
  drain(draft, situation);
  handleRest(draft, situation);
  return draft;
}

/** Gives up on a stable revision of which no pod can be made any more. */
function startOver(status: RolloutStatus): void {
  status.stableRevision = '';
  forgetCanary(status);
}

/** Waits for the workload's first complete revision: until then it goes by its own strategy. */
function initialize(draft: Draft, situation: Situation): void {
  const { workload } = situation;
  forgetCanary(draft.status);
  if (!workload.isComplete || workload.replicas === 0) {
    setPhase(draft, 'Initializing', 'The workload was not complete yet.', situation);
    return;
  }
  draft.status.stableRevision = workload.revision!;
  setPhase(draft, 'Healthy', `Revision ${workload.revision} is stable.`, situation);
}

/** Follows the workload's present revision. */
function follow(draft: Draft, situation: Situation, revision: string): void {
  const { status } = draft;
  if (revision === status.stableRevision) {
    if (status.canaryRevision) {
      const message = `The workload went back from revision ${status.canaryRevision} to the stable one.`;
      draft.told.push({ eventType: 'Normal', reason: 'RolloutUndone', message });
    }
    forgetCanary(status);
    setPhase(draft, 'Healthy', `Revision ${revision} is stable.`, situation);
    return;
  }
  const { plan, workload } = situation;
  const isNew = revision !== status.canaryRevision;
  if (isNew || (status.phase !== 'Degraded' && status.strategyHash !== plan.hash)) {
    begin(draft, situation, revision);
    return;
  }
  handleRequest(draft, situation);
  if (status.phase === 'Degraded') return;
  if (workload.isPaused) setPhase(draft, 'Paused', held, situation);
  else goOn(draft, situation);
}

/** One look at a canary that is on its way. */
function goOn(draft: Draft, situation: Situation): void {
  const { status } = draft;
  const { plan, workload } = situation;
  const index = status.currentStep ?? 0;
  status.canaryReplicas = canaryPodsAt(plan, index, workload.replicas);
  // A step that was made smaller, or a request that went back: no more than the step says.
  status.canaryWeight = Math.min(status.canaryWeight ?? 0, weightAt(plan, index));
  status.canaryAvailableReplicas = workload.available(status.canaryRevision!);
  if (!keepDeadline(draft, situation)) return;
  if (!analyseBackground(draft, situation)) return;
  advance(draft, situation);
}

function handleRequest(draft: Draft, situation: Situation): void {
  const { status } = draft;
  const { request } = situation.rollout.spec;
  if (request === undefined || request.id === status.handledRequest) return;
  status.handledRequest = request.id;
  if (request.revision && request.revision !== status.canaryRevision) return;
  const isDegraded = status.phase === 'Degraded';
  const step = situation.plan.steps[status.currentStep ?? 0];
  switch (request.action) {
    case 'Retry':
      if (isDegraded) begin(draft, situation, status.canaryRevision!);
      return;
    case 'Abort':
      if (!isDegraded) abort(draft, situation, 'AbortedByRequest', 'Somebody asked for it.');
      return;
    case 'PromoteFull':
      if (isDegraded) return;
      status.currentStep = situation.plan.steps.length;
      enterStep(status, situation);
      status.backgroundAnalysis = { measurements: 0, phase: 'Skipped' };
      return;
    case 'Promote':
      if (isDegraded) return;
      if (status.backgroundAnalysis?.phase === 'Inconclusive') delete status.backgroundAnalysis;
      else if (step?.type === 'pause' || step?.type === 'analysis') nextStep(status, situation);
      return;
  }
}

/** A request without a canary to be for is over as well. */
function handleRest({ status }: Draft, { rollout, workload }: Situation): void {
  const { request } = rollout.spec;
  const hasCanary = status.canaryRevision && workload.revision === status.canaryRevision;
  if (request !== undefined && !hasCanary && workload.revision !== undefined) status.handledRequest = request.id;
}

/** Ends the time for which the former revision's pods stay. */
function drain(draft: Draft, { rollout, waits, nowMs }: Situation): void {
  const { status } = draft;
  if (!status.drainingRevision) return;
  const seconds = rollout.spec.scaleDownDelaySeconds ?? 30;
  const until = Date.parse(status.drainingUntil ?? '') || nowMs;
  const leftMs = waits.leftMs(
    `drain/${status.drainingRevision}/${status.drainingUntil}`,
    seconds,
    until - seconds * 1000,
    nowMs,
  );
  if (leftMs > 0) lookAfter(draft, leftMs);
  else forgetDraining(status);
}

import type { RolloutStatus } from '@gantry/model/gen/gantry.rollout.v1.ts';
import { rfc3339 } from '@gantry/runtime/time.ts';
import { type Draft, type Situation, setPhase } from './draft.ts';
import { canaryPodsAt } from './plan.ts';

/** Sends a revision on its way, from the first step on. It has no requests, and everybody sees that before it gets any. */
export function begin(draft: Draft, situation: Situation, revision: string): void {
  const { status } = draft;
  forgetCanary(status);
  status.canaryRevision = revision;
  status.strategyHash = situation.plan.hash;
  enterStep(status, situation);
  if (status.drainingRevision === revision) forgetDraining(status);
  const message = `Revision ${revision} starts beside ${status.stableRevision}.`;
  draft.told.push({ eventType: 'Normal', reason: 'RolloutStarted', message });
  setPhase(draft, 'Progressing', message, situation);
}

/** Lets the pods of the former revision go. */
export function forgetDraining(status: RolloutStatus): void {
  status.drainingRevision = '';
  delete status.drainingUntil;
}

/** Forgets the canary: there is none. */
export function forgetCanary(status: RolloutStatus): void {
  status.canaryRevision = '';
  status.canaryWeight = 0;
  status.canaryReplicas = 0;
  status.canaryAvailableReplicas = 0;
  status.currentStep = 0;
  status.strategyHash = '';
  delete status.stepStartTime;
  delete status.analysis;
  delete status.backgroundAnalysis;
}

/** Goes on to the next step. */
export function nextStep(status: RolloutStatus, situation: Situation): void {
  status.currentStep = (status.currentStep ?? 0) + 1;
  enterStep(status, situation);
}

/** Begins the step that the status names. */
export function enterStep(status: RolloutStatus, { plan, workload, nowMs }: Situation): void {
  status.stepStartTime = rfc3339(nowMs);
  delete status.analysis;
  status.canaryReplicas = canaryPodsAt(plan, status.currentStep ?? 0, workload.replicas);
}

/** Takes all requests from the canary, and its pods with them. The pods of the stable revision are there, or come back. */
export function abort(draft: Draft, situation: Situation, reason: string, why: string): void {
  const { status } = draft;
  status.canaryWeight = 0;
  status.canaryReplicas = 0;
  const message = `Revision ${status.canaryRevision} was aborted: ${why}`;
  draft.told.push({ eventType: 'Warning', reason: 'RolloutAborted', message });
  setPhase(draft, 'Degraded', message, situation, reason);
}

/** Makes the canary the stable revision. The former one keeps its pods for a while where they stand side by side. */
export function promote(draft: Draft, situation: Situation): void {
  const { status } = draft;
  const { rollout, workload, nowMs } = situation;
  const former = status.stableRevision!;
  const seconds = rollout.spec.scaleDownDelaySeconds ?? 30;
  status.stableRevision = status.canaryRevision!;
  forgetCanary(status);
  if (workload.isSideBySide && seconds > 0) {
    status.drainingRevision = former;
    status.drainingUntil = rfc3339(nowMs + seconds * 1000);
  }
  const message = `Revision ${status.stableRevision} is stable.`;
  draft.told.push({ eventType: 'Normal', reason: 'RolloutCompleted', message });
  setPhase(draft, 'Healthy', message, situation);
}

import type { Rollout, RolloutAnalysis } from '../../gen/gantry.rollout.v1.ts';

/** Seconds in which the canary's pods must become available; a Deployment's default is the same. */
const defaultProgressSeconds = 600;
/** Seconds for which the former revision's pods stay: more than it takes every Envoy to hear of the change. */
const defaultScaleDownDelaySeconds = 30;
const defaultIntervalSeconds = 30;
/** Seconds that xDS servers keep. */
export const maxWindowSeconds = 900;
const defaultInconclusiveLimit = 3;

/** Sets a Rollout's left-out fields, in place. */
export function setRolloutDefaults({ spec }: Rollout): void {
  spec.workloadRef.apiVersion ||= 'apps/v1';
  spec.progressDeadlineSeconds ??= defaultProgressSeconds;
  spec.scaleDownDelaySeconds ??= defaultScaleDownDelaySeconds;
  const { canary, blueGreen } = spec.strategy;
  for (const { analysis } of canary?.steps ?? []) setAnalysisDefaults(analysis, 'counted');
  setAnalysisDefaults(canary?.analysis, 'endless');
  if (blueGreen === undefined) return;
  blueGreen.autoPromotion ??= true;
  blueGreen.autoPromotionSeconds ??= 0;
  setAnalysisDefaults(blueGreen.prePromotionAnalysis, 'counted');
  setAnalysisDefaults(blueGreen.postPromotionAnalysis, 'counted');
}

function setAnalysisDefaults(analysis: RolloutAnalysis | undefined, end: 'counted' | 'endless'): void {
  if (analysis === undefined) return;
  analysis.intervalSeconds ??= defaultIntervalSeconds;
  analysis.initialDelaySeconds ??= analysis.intervalSeconds;
  if (end === 'counted') analysis.count ??= 1;
  analysis.failureLimit ??= 0;
  analysis.inconclusiveLimit ??= defaultInconclusiveLimit;
  analysis.onInconclusive ??= 'Abort';
  for (const { successRate, latency } of analysis.checks ?? []) {
    if (latency !== undefined) latency.quantilePercent ??= 99;
    for (const check of [successRate, latency]) {
      if (check === undefined) continue;
      check.minRequests ??= 1;
      check.windowSeconds ??= Math.min(analysis.intervalSeconds, maxWindowSeconds);
    }
  }
}

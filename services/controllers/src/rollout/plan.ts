import type { CanaryScale, RolloutAnalysis, RolloutStrategy } from '@gantry/model/gen/gantry.rollout.v1.ts';
import { contentHash } from '@gantry/model/hash.ts';

/** One step on the way of a new revision. */
export type Step =
  /** The canary gets this part of the requests, once enough of its pods are available. */
  | { readonly type: 'weight'; readonly percent: number }
  /** The canary gets this many pods. */
  | { readonly type: 'scale'; readonly scale: CanaryScale }
  /** A wait of so many seconds; until somebody promotes the rollout where they are undefined. */
  | { readonly type: 'pause'; readonly seconds: number | undefined }
  | { readonly type: 'analysis'; readonly analysis: RolloutAnalysis };

/** A strategy as a list of steps: both kinds of strategies come to that. After the last step the canary becomes the stable revision. */
export interface Plan {
  readonly steps: readonly Step[];
  /** Goes on beside all steps. */
  readonly background: RolloutAnalysis | undefined;
  /** Fingerprint of all of it. */
  readonly hash: string;
}

/** The steps of a strategy. */
export function planOf(strategy: RolloutStrategy): Plan {
  const { canary, blueGreen } = strategy;
  const hash = contentHash(strategy);
  if (blueGreen !== undefined) {
    const { autoPromotion = true, autoPromotionSeconds = 0, prePromotionAnalysis, postPromotionAnalysis } = blueGreen;
    const steps: Step[] = [{ type: 'scale', scale: { percent: 100 } }];
    if (prePromotionAnalysis !== undefined) steps.push({ type: 'analysis', analysis: prePromotionAnalysis });
    if (!autoPromotion) steps.push({ type: 'pause', seconds: undefined });
    else if (autoPromotionSeconds > 0) steps.push({ type: 'pause', seconds: autoPromotionSeconds });
    steps.push({ type: 'weight', percent: 100 });
    if (postPromotionAnalysis !== undefined) steps.push({ type: 'analysis', analysis: postPromotionAnalysis });
    return { steps, background: undefined, hash };
  }
  const steps = (canary?.steps ?? []).map(({ setWeight, pause, setCanaryScale, analysis }): Step => {
    if (setWeight !== undefined) return { type: 'weight', percent: setWeight };
    if (setCanaryScale !== undefined) return { type: 'scale', scale: setCanaryScale };
    if (analysis !== undefined) return { type: 'analysis', analysis };
    return { type: 'pause', seconds: pause?.durationSeconds };
  });
  return { steps, background: canary?.analysis, hash };
}

/** Percent of the requests that the canary may have at most while a step lasts, and has at its end. */
export function weightAt({ steps }: Plan, index: number): number {
  if (index >= steps.length) return 100;
  const last = steps.slice(0, index + 1).findLast(({ type }) => type === 'weight');
  return last?.type === 'weight' ? last.percent : 0;
}

/** Pods that the canary has while a step lasts, of a workload that has so many. All of them after the last step. */
export function canaryPodsAt(plan: Plan, index: number, replicas: number): number {
  if (index >= plan.steps.length) return replicas;
  const last = plan.steps.slice(0, index + 1).findLast(({ type }) => type === 'scale');
  const scale = last?.type === 'scale' ? last.scale : {};
  if (scale.replicas !== undefined) return Math.min(scale.replicas, replicas);
  return Math.ceil((replicas * (scale.percent ?? weightAt(plan, index))) / 100);
}

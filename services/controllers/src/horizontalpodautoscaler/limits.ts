import type { HorizontalPodAutoscalerBehavior } from '@gantry/model/gen/gantry.autoscaling.v2.ts';
import { downLimit, type History, upLimit } from './history.ts';

/** A reason in one word, and in a sentence. */
export interface Words {
  readonly reason: string;
  readonly message: string;
}

/** The replicas that an autoscaler gives a target, and why they are not those that its metrics call for. */
export interface Limited {
  readonly replicas: number;
  /** Of the condition AbleToScale. */
  readonly stabilized: Words;
  /** Of the condition ScalingLimited. */
  readonly limited: Words & { readonly isLimited: boolean };
}

/** The figures that bound a change. Times are of the monotonic clock. */
export interface Bounds {
  readonly current: number;
  readonly min: number;
  readonly max: number;
  readonly behavior: HorizontalPodAutoscalerBehavior | undefined;
  readonly history: History;
  /** Milliseconds for which the highest recommendation counts before replicas go. */
  readonly downscaleStabilizationMs: number;
  readonly nowMs: number;
}

const unlimited: Words = {
  reason: 'DesiredWithinRange',
  message: 'the desired count is within the acceptable range',
};
const tooMany: Words = {
  reason: 'TooManyReplicas',
  message: 'the desired replica count is more than the maximum replica count',
};
const tooFew: Words = {
  reason: 'TooFewReplicas',
  message: 'the desired replica count is less than the minimum replica count',
};
const tooFastUp: Words = {
  reason: 'ScaleUpLimit',
  message: 'the desired replica count is increasing faster than the maximum scale rate',
};
const tooFastDown: Words = {
  reason: 'ScaleDownLimit',
  message: 'the desired replica count is decreasing faster than the maximum scale rate',
};
const ready: Words = { reason: 'ReadyForNewScale', message: 'recommended size matches current size' };
const upStabilized: Words = {
  reason: 'ScaleUpStabilized',
  message: 'recent recommendations were lower than current one, applying the lowest recent recommendation',
};
const downStabilized: Words = {
  reason: 'ScaleDownStabilized',
  message: 'recent recommendations were higher than current one, applying the highest recent recommendation',
};

/** Brings a recommendation into the bounds of past recommendations, of the speed of changes, and of the autoscaler; notes it in the history. */
export function limit(recommended: number, bounds: Bounds): Limited {
  return bounds.behavior === undefined ? byDefault(recommended, bounds) : byRules(recommended, bounds);
}

/** Without rules: up at most twice as far at once, or to four; down after the stabilization window. */
function byDefault(recommended: number, bounds: Bounds): Limited {
  const { current, min, max, history, nowMs, downscaleStabilizationMs } = bounds;
  const stable = Math.max(recommended, ...history.recommendedSince(nowMs - downscaleStabilizationMs));
  history.recommend(recommended, nowMs);
  const stabilized = stable === recommended ? ready : downStabilized;
  const most = Math.max(2 * current, 4);
  if (stable < min) return limitedTo(min, tooFew, stabilized);
  if (stable > Math.min(max, most)) return limitedTo(Math.min(max, most), max > most ? tooFastUp : tooMany, stabilized);
  return { replicas: stable, stabilized, limited: { isLimited: false, ...unlimited } };
}

function byRules(recommended: number, bounds: Bounds): Limited {
  const { current, min, max, history, nowMs } = bounds;
  const stable = stableByRules(recommended, bounds);
  const words = recommended >= current ? upStabilized : downStabilized;
  const stabilized = stable === recommended ? ready : words;
  if (stable > current) {
    const most = upLimit(current, bounds.behavior?.scaleUp ?? {}, history, nowMs);
    if (stable > Math.min(max, most)) {
      return limitedTo(Math.min(max, most), max > most ? tooFastUp : tooMany, stabilized);
    }
  } else if (stable < current) {
    const least = downLimit(current, bounds.behavior?.scaleDown ?? {}, history, nowMs);
    if (stable < Math.max(min, least)) {
      return limitedTo(Math.max(min, least), min < least ? tooFastDown : tooFew, stabilized);
    }
  }
  return { replicas: stable, stabilized, limited: { isLimited: false, ...unlimited } };
}

/** The present replicas, brought between the lowest and the highest of the recommendations that still count. */
function stableByRules(recommended: number, bounds: Bounds): number {
  const { current, behavior = {}, history, nowMs, downscaleStabilizationMs } = bounds;
  const upMs = (behavior.scaleUp?.stabilizationWindowSeconds ?? 0) * 1000;
  const downSeconds = behavior.scaleDown?.stabilizationWindowSeconds;
  const downMs = downSeconds === undefined ? downscaleStabilizationMs : downSeconds * 1000;
  const lowest = Math.min(recommended, ...history.recommendedAfter(nowMs - upMs));
  const highest = Math.max(recommended, ...history.recommendedAfter(nowMs - downMs));
  history.recommend(recommended, nowMs);
  return Math.min(Math.max(current, lowest), highest);
}

function limitedTo(replicas: number, words: Words, stabilized: Words): Limited {
  return { replicas, stabilized, limited: { isLimited: true, ...words } };
}

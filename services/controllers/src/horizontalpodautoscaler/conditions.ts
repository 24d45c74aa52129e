import type { HorizontalPodAutoscalerCondition } from '@gantry/model/gen/gantry.autoscaling.v2.ts';
import { rfc3339 } from '@gantry/runtime/time.ts';
import type { Words } from './limits.ts';

type ConditionType = 'AbleToScale' | 'ScalingActive' | 'ScalingLimited' | 'ScaledToZero';

/** The conditions of an autoscaler while a decision is made. */
export class Conditions {
  readonly #list: HorizontalPodAutoscalerCondition[];
  readonly #nowMs: number;

  constructor(list: readonly HorizontalPodAutoscalerCondition[], nowMs: number) {
    this.#list = [...list];
    this.#nowMs = nowMs;
  }

  /** Sets a condition; its time of transition changes with its status alone. */
  set(type: ConditionType, isTrue: boolean, { reason, message }: Words): void {
    const index = this.#list.findIndex((each) => each.type === type);
    const before = this.#list[index];
    const status = isTrue ? 'True' : 'False';
    const lastTransitionTime = before?.status === status ? before.lastTransitionTime : rfc3339(this.#nowMs);
    const { observedGeneration } = before ?? {};
    const condition = { type, status, reason, message };
    const next: HorizontalPodAutoscalerCondition = { ...condition };
    if (lastTransitionTime !== undefined) next.lastTransitionTime = lastTransitionTime;
    if (observedGeneration !== undefined) next.observedGeneration = observedGeneration;
    if (index < 0) this.#list.push(next);
    else this.#list[index] = next;
  }

  isTrue(type: ConditionType): boolean {
    return this.#list.some((each) => each.type === type && each.status === 'True');
  }

  /** All of them as they are now. */
  get all(): HorizontalPodAutoscalerCondition[] {
    return [...this.#list];
  }
}

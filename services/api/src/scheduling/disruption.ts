import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import type { PodDisruptionBudget } from '@gantry/model/gen/gantry.policy.v1.ts';
import { isReady } from '@gantry/model/ready.ts';
import { matchesLabels } from '@gantry/model/selectors.ts';
import { type FieldCause, GantryError } from '@gantry/runtime/errors.ts';
import { setCondition } from './conditions.ts';

/** Evictions granted but not yet seen by whoever keeps the budget's status; beyond, something is wrong there. */
const maxDisruptedPods = 2_000;
/** Time that evictors should wait for a budget's status to catch up with its spec. */
const catchUpMs = 10_000;

/** Price of a pod's eviction. */
export type Price =
  /** Nothing: no budget is about the pod, or it does no work that one protects. */
  | { readonly type: 'free' }
  /** Nothing as long as the pod is not ready. */
  | { readonly type: 'freeWhileUnready' }
  /** One of the budget's disruptions. */
  | { readonly type: 'budget'; readonly name: string };

/** Price of a pod's eviction by the budgets of its namespace. Throws InternalError if several select the pod. */
export function priceOf(pod: Pod, budgets: readonly PodDisruptionBudget[]): Price {
  const { phase = '' } = pod.status ?? {};
  const isIdle = phase === 'Succeeded' || phase === 'Failed' || phase === 'Pending';
  if (isIdle || pod.metadata.deletionTimestamp !== undefined) return { type: 'free' };
  const about = budgets.filter(({ spec }) => matchesLabels(spec?.selector, pod.metadata.labels));
  const [budget, ...more] = about;
  if (budget === undefined) return { type: 'free' };
  if (more.length > 0) {
    const text = 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.';
    throw new GantryError('InternalError', text);
  }
  if (!isReady(pod)) {
    if (budget.spec?.unhealthyPodEvictionPolicy === 'AlwaysAllow') return { type: 'freeWhileUnready' };
    const { currentHealthy = 0, desiredHealthy = 0 } = budget.status ?? {};
    if (currentHealthy >= desiredHealthy && desiredHealthy > 0) return { type: 'freeWhileUnready' };
  }
  return { type: 'budget', name: budget.metadata.name };
}

/** A budget that has paid for the eviction of a pod. Throws TooManyRequests if it has nothing left. @param now RFC 3339. */
export function charge(budget: PodDisruptionBudget, podName: string, now: string): PodDisruptionBudget {
  const { metadata, status = {} } = budget;
  const { disruptionsAllowed = 0, disruptedPods = {}, observedGeneration = 0 } = status;
  if (observedGeneration < Number(metadata.generation ?? 0)) {
    throw violation(`The disruption budget ${metadata.name} is still being processed by the server.`, catchUpMs);
  }
  if (Object.keys(disruptedPods).length > maxDisruptedPods) {
    const text = 'DisruptedPods map too big - too many evictions not confirmed by PDB controller';
    throw new GantryError('Forbidden', `poddisruptionbudgets.policy "${metadata.name}" is forbidden: ${text}`, {
      resource: { group: 'policy', resource: 'poddisruptionbudgets', name: metadata.name },
    });
  }
  if (disruptionsAllowed <= 0) {
    const { desiredHealthy = 0, currentHealthy = 0 } = status;
    const text = `The disruption budget ${metadata.name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`;
    throw violation(text);
  }
  const charged = {
    ...status,
    disruptionsAllowed: disruptionsAllowed - 1,
    disruptedPods: { ...disruptedPods, [podName]: now },
  };
  if (charged.disruptionsAllowed > 0) return { ...budget, status: charged };
  const condition = { type: 'DisruptionAllowed', status: 'False', reason: 'InsufficientPods', message: '' } as const;
  return { ...budget, status: setCondition(charged, condition, now) };
}

function violation(why: string, retryAfterMs?: number): GantryError {
  const cause: FieldCause = { reason: 'DisruptionBudget', field: '', message: why };
  return new GantryError('TooManyRequests', "Cannot evict pod as it would violate the pod's disruption budget.", {
    causes: [cause],
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

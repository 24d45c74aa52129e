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
  /** Nothing as long as the pod does not change: it has not started, or it is not ready, which a budget lets go. */
  | { readonly type: 'freeAsItIs'; readonly budget?: string }
  /** One of the disruptions of the budget of this name. */
  | { readonly type: 'budget'; readonly budget: string };

/** Price of a pod's eviction by the budgets of its namespace. Throws InternalError if several select the pod. */
export function priceOf(pod: Pod, budgets: readonly PodDisruptionBudget[]): Price {
  const { phase = '' } = pod.status ?? {};
  const hasEnded = phase === 'Succeeded' || phase === 'Failed';
  if (hasEnded || pod.metadata.deletionTimestamp !== undefined) return { type: 'free' };
  if (phase === 'Pending') return { type: 'freeAsItIs' };
  const about = budgets.filter(({ spec }) => matchesLabels(spec?.selector, pod.metadata.labels));
  const [found, ...more] = about;
  if (found === undefined) return { type: 'free' };
  if (more.length > 0) {
    const text = 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.';
    throw new GantryError('InternalError', text);
  }
  const budget = found.metadata.name;
  if (!isReady(pod)) {
    if (found.spec?.unhealthyPodEvictionPolicy === 'AlwaysAllow') return { type: 'freeAsItIs', budget };
    const { currentHealthy = 0, desiredHealthy = 0 } = found.status ?? {};
    if (currentHealthy >= desiredHealthy && desiredHealthy > 0) return { type: 'freeAsItIs', budget };
  }
  return { type: 'budget', budget };
}

/** A budget that has paid for the eviction of a pod. Throws TooManyRequests if it has nothing left. @param now RFC 3339. */
export function charge(budget: PodDisruptionBudget, podName: string, now: string): PodDisruptionBudget {
  const { metadata, status = {} } = budget;
  const { disruptionsAllowed = 0, disruptedPods = {}, observedGeneration = 0 } = status;
  if (observedGeneration < Number(metadata.generation ?? 0)) throw stillProcessed(metadata.name);
  if (Object.keys(disruptedPods).length > maxDisruptedPods) {
    const text = 'DisruptedPods map too big - too many evictions not confirmed by PDB controller';
    throw new GantryError('Forbidden', `poddisruptionbudget.policy "${metadata.name}" is forbidden: ${text}`, {
      resource: { group: 'policy', resource: 'poddisruptionbudget', name: metadata.name },
      causes: [
        causeOf(
          `The disruption budget ${metadata.name} does not allow evicting pods currently: too many pending evictions not confirmed by PDB controller`,
        ),
      ],
    });
  }
  if (disruptionsAllowed <= 0) throw violation(whyNone(budget));
  const charged = {
    ...status,
    disruptionsAllowed: disruptionsAllowed - 1,
    disruptedPods: { ...disruptedPods, [podName]: now },
  };
  if (charged.disruptionsAllowed > 0) return { ...budget, status: charged };
  const condition = {
    type: 'DisruptionAllowed',
    status: 'False',
    reason: 'InsufficientPods',
    message: '',
    observedGeneration,
  } as const;
  return { ...budget, status: setCondition(charged, condition, now) };
}

/** Why a budget allows no disruption, in Kubernetes' words: what its numbers say, unless these cannot be trusted. */
function whyNone({ metadata: { name }, status = {} }: PodDisruptionBudget): string {
  const { desiredHealthy = 0, currentHealthy = 0, conditions = [] } = status;
  const condition = conditions.find(({ type }) => type === 'DisruptionAllowed');
  const why = condition?.status === 'False' ? (condition.message ?? '') : '';
  const not = `The disruption budget ${name} does not allow evicting pods currently`;
  if (why !== '' && condition?.reason === 'SyncFailed') return `${not} because it failed sync: ${why}`;
  if (currentHealthy <= desiredHealthy) {
    return `The disruption budget ${name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`;
  }
  return why === '' ? not : `${not} (${condition?.reason}): ${why}`;
}

/** The refusal of an eviction before the budget's status has caught up with its spec, or with a pod that has become ready. */
export function stillProcessed(budget: string): GantryError {
  return violation(`The disruption budget ${budget} is still being processed by the server.`, catchUpMs);
}

function violation(why: string, retryAfterMs?: number): GantryError {
  return new GantryError('TooManyRequests', "Cannot evict pod as it would violate the pod's disruption budget.", {
    causes: [causeOf(why)],
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

function causeOf(message: string): FieldCause {
  return { reason: 'DisruptionBudget', field: '', message };
}

import type { PodDisruptionBudget } from '@gantry/model/gen/gantry.policy.v1.ts';
import type { Budget } from '../preempt/budgets.ts';
import { ownNamespaceSelector } from './selectors.ts';

/** Compiles a disruption budget. One whose status lags behind its spec allows nothing. */
export function compileBudget({ metadata, spec, status }: PodDisruptionBudget): Budget {
  const owner = { namespace: metadata.namespace ?? '', labels: {} };
  const isCurrent = (status?.observedGeneration ?? 0) >= Number(metadata.generation ?? 0);
  return {
    selector: ownNamespaceSelector(spec?.selector, undefined, owner),
    allowed: isCurrent ? Math.max(0, status?.disruptionsAllowed ?? 0) : 0,
  };
}

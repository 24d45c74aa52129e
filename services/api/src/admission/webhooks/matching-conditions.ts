import { type AuthorizerOf, bindingsOf } from '../expressions/bindings.ts';
import { meetsAll } from '../expressions/conditions.ts';
import { forbiddenBy } from '../refusals.ts';
import type { HookMetrics } from './metrics.ts';
import type { MeetsConditions } from './selection.ts';

/** Evaluates match conditions of webhooks. One that cannot be evaluated decides by the failure policy. */
export function matchConditions(metrics: HookMetrics, authorizer: AuthorizerOf | undefined): MeetsConditions {
  return ({ name, conditions, isIgnoredOnFailure }, attempt, facts) => {
    if (conditions.all.length === 0) return true;
    const met = meetsAll(conditions, bindingsOf(attempt, facts, { namespace: undefined, authorizer }));
    const isMet = 'isMet' in met && met.isMet;
    metrics.matched(name, attempt.operation, { errors: 'error' in met ? met.failed : 0, excluded: !isMet });
    if ('error' in met && !isIgnoredOnFailure) throw forbiddenBy(attempt, met.error);
    return isMet;
  };
}

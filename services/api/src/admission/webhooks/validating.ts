import type { GantryError } from '@gantry/runtime/errors.ts';
import type { AdmissionAttempt, AdmissionStep } from '../chain.ts';
import { callHook, callOf, errorOf } from './call.ts';
import type { Hook } from './hook.ts';
import { type HookDeps, timedOut } from './mutating.ts';
import type { RequestFacts } from './review.ts';
import { HookPass } from './selection.ts';

/** Asks validating webhooks, all at the same time. */
export function validatingWebhooks(deps: HookDeps): AdmissionStep {
  return {
    name: 'ValidatingAdmissionWebhook',
    handles: (attempt) => deps.configurations.validating.for(attempt).length > 0,
    validate: async (attempt) => {
      const pass = new HookPass(deps, attempt, 'validate');
      const selected: { readonly hook: Hook; readonly facts: RequestFacts }[] = [];
      for (const candidate of deps.configurations.validating.for(attempt)) {
        const facts = await pass.select(candidate);
        if (facts !== undefined) selected.push({ hook: candidate.of, facts });
      }
      if (selected.length === 0) return;
      if (attempt.request.signal.aborted) throw timedOut();
      const refusals: GantryError[] = [];
      await Promise.all(
        selected.map(async ({ hook, facts }, index) => {
          const refusal = await refusalBy(deps, hook, attempt, facts, index);
          if (refusal !== undefined) refusals.push(refusal);
        }),
      );
      // The first refusal speaks for all, as it came first.
      if (refusals[0] !== undefined) throw refusals[0];
    },
  };
}

/** The refusal of one webhook, or of the request because of it; undefined where it goes on. */
async function refusalBy(
  deps: HookDeps,
  hook: Hook,
  attempt: AdmissionAttempt,
  facts: RequestFacts,
  index: number,
): Promise<GantryError | undefined> {
  const { clock, metrics, log } = deps;
  const startedMs = clock.monotonic();
  const outcome = await callHook(deps, hook, attempt, facts, false);
  const seconds = (clock.monotonic() - startedMs) / 1_000;
  metrics.called(callOf(outcome, hook, { type: 'validating', operation: attempt.operation, seconds }));
  const error = errorOf(outcome, hook);
  if (error === undefined && outcome.type === 'failed' && !outcome.isCancelled) {
    metrics.failedOpen(hook.name, 'validating');
    attempt.request.annotate(`failed-open.validating.webhook.admission.k8s.io/round_0_index_${index}`, hook.name);
    const { problem } = outcome;
    log.warn({ webhook: hook.name, problem }, 'an admission webhook failed, and the request goes on without it');
  }
  return error;
}

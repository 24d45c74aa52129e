import type { Clock } from '@gantry/runtime/clock.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import type { AdmissionAttempt, AdmissionStep } from '../chain.ts';
import type { Candidate } from '../matching/candidates.ts';
import { Reinvocations } from '../reinvocation.ts';
import { callHook, callOf, errorOf, type HookOutcome } from './call.ts';
import type { HookConfigurations } from './configurations.ts';
import type { Hook } from './hook.ts';
import type { HookMetrics } from './metrics.ts';
import { applyAnswer, type Patched } from './patch.ts';
import type { RequestFacts } from './review.ts';
import { HookPass, type SelectionDeps } from './selection.ts';

export interface HookDeps extends SelectionDeps {
  readonly configurations: HookConfigurations;
  readonly callouts: Parameters<typeof callHook>[0]['callouts'];
  readonly entropy: Parameters<typeof callHook>[0]['entropy'];
  readonly clock: Clock;
  readonly metrics: HookMetrics;
  readonly log: Logger;
}

/** Asks mutating webhooks, one after another, and changes the object as they say. */
export function mutatingWebhooks(deps: HookDeps): AdmissionStep {
  const states = new WeakMap<AdmissionAttempt, Reinvocations>();
  return {
    name: 'MutatingAdmissionWebhook',
    handles: (attempt) => deps.configurations.mutating.for(attempt).length > 0,
    mutate: async (attempt) => {
      const state = states.get(attempt) ?? new Reinvocations();
      states.set(attempt, state);
      const pass = new HookPass(deps, attempt, 'mutate');
      state.begin(attempt);
      for (const candidate of deps.configurations.mutating.for(attempt)) {
        await mutateBy(deps, candidate, attempt, pass, state);
      }
      state.end(attempt);
    },
  };
}

/** Asks one webhook, if it is to be asked. */
async function mutateBy(
  deps: HookDeps,
  candidate: Candidate<Hook>,
  attempt: AdmissionAttempt,
  pass: HookPass,
  state: Reinvocations,
): Promise<void> {
  const hook = candidate.of;
  const facts = await pass.select(candidate);
  if (facts === undefined || !state.runs(attempt, hook.uid)) return;
  const { outcome, patched } = await askedAndApplied(deps, hook, attempt, facts, pass);
  if (patched?.type === 'patched' && patched.changed) {
    state.changed();
    attempt.wantsReinvocation = true;
  }
  if (hook.isReinvoked) state.ran(hook.uid);
  const error = errorOf(outcome, hook);
  if (error !== undefined) throw error;
  if (outcome.type === 'failed') await goOnWithout(deps, hook, attempt, outcome.problem, outcome.isCancelled);
}

async function askedAndApplied(
  deps: HookDeps,
  hook: Hook,
  attempt: AdmissionAttempt,
  facts: RequestFacts,
  pass: HookPass,
): Promise<{ readonly outcome: HookOutcome; readonly patched?: Patched }> {
  const { clock, metrics } = deps;
  const { annotate } = attempt.request;
  const startedMs = clock.monotonic();
  const place = `round_${attempt.isReinvocation ? 1 : 0}_index_${hook.index}`;
  const { configuration, name: webhook } = hook;
  let outcome = await callHook(deps, hook, attempt, facts, true);
  let patched: Patched | undefined;
  const about = { type: 'admit', operation: attempt.operation } as const;
  const seconds = (): number => (clock.monotonic() - startedMs) / 1_000;
  try {
    if (outcome.type === 'allowed') {
      patched = applyAnswer(outcome.answer, webhook, attempt, facts.place, pass.objects);
      if (patched.type === 'undecodable') {
        const problem = `failed calling webhook ${JSON.stringify(webhook)}: ${patched.problem}`;
        outcome = { type: 'failed', problem, code: 503, isCancelled: false };
      }
    }
  } catch (error) {
    const rejection = 'apiserver_internal_error';
    metrics.called({ name: webhook, ...about, code: 0, rejected: true, seconds: seconds(), rejection });
    throw error;
  }
  if (patched?.type === 'patched') {
    const told = { configuration, webhook, patch: patched.operations, patchType: 'JSONPatch' };
    annotate(`patch.webhook.admission.k8s.io/${place}`, JSON.stringify(told), 'Request');
  }
  const mutated = patched?.type === 'patched' && patched.changed;
  annotate(`mutation.webhook.admission.k8s.io/${place}`, JSON.stringify({ configuration, webhook, mutated }));
  metrics.called(callOf(outcome, hook, { ...about, seconds: seconds() }));
  return patched === undefined ? { outcome } : { outcome, patched };
}

/** Goes on without a webhook that failed, unless nobody waits for the request any more. */
async function goOnWithout(
  { metrics, log }: HookDeps,
  { name, index }: Hook,
  { request, isReinvocation }: AdmissionAttempt,
  problem: string,
  isCancelled: boolean,
): Promise<void> {
  if (!isCancelled) {
    metrics.failedOpen(name, 'admit');
    const key = `failed-open.mutation.webhook.admission.k8s.io/round_${isReinvocation ? 1 : 0}_index_${index}`;
    request.annotate(key, name);
    log.warn({ webhook: name, problem }, 'an admission webhook failed, and the request goes on without it');
  }
  if (request.signal.aborted) throw timedOut();
}

/** The error of a request that nobody waits for any more. */
export function timedOut(): GantryError {
  return new GantryError('Timeout', 'Timeout: request did not complete within requested timeout');
}

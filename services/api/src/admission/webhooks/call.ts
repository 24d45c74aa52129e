import { GantryError, isError, type Reason, reasonTable, toGantryError } from '@gantry/runtime/errors.ts';
import type { Callouts } from '../../callout/client.ts';
import type { AdmissionAttempt } from '../chain.ts';
import { internalError } from '../refusals.ts';
import type { Hook } from './hook.ts';
import type { HookCall, HookPhase } from './metrics.ts';
import {
  answerIn,
  type RequestFacts,
  type ReviewAnswer,
  ReviewProblem,
  type ReviewResult,
  reviewOf,
  versionFor,
} from './review.ts';

/** The outcome of a call. */
export type HookOutcome =
  | { readonly type: 'allowed'; readonly answer: ReviewAnswer }
  /** The webhook refused, or the request must not be made of it. */
  | { readonly type: 'refused'; readonly error: GantryError; readonly by: 'webhook' | 'api'; readonly code: number }
  /** No answer that can be believed: the failure policy decides. */
  | { readonly type: 'failed'; readonly problem: string; readonly code: number; readonly isCancelled: boolean };

interface Deps {
  readonly callouts: Pick<Callouts, 'ask'>;
  readonly entropy: { readonly uid: () => string };
}

/** Asks a webhook about an attempt. Never throws. */
export async function callHook(
  { callouts, entropy }: Deps,
  hook: Hook,
  attempt: AdmissionAttempt,
  facts: RequestFacts,
  isMutating: boolean,
): Promise<HookOutcome> {
  const { request } = attempt;
  if (request.dryRun && !hook.worksOnDryRun) {
    const text = `admission webhook ${JSON.stringify(hook.name)} does not support dry run`;
    return { type: 'refused', error: new GantryError('BadRequest', text), by: 'api', code: 0 };
  }
  const version = versionFor(hook.reviewVersions);
  if (version === undefined) {
    const why = 'webhook does not accept known AdmissionReview versions (v1, v1beta1)';
    return failed(hook, `could not create admission objects: ${why}`, reasonTable.BadRequest.http);
  }
  const uid = entropy.uid();
  try {
    const question = JSON.stringify(reviewOf(version, uid, attempt, facts));
    const given = await callouts.ask(hook.target, question, { timeoutMs: hook.timeoutMs, signal: request.signal });
    const answer = answerIn(given, { version, uid, isMutating });
    for (const [key, value] of Object.entries(answer.auditAnnotations)) request.annotate(`${hook.name}/${key}`, value);
    for (const text of answer.warnings) request.warn(text);
    return answer.allowed ? { type: 'allowed', answer } : refusal(hook.name, answer.result);
  } catch (error) {
    if (error instanceof ReviewProblem && !error.isUnreadable) {
      return failed(hook, `received invalid webhook response: ${error.message}`, reasonTable.ServiceUnavailable.http);
    }
    const { reason, message } = toGantryError(error);
    const code = reason === 'Timeout' || error instanceof ReviewProblem ? 503 : reasonTable[reason].http;
    const text = error instanceof ReviewProblem ? error.message : message;
    return failed(hook, `failed to call webhook: ${text}`, code, isError(error, 'Cancelled'));
  }
}

function failed({ name }: Hook, why: string, code: number, isCancelled = false): HookOutcome {
  return { type: 'failed', problem: `failed calling webhook ${JSON.stringify(name)}: ${why}`, code, isCancelled };
}

/** The refusal of a webhook, in its own words and with its own status. */
function refusal(name: string, { message, reason, code = 0, details }: ReviewResult = {}): HookOutcome {
  const start = `admission webhook ${JSON.stringify(name)} denied the request`;
  const why = message || reason;
  const status = { code: Math.max(code, 400), reason, details };
  const text = why ? `${start}: ${why}` : `${start} without explanation`;
  const error = new GantryError(reasonFor(reason, status.code), text, { status });
  return { type: 'refused', error, by: 'webhook', code: status.code };
}

/** The reason for clients that are told no foreign status: the webhook's own where it is known, else by its code. */
function reasonFor(word: string | undefined, code: number): Reason {
  if (word !== undefined && Object.hasOwn(reasonTable, word)) return word as Reason;
  const found = Object.entries(reasonTable).find(([, { http }]) => http === code)?.[0];
  return (found as Reason | undefined) ?? (code >= 500 ? 'InternalError' : 'BadRequest');
}

/** The error that a request ends with after an outcome; undefined where it goes on. */
export function errorOf(outcome: HookOutcome, hook: Hook): GantryError | undefined {
  switch (outcome.type) {
    case 'allowed':
      return undefined;
    case 'refused':
      return outcome.error;
    case 'failed':
      return hook.isIgnoredOnFailure ? undefined : internalError(outcome.problem);
  }
}

/** The outcome as metrics tell it. */
export function callOf(
  outcome: HookOutcome,
  { name, isIgnoredOnFailure }: Hook,
  about: { readonly type: HookPhase; readonly operation: string; readonly seconds: number },
): HookCall {
  switch (outcome.type) {
    case 'allowed':
      return { name, ...about, code: 200, rejected: false };
    case 'refused': {
      const rejection = outcome.by === 'webhook' ? 'no_error' : 'apiserver_internal_error';
      return { name, ...about, code: outcome.code, rejected: true, rejection };
    }
    case 'failed': {
      const rejected = !isIgnoredOnFailure;
      const rejection = rejected && !outcome.isCancelled ? 'calling_webhook_error' : undefined;
      return { name, ...about, code: outcome.code, rejected, rejection };
    }
  }
}

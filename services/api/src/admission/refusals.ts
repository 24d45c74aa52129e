import { GantryError, type Reason } from '@gantry/runtime/errors.ts';
import type { AdmissionAttempt } from './chain.ts';

/** Kubernetes' error for what went wrong inside of the api. */
export function internalError(problem: string): GantryError {
  const status = { code: 500, reason: 'InternalError', details: { causes: [{ message: problem }] } };
  return new GantryError('InternalError', `Internal error occurred: ${problem}`, { status });
}

/** Kubernetes' error for what admission forbids, in its words, with another reason where one is given. */
export function forbiddenBy(
  attempt: AdmissionAttempt,
  problem: string,
  {
    reason = 'Forbidden',
    code = 403,
    causes,
  }: { readonly reason?: string; code?: number; causes?: readonly (string | { readonly reason: string })[] } = {},
): GantryError {
  const { form, object, kind } = attempt;
  const name = attempt.name || object?.metadata?.name || object?.metadata?.generateName || 'Unknown';
  const resource = { group: form.group, resource: kind.plural, name };
  const details = {
    name,
    ...(form.group === '' ? {} : { group: form.group }),
    kind: kind.plural,
    ...(causes === undefined
      ? {}
      : { causes: causes.map((cause) => (typeof cause === 'string' ? { message: cause } : cause)) }),
  };
  const status = { code, reason, details };
  const known: Reason = reason === 'Invalid' || reason === 'RequestEntityTooLarge' ? reason : 'Forbidden';
  return new GantryError(known, `${form.resource} "${name}" is forbidden: ${problem}`, { resource, status });
}

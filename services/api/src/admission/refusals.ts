import { GantryError } from '@gantry/runtime/errors.ts';

/** Kubernetes' error for what went wrong inside of the api. */
export function internalError(problem: string): GantryError {
  const status = { code: 500, reason: 'InternalError', details: { causes: [{ message: problem }] } };
  return new GantryError('InternalError', `Internal error occurred: ${problem}`, { status });
}

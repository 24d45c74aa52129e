import type { Reason } from '@gantry/runtime/errors.ts';

/** Reasons by which the other side of a call says that it did nothing. */
export const refusals: readonly Reason[] = [
  'BadRequest',
  'Invalid',
  'Unauthorized',
  'Forbidden',
  'NotFound',
  'MethodNotAllowed',
  'AlreadyExists',
  'Conflict',
  'FailedPrecondition',
  'TooManyRequests',
];

import { GantryError } from '@gantry/runtime/errors.ts';

/** A problem of a field of the rules. */
export function invalid(path: string, problem: string): GantryError {
  return new GantryError('Invalid', `the rules are not valid: ${path || 'the configuration'}: ${problem}`);
}

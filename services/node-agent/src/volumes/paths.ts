import { GantryError } from '@gantry/runtime/errors.ts';

/** Steps of a relative path inside a volume. Throws Invalid for one that would lead out of it, or nowhere. */
export function safeRelativePath(path: string): string[] {
  if (path === '' || path.startsWith('/'))
    throw new GantryError('Invalid', `Invalid value: ${JSON.stringify(path)}: must be a relative path`);
  const steps = path.split('/').filter((step) => step !== '' && step !== '.');
  if (steps.some((step) => step.startsWith('..')))
    throw new GantryError('Invalid', `Invalid value: ${JSON.stringify(path)}: must not start with or contain '..'`);
  if (steps.length === 0 || path.includes('\0'))
    throw new GantryError('Invalid', `Invalid value: ${JSON.stringify(path)}: must name a file`);
  return steps;
}

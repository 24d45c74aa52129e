import { builtIn } from '@gantry/model/built-in.ts';
import type { KubeObject } from '@gantry/model/kind.ts';
import { attemptOf } from '../core/admit.ts';
import type { AnyObject } from '../core/stored-object.ts';
import type { AdmissionAttempt, AdmissionStep } from './chain.ts';

/** A request that tells nobody anything. */
export const quietRequest: AdmissionAttempt['request'] = {
  user: { name: 'ann', groups: [] },
  fieldManager: 'tests',
  subresource: '',
  dryRun: false,
  signal: new AbortController().signal,
  warn: () => undefined,
  annotate: () => undefined,
};

/** An attempt to write an object of a built-in kind. @param stored Undefined for a creation. */
export function attemptFor(
  object: KubeObject,
  { stored, request = {} }: { stored?: KubeObject; request?: Partial<AdmissionAttempt['request']> } = {},
): AdmissionAttempt {
  const { namespace, name } = object.metadata;
  const form = builtIn.formOf(object);
  const about = { kind: form.kind, form, namespace, name, object: object as AnyObject, stored: stored as AnyObject };
  return attemptOf({ ...quietRequest, ...request }, about);
}

/** Has a step do its part of an attempt; the object that comes of it. Rejects where the step refuses. */
export async function pass(step: AdmissionStep, attempt: AdmissionAttempt): Promise<AnyObject> {
  if (!step.handles(attempt)) return attempt.object!;
  await step.mutate?.(attempt);
  await step.validate?.(attempt);
  return attempt.object!;
}

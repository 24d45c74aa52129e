import { applyJsonPatch } from '@gantry/model/patch.ts';
import { sameJson } from '@gantry/model/same-json.ts';
import { toGantryError } from '@gantry/runtime/errors.ts';

import type { AnyObject } from '../../core/stored-object.ts';
import type { AdmissionAttempt } from '../chain.ts';
import type { AttemptObjects } from '../matching/objects.ts';
import type { Place } from '../matching/places.ts';
import { internalError } from '../refusals.ts';
import type { ReviewAnswer } from './review.ts';

/** The outcome of a patch in an answer. */
export type Patched =
  | { readonly type: 'unchanged' }
  | { readonly type: 'patched'; readonly changed: boolean; readonly operations: readonly unknown[] }
  /** The patch cannot be read: the webhook's failure. */
  | { readonly type: 'undecodable'; readonly problem: string };

/**
 * Applies the patch of an answer to the object of an attempt, as its place has it. Throws InternalError for a patch that does not fit, or
 * where there is no object.
 */
export function applyAnswer(
  { patch, patchType }: Pick<ReviewAnswer, 'patch' | 'patchType'>,
  name: string,
  attempt: AdmissionAttempt,
  place: Place,
  objects: AttemptObjects,
): Patched {
  if (patch === undefined) return { type: 'unchanged' };
  const operations = operationsIn(patch);
  if (typeof operations === 'string') {
    return { type: 'undecodable', problem: `received undecodable patch in webhook response: ${operations}` };
  }
  if (operations.length === 0) return { type: 'unchanged' };
  const before = objects.in(place);
  if (before === undefined || attempt.object === undefined) {
    const text = 'attempted to modify the object, which is not supported for this operation';
    throw internalError(`admission webhook ${JSON.stringify(name)} ${text}`);
  }
  if (patchType !== 'JSONPatch') {
    return { type: 'undecodable', problem: `unsupported patch type ${JSON.stringify(patchType)}` };
  }
  const after = fitted(before, operations);
  const was = attempt.object;
  try {
    objects.put(place, after);
  } catch (error) {
    throw internalError(toGantryError(error).message);
  }
  return { type: 'patched', changed: !sameJson(was, attempt.object), operations };
}

function fitted(before: AnyObject, operations: readonly unknown[]): unknown {
  try {
    const after = applyJsonPatch<AnyObject>(before, operations);
    if (after?.apiVersion === before.apiVersion && after?.kind === before.kind) return after;
  } catch (error) {
    const { cause, message } = toGantryError(error);
    throw internalError(cause instanceof Error ? cause.message.split('\n')[0]! : message);
  }
  throw internalError(`a patch must not change the type of an object, which is ${before.apiVersion}, ${before.kind}`);
}

/** The operations of a patch's text, or why it has none. */
function operationsIn(text: string): readonly unknown[] | string {
  try {
    const operations: unknown = JSON.parse(text);
    if (!Array.isArray(operations)) {
      return `json: cannot unmarshal ${operations === null ? 'null' : typeof operations} into Go value of type jsonpatch.Patch`;
    }
    const wrong = operations.find((each) => typeof each !== 'object' || each === null || Array.isArray(each));
    if (wrong === undefined) return operations;
    return `json: cannot unmarshal ${typeof wrong} into Go value of type jsonpatch.Operation`;
  } catch (error) {
    return (error as Error).message;
  }
}

import type { ObjectRef, PatchRequest } from '../core/api.ts';
import type { PatchType } from '../core/patching.ts';
import type * as message from './messages.ts';
import { invalid, refOf } from './refs.ts';

// Parts of requests, checked.

/** The object that a patch is for, and the patch. */
export function patchOf(request: message.PatchRequest): Omit<PatchRequest, 'dryRun'> & { readonly ref: ObjectRef } {
  return {
    ref: { ...refOf(request.ref), subresource: partOf(request.subresource) },
    type: patchTypeOf(request.type),
    body: Buffer.from(request.patch ?? '', 'base64').toString('utf8'),
  };
}

function patchTypeOf(type = ''): PatchType {
  const known: Readonly<Record<string, PatchType>> = { JSON: 'json', MERGE: 'merge', STRATEGIC: 'strategic' };
  const found = Object.hasOwn(known, type) ? known[type] : undefined;
  if (found === undefined)
    throw invalid('type', `Unsupported value: "${type}": supported values: "JSON", "MERGE", "STRATEGIC"`);
  return found;
}

/** The part of an object that a write is about. The replicas are a part for clients that send a Scale, which comes over REST alone. */
export function partOf(subresource = ''): string {
  if (subresource !== 'scale') return subresource;
  throw invalid('subresource', 'Unsupported value: "scale": patch the object itself');
}

/** A number that is not negative. */
export function nonNegative(field: string, value = 0): number {
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw invalid(field, `Invalid value: ${value}: must be greater than or equal to 0`);
}

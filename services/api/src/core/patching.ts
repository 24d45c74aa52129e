import { decodeObject } from '@gantry/model/decode.ts';
import type { Kind } from '@gantry/model/kind.ts';
import { applyJsonPatch, applyMergePatch, applyStrategicPatch } from '@gantry/model/patch.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { AnyObject, Stored } from './stored-object.ts';
import type { Transition } from './writer.ts';

/** How a patch is written: RFC 6902, RFC 7386, or Kubernetes' strategic merge. */
export type PatchType = 'json' | 'merge' | 'strategic';

/**
 * What a patch makes of a stored object. The outcome is decoded strictly, as a manifest is.
 * Throws BadRequest for a body that is no JSON.
 */
export function patched(kind: Kind, type: PatchType, body: string): Transition {
  const patch = parse(body);
  return (stored) => {
    const object = decodeObject(applied(kind, type, stored, patch)) as AnyObject;
    if (object.kind === kind.kind) return object;
    throw new GantryError(
      'BadRequest',
      `a patch must not change the kind of an object, from ${kind.kind} to ${object.kind}`,
    );
  };
}

function applied(kind: Kind, type: PatchType, stored: Stored, patch: unknown): unknown {
  switch (type) {
    case 'json':
      return applyJsonPatch<unknown>(stored.object, patch);
    case 'merge':
      return applyMergePatch(stored.object, patch);
    case 'strategic':
      return applyStrategicPatch(kind.message, stored.object, patch);
  }
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (cause) {
    throw new GantryError('BadRequest', `error decoding patch: ${(cause as Error).message}`, { cause });
  }
}

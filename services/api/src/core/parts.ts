import type { Kind, Subresource } from '@gantry/model/kind.ts';
import { invalid } from '@gantry/model/validation/causes.ts';
import { validateObject } from '@gantry/model/validation/object.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import { setEntries } from '../ownership/track.ts';
import type { CoreDeps } from './context.ts';
import * as meta from './metadata.ts';
import { type AnyObject, copyOf } from './stored-object.ts';
import { sameIdentity, type Target, type Transition, transition, type WriteOptions, type Written } from './writer.ts';

/** The declaration of a part of a kind's objects. Throws NotFound where there is none that is written so. */
export function partOf(kind: Kind, subresource: string): Subresource {
  const part = kind.subresources?.[subresource];
  if (part?.transfer !== undefined) return part;
  throw new GantryError('NotFound', 'the server could not find the requested resource');
}

/** Replaces the part of an object that a subresource stands for, as its kind declares. `next` gives the object as the client wants it. */
export function updatePart(
  deps: CoreDeps,
  target: Target,
  part: Subresource,
  next: Transition,
  options: WriteOptions,
): Promise<Written> {
  const { kind, name } = target;
  return transition(deps, target, options.dryRun, async (stored) => {
    const wanted = await next(stored);
    sameIdentity(target, wanted);
    meta.checkPreconditions(kind, wanted, stored.object);
    const object = copyOf(stored);
    part.transfer!(object, wanted, deps.clock.now());
    const causes = [...validateObject(kind, object), ...(part.validate?.(object, stored.object) ?? [])];
    if (causes.length > 0) throw invalid(kind, name, causes);
    object.metadata.managedFields = wanted.metadata.managedFields;
    setEntries(object, options.owners(kind, object, stored.object));
    options.check?.(kind, object, stored.object);
    return object as AnyObject;
  });
}

import type { Kind } from '@gantry/model/kind.ts';
import { schemaOf } from '@gantry/model/message-types.ts';
import { invalid } from '@gantry/model/validation/causes.ts';
import { validateMetadataUpdate } from '@gantry/model/validation/metadata.ts';
import { validateObject } from '@gantry/model/validation/object.ts';
import { fillZeros } from '@gantry/model/zeros.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import { setEntries } from '../ownership/track.ts';
import type { CoreDeps } from './context.ts';
import * as meta from './metadata.ts';
import { copyOf } from './stored-object.ts';
import {
  mutated,
  sameIdentity,
  type Target,
  type Transition,
  transition,
  update,
  updateStatus,
  validated,
  type WriteOptions,
  type Written,
} from './writer.ts';

// Writes of parts of objects: each subresource changes the fields that its kind declares for it, and no others.

type Write = (deps: CoreDeps, target: Target, next: Transition, options: WriteOptions) => Promise<Written>;

/** The verbs of a subresource whose body is the object: it is read and written as the object is. Undefined for any other. */
export function partVerbs(kind: Kind, subresource: string): readonly string[] | undefined {
  if (subresource === 'status') return kind.hasStatus ? ['get', 'update', 'patch'] : undefined;
  const part = partOf(kind, subresource);
  return part?.transfer === undefined ? undefined : part.verbs;
}

/**
 * The way in which a subresource is written whose body is the object; of the object itself where it is empty. Throws NotFound for any
 * other, a scale among them: whoever may scale may write nothing but the count.
 */
export function writeOf(kind: Kind, subresource: string): Write {
  if (subresource === '') return update;
  if (partVerbs(kind, subresource) === undefined) {
    throw new GantryError('NotFound', 'the server could not find the requested resource');
  }
  if (subresource === 'status') return updateStatus;
  return (deps, target, next, options) => updatePart(deps, target, subresource, next, options);
}

function partOf({ subresources = {} }: Kind, name: string): NonNullable<Kind['subresources']>[string] | undefined {
  return Object.hasOwn(subresources, name) ? subresources[name] : undefined;
}

/** Replaces the fields of an object that a subresource may change, and nothing else. */
function updatePart(
  deps: CoreDeps,
  target: Target,
  subresource: string,
  next: Transition,
  options: WriteOptions,
): Promise<Written> {
  const { kind } = target;
  const { transfer, validate } = partOf(kind, subresource)!;
  return transition(deps, target, options.dryRun, async (stored) => {
    const given = await next(stored);
    sameIdentity(target, given);
    meta.checkPreconditions(kind, given, stored.object);
    const wanted = await mutated(deps, target, options, given, stored.object);
    const object = copyOf(stored);
    delete object.metadata.resourceVersion;
    transfer!(object, wanted, deps.clock.now());
    kind.setDefaults(object);
    fillZeros(schemaOf(kind), object);
    object.metadata.managedFields = wanted.metadata.managedFields;
    setEntries(object, options.owners(kind, object, stored.object));
    const causes = [
      ...validateMetadataUpdate(object.metadata, stored.object.metadata),
      ...validateObject(kind, object),
      ...(validate?.(object, stored.object) ?? []),
    ];
    if (causes.length > 0) throw invalid(kind, target.name, causes);
    meta.bumpGeneration(kind, object, stored.object);
    await validated(deps, target, options, object, stored.object);
    return object;
  });
}

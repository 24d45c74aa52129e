import type { Kind } from '@gantry/model/kind.ts';
import type { Form } from '@gantry/model/registry.ts';
import { finishUpdate } from '@gantry/model/validation/object.ts';
import { GantryError, notFound } from '@gantry/runtime/errors.ts';
import type { Operation } from '@gantry/store/store.ts';
import type { Admitted } from '../admission/admission.ts';
import type { AdmissionAttempt, AdmissionRequest } from '../admission/chain.ts';
import { type Owners, setEntries } from '../ownership/track.ts';
import { admitWrite, attemptOf, decided, pluginOf } from './admit.ts';
import { checkStatusUpdate, checkWhileDeleting } from './check.ts';
import { commitDecision, type Decision } from './commit.ts';
import type { CoreDeps } from './context.ts';
import { damagedObject, isDamaged } from './damage.ts';
import { type Deletion, type DeletionRequest, decideDamagedDeletion, decideDeletion, isReleased } from './deletion.ts';
import { infoOf, objectKey } from './keys.ts';
import * as meta from './metadata.ts';
import { type AnyObject, encodeValue, type Stored, withRevision } from './stored-object.ts';
import { inTodaysForm, noteForm, noteSameForm } from './todays-form.ts';
import { afterWrite, asWritten, inVersion } from './versions.ts';

// Changes of stored objects: the last steps of the pipeline, for requests that are authorized and decoded: default →
// mutate → validate → admit → commit. New objects are in creation.ts.

/** Longest name of an object: that of a DNS subdomain. */
const maxNameChars = 253;

/** Identity of an object. */
export interface Target {
  readonly kind: Kind;
  /** Empty for kinds that are in none. */
  readonly namespace: string;
  readonly name: string;
}

/** Outcome of a write. */
export interface Written {
  readonly object: AnyObject;
  /** False where the object was as wanted already, and nothing was written. */
  readonly changed: boolean;
}

/** The next state of an object, made from the stored one; may throw. Called anew when the stored one changed meanwhile. */
export type Transition = (stored: Stored) => AnyObject | Promise<AnyObject>;

/** Options of a write. */
export interface WriteOptions {
  /** Do everything but store it. */
  readonly dryRun: boolean;
  /** The owners of fields after it. */
  readonly owners: Owners;
  /** The form in which the client wrote it, which may validate more; the stored one if absent. */
  readonly form?: Form | undefined;
  /** A write of the status leaves the metadata as it is, whatever the kind. */
  readonly statusAlone?: boolean;
  /** The request, for admission; absent for what the api writes of itself, which passes no steps. */
  readonly request?: AdmissionRequest | undefined;
}

/** Reads one object from the store as its kind has it; throws NotFound. */
export async function readStored(deps: Pick<CoreDeps, 'store' | 'cache'>, target: Target): Promise<Stored> {
  return inVersion(target.kind, await readEntry(deps, target));
}

/** Reads one object as it is stored; throws NotFound. */
export async function readEntry(
  deps: Pick<CoreDeps, 'store' | 'cache'>,
  { kind, namespace, name }: Target,
): Promise<Stored> {
  // A longer name than any object can have would be no key of the store.
  const possible = name.length <= maxNameChars && namespace.length <= maxNameChars;
  const entry = possible ? await deps.store.get(objectKey(kind, namespace, name)) : undefined;
  if (entry === undefined) throw notFound(infoOf(kind, name));
  return deps.cache.decode(entry);
}

/** Replaces an object but for its status. `next` gives what the client wants in its place. */
export function update(deps: CoreDeps, target: Target, next: Transition, options: WriteOptions): Promise<Written> {
  return transition(deps, target, options.dryRun, async (stored) => {
    const { kind } = target;
    let object = await next(stored);
    sameIdentity(target, object);
    meta.checkPreconditions(kind, object, stored.object);
    const before = inTodaysForm(deps.kinds, kind, stored.object);
    meta.carryMetadata(object, before);
    if (kind.hasStatus) carryStatus(object, before);
    pluginOf(deps, kind).carryOver?.(object, before);
    kind.setDefaults(object);
    setEntries(object, options.owners(kind, object, before));
    object = await mutated(deps, target, options, object, before);
    checkWhileDeleting(kind, object, before);
    finishUpdate(kind, object, before, deps.clock.now(), options.form?.conversion);
    meta.bumpGeneration(kind, object, before);
    await validated(deps, target, options, object, before);
    noteForm(kind, object);
    return object;
  });
}

/** Replaces an object's status, and the parts of its metadata that come with it. */
export function updateStatus(
  deps: CoreDeps,
  target: Target,
  next: Transition,
  options: WriteOptions,
): Promise<Written> {
  const { kind } = target;
  if (!kind.hasStatus) {
    throw new GantryError('NotFound', 'the server could not find the requested resource');
  }
  return transition(deps, target, options.dryRun, async (stored) => {
    let wanted = await next(stored);
    sameIdentity(target, wanted);
    meta.checkPreconditions(kind, wanted, stored.object);
    kind.setDefaults(wanted);
    const live = stored.object;
    wanted = await mutated(deps, target, options, wanted, live);
    const metadata = options.statusAlone
      ? { ...live.metadata, managedFields: wanted.metadata.managedFields }
      : meta.metadataWithStatus(kind, wanted, live);
    const object = { ...live, metadata } as AnyObject;
    carryStatus(object, wanted);
    kind.prepareForStatus?.(object, live, deps.clock.now());
    checkStatusUpdate(kind, object, live);
    setEntries(object, options.owners(kind, object, live));
    await validated(deps, target, options, object, live);
    noteSameForm(object, live);
    return object;
  });
}

/** Asks for an object's end. Resolves with its last state, and whether it is gone. */
export async function remove(
  deps: CoreDeps,
  target: Target,
  request: DeletionRequest,
  dryRun: boolean,
  admit?: (stored: AnyObject) => Promise<void>,
): Promise<{ object: AnyObject; gone: boolean }> {
  const { kind, name } = target;
  let last: AnyObject | undefined;
  let gone = false;
  const revision = await commitDecision(deps, infoOf(kind, name), async (attempt) => {
    const stored = await readStored(deps, target);
    if (stored.damage === undefined) await admit?.(stored.object);
    const deletion = deletionOf(kind, stored, request, deps.clock.now());
    if (isDamaged(deletion)) {
      deps.damaged.note(deletion);
      last = decideDamagedDeletion(target, request, stored);
      gone = true;
      const operation: Operation = { type: 'delete', key: stored.key, expected: stored.revision };
      return dryRun ? undefined : { operations: [operation], subject: 0 };
    }
    gone = deletion.type === 'remove';
    last = deletion.type === 'mark' ? deletion.object : stored.object;
    if (dryRun || deletion.type === 'unchanged') return undefined;
    return deletion.type === 'remove'
      ? removalOf(deps, kind, stored, attempt)
      : replacementOf(deps, kind, stored, deletion.object, attempt);
  });
  return { object: revision === undefined ? last! : withRevision(last!, revision), gone };
}

/** The decision on an object's end, or the error of damagedObject if its text is damaged or a field is of another type. */
function deletionOf(kind: Kind, stored: Stored, request: DeletionRequest, nowMs: number): Deletion | GantryError {
  if (stored.damage !== undefined) return stored.damage;
  try {
    return decideDeletion(kind, stored.object, request, nowMs);
  } catch (error) {
    if (error instanceof TypeError) return damagedObject({ ...stored, value: stored.text }, error);
    throw error;
  }
}

/** Changes a stored object to what `next` makes of it, or removes it where that releases it. Writes nothing where it is the same. */
export async function transition(
  deps: CoreDeps,
  target: Target,
  dryRun: boolean,
  next: (stored: Stored) => Promise<AnyObject>,
): Promise<Written> {
  const { kind, name } = target;
  let result: Written | undefined;
  const revision = await commitDecision(deps, infoOf(kind, name), async (attempt) => {
    const stored = await readStored(deps, target);
    const object = await next(stored);
    if (meta.isSame(object, stored.object) && !stored.isStale) {
      result = { object: stored.object, changed: false };
      return undefined;
    }
    if (isReleased(kind, object)) {
      result = { object, changed: true };
      return dryRun ? undefined : removalOf(deps, kind, stored, attempt);
    }
    const admitted = await admitWrite(deps, kind, { object, stored, attempt }, dryRun);
    result = { object: afterWrite(kind, admitted.object!), changed: true };
    return dryRun ? undefined : replacementOf(deps, kind, stored, admitted.object!, attempt, admitted);
  });
  return revision === undefined ? result! : { object: withRevision(result!.object, revision), changed: true };
}

async function replacementOf(
  deps: CoreDeps,
  kind: Kind,
  stored: Stored,
  object: AnyObject,
  attempt: number,
  known?: Admitted,
): Promise<Decision> {
  const admitted = known ?? (await admitWrite(deps, kind, { object, stored, attempt }, false));
  const value = await decided(admitted, async () => checkedValue(deps, kind, await asWritten(kind, admitted.object!)));
  return {
    operations: [{ type: 'put', key: stored.key, value, expected: stored.revision }, ...admitted.operations],
    subject: 0,
    lost: (index) => (index === 0 ? undefined : admitted.explain?.(index - 1)),
    settle: admitted.settle,
  };
}

async function removalOf(deps: CoreDeps, kind: Kind, stored: Stored, attempt: number): Promise<Decision> {
  const admitted = await admitWrite(deps, kind, { object: undefined, stored, attempt }, false);
  return {
    operations: [{ type: 'delete', key: stored.key, expected: stored.revision }, ...admitted.operations],
    subject: 0,
    settle: admitted.settle,
  };
}

/** A replacement after the mutating steps of admission, which may not make another object of it. */
export async function mutated(
  deps: CoreDeps,
  target: Target,
  options: WriteOptions,
  object: AnyObject,
  stored: AnyObject,
): Promise<AnyObject> {
  if (options.request === undefined) return object;
  const attempt = attemptAt(target, options, object, stored);
  await deps.chain.mutate(attempt);
  if (attempt.object !== object) sameIdentity(target, attempt.object!);
  return attempt.object!;
}

/** Asks the validating steps of admission for a replacement that is complete. */
export async function validated(
  deps: CoreDeps,
  target: Target,
  options: WriteOptions,
  object: AnyObject,
  stored: AnyObject,
): Promise<void> {
  if (options.request !== undefined) await deps.chain.validate(attemptAt(target, options, object, stored));
}

function attemptAt(
  target: Target,
  { request, form }: WriteOptions,
  object: AnyObject,
  stored: AnyObject,
): AdmissionAttempt {
  return attemptOf(request!, { ...target, form: form!, object, stored });
}

function carryStatus(object: AnyObject, from: AnyObject): void {
  if (from.status === undefined) delete object.status;
  else object.status = from.status;
}

/** A transition must not turn an object into another one. */
export function sameIdentity({ kind, namespace, name }: Target, object: AnyObject): void {
  const metadata = object.metadata;
  if (metadata.name !== name) {
    throw new GantryError(
      'BadRequest',
      `the name of the object (${metadata.name}) does not match the name on the URL (${name})`,
    );
  }
  if (kind.namespaced && (metadata.namespace ?? namespace) !== namespace) {
    throw new GantryError(
      'BadRequest',
      'the namespace of the provided object does not match the namespace sent on the request',
    );
  }
  if (kind.namespaced) metadata.namespace = namespace;
  else delete metadata.namespace;
}

/** The text to store; refuses an object that is too large. */
export function checkedValue(deps: CoreDeps, kind: Kind, object: AnyObject): string {
  const value = encodeValue(object);
  if (value.length <= deps.limits.maxObjectChars) return value;
  const { name = '' } = object.metadata;
  throw new GantryError(
    'RequestEntityTooLarge',
    `${kind.plural} "${name}" is too large: ${value.length} characters, at most ${deps.limits.maxObjectChars}`,
    { resource: infoOf(kind, name) },
  );
}

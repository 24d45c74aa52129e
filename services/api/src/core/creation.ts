import type { Kind } from '@gantry/model/kind.ts';
import type { Form } from '@gantry/model/registry.ts';
import { finishNew } from '@gantry/model/validation/object.ts';
import { alreadyExists, type GantryError, type ResourceInfo, toGantryError } from '@gantry/runtime/errors.ts';
import type { CommitResult, Operation } from '@gantry/store/store.ts';
import type { AdmissionAttempt, SharedBatch } from '../admission/chain.ts';
import { setEntries } from '../ownership/track.ts';
import { admitWrite, attemptOf, decided } from './admit.ts';
import { commitBatch, commitDecision, type Decision } from './commit.ts';
import type { CoreDeps } from './context.ts';
import { infoOf, objectKey } from './keys.ts';
import * as meta from './metadata.ts';
import { requireNamespace } from './namespaces.ts';
import { type AnyObject, putObject, withRevision } from './stored-object.ts';
import { noteForm } from './todays-form.ts';
import { afterWrite, asWritten } from './versions.ts';
import { checkedValue, type WriteOptions } from './writer.ts';

// New objects, one at a time or many in one commit. Both go the same way: default → mutate → validate → admit → commit.

/** An object that is to be stored. */
export interface NewObject {
  readonly kind: Kind;
  /** The form in which it came; the stored one if absent. */
  readonly form?: Form | undefined;
  /** Decoded; becomes the pipeline's own. */
  readonly object: AnyObject;
}

/** Outcome of one creation of a batch. */
export type Creation =
  | { readonly type: 'created'; readonly object: AnyObject; readonly revision: number }
  | { readonly type: 'refused'; readonly error: GantryError };

/** An object that is complete and valid, and is to be stored as `decide` says. */
interface Candidate {
  readonly info: ResourceInfo;
  readonly decide: (attempt: number, batch?: SharedBatch) => Promise<Decision | undefined>;
  /** The object as last decided. */
  readonly object: () => AnyObject;
}

/** Operations of one commit, below the 1,024 that a store takes. */
const maxOperations = 768;
/** Commits of many together; what is still in the way then is tried one by one. */
const attemptsTogether = 8;

/** Stores a new object. */
export async function create(deps: CoreDeps, kind: Kind, object: AnyObject, options: WriteOptions): Promise<AnyObject> {
  const candidate = await prepare(deps, { kind, object, form: options.form }, options);
  const revision = await commitDecision(deps, candidate.info, candidate.decide);
  return revision === undefined ? candidate.object() : withRevision(candidate.object(), revision);
}

/**
 * Stores new objects, each on its own, as many as possible in one commit; one outcome each, in order. They don't see one
 * another: what needs another one of the batch is refused. Rejects only when the store fails.
 */
export async function createAll(
  deps: CoreDeps,
  objects: readonly NewObject[],
  options: WriteOptions,
): Promise<Creation[]> {
  const outcomes = new Array<Creation>(objects.length);
  let waiting: Waiting[] = [];
  for (const [index, object] of objects.entries()) {
    try {
      waiting.push({ index, candidate: await prepare(deps, object, options) });
    } catch (error) {
      outcomes[index] = refused(error);
    }
  }
  for (let attempt = 1; waiting.length > 0 && attempt <= attemptsTogether; attempt++) {
    const round = await decideTogether(waiting, attempt, outcomes);
    const result = round.operations.length === 0 ? undefined : await round.commit(deps);
    if (result?.ok === false) {
      round.lost(result.failedIndex, result.actual, outcomes);
      deps.cache.forget(round.all[result.failedIndex]!.key);
    } else if (result !== undefined) {
      for (const { index, candidate, subject } of round.members) {
        outcomes[index] = { type: 'created', object: candidate.object(), revision: result.revisions[subject]! };
      }
      // Progress was made: items that only waited for other items of the batch start their count of attempts anew.
      attempt = 0;
    }
    waiting = waiting.filter(({ index }) => outcomes[index] === undefined);
  }
  await Promise.all(
    waiting.map(async ({ index, candidate }) => {
      outcomes[index] = await createAlone(deps, candidate);
    }),
  );
  return outcomes;
}

interface Waiting {
  readonly index: number;
  readonly candidate: Candidate;
}

interface Member extends Waiting {
  readonly decision: Decision;
  /** Index of its own operation among those of the round. */
  readonly subject: number;
}

type Put = Extract<Operation, { type: 'put' }>;

/** The operations of one commit, and whose they are. */
class Round implements SharedBatch {
  readonly operations: Operation[] = [];
  readonly members: Member[] = [];
  /** Of each operation, whose it is (an index of members) and which of that one's decision. */
  readonly #owners: { readonly member: number; readonly operation: number }[] = [];
  /** Keys of the writes among the operations. */
  readonly #written = new Set<string>();
  /** Writes to which several members contribute. They come last: their revisions are newer than those of all members. */
  readonly #shared = new Map<string, Put>();
  readonly #checks = new Map<string, number>();
  /** Keys that the decision which comes next shares with others. */
  readonly #asked = new Set<string>();

  /** All operations as they are committed. */
  get all(): readonly Operation[] {
    return [...this.operations, ...this.#shared.values()];
  }

  /** Another decision is about to be made. */
  begin(): void {
    this.#asked.clear();
  }

  pending(key: string): Put | undefined {
    this.#asked.add(key);
    return this.#shared.get(key);
  }

  /** Takes a decision in. False if it has to wait for another commit. */
  add(waiting: Waiting, decision: Decision): boolean {
    const { operations } = decision;
    if (this.operations.length + operations.length > maxOperations && this.members.length > 0) return false;
    const isShared = (operation: Operation): operation is Put =>
      operation.type === 'put' && this.#asked.has(operation.key);
    // All expectations of a commit are tested before its writes: whoever expects something of a key that another one writes would not hear of it.
    const isInTheWay = (operation: Operation): boolean => {
      const { type, key } = operation;
      if (type === 'check') return this.#written.has(key);
      return this.#written.has(key) || this.#checks.has(key) || (this.#shared.has(key) && !isShared(operation));
    };
    if (operations.some(isInTheWay)) return false;
    const member = this.members.length;
    let subject = 0;
    for (const [index, operation] of operations.entries()) {
      if (index === decision.subject) subject = this.operations.length;
      if (operation.type === 'check' && this.#checks.get(operation.key) === operation.expected) continue;
      if (operation.type === 'check') this.#checks.set(operation.key, operation.expected);
      else if (isShared(operation)) {
        this.#shared.set(operation.key, operation);
        continue;
      } else this.#written.add(operation.key);
      this.operations.push(operation);
      this.#owners.push({ member, operation: index });
    }
    this.members.push({ ...waiting, decision, subject });
    return true;
  }

  /** Commits all of it, and tells the members how that went. */
  commit(deps: CoreDeps): Promise<CommitResult> {
    return commitBatch(deps, this.all, (batch) => {
      for (const { decision } of this.members) decision.settle?.(batch);
    });
  }

  /** An operation met another revision: whom that refuses for good gets told, all others are decided anew. */
  lost(failedIndex: number, actual: number, outcomes: Creation[]): void {
    const owner = this.#owners[failedIndex];
    if (owner === undefined) return;
    const { member, operation } = owner;
    const { decision, index } = this.members[member]!;
    const error = decision.lost?.(operation, actual);
    if (error !== undefined) outcomes[index] = { type: 'refused', error };
  }
}

/** Decides about as many as one commit takes; refusals, and outcomes without a commit, are noted. */
async function decideTogether(waiting: readonly Waiting[], attempt: number, outcomes: Creation[]): Promise<Round> {
  const round = new Round();
  for (const item of waiting) {
    if (round.operations.length >= maxOperations) break;
    round.begin();
    try {
      const decision = await item.candidate.decide(attempt, round);
      if (decision === undefined)
        outcomes[item.index] = { type: 'created', object: item.candidate.object(), revision: 0 };
      else if (!round.add(item, decision)) decision.settle?.();
    } catch (error) {
      outcomes[item.index] = refused(error);
    }
  }
  return round;
}

async function createAlone(deps: CoreDeps, { info, decide, object }: Candidate): Promise<Creation> {
  try {
    const revision = await commitDecision(deps, info, decide);
    return { type: 'created', object: object(), revision: revision ?? 0 };
  } catch (error) {
    return refused(error);
  }
}

function refused(error: unknown): Creation {
  return { type: 'refused', error: toGantryError(error) };
}

/** Everything up to the commit. Throws what is wrong with the object. */
async function prepare(
  deps: CoreDeps,
  { kind, object: given, form }: NewObject,
  { dryRun, owners, request }: WriteOptions,
): Promise<Candidate> {
  let object = given;
  meta.clearNamespace(kind, object);
  meta.checkNamespace(kind, object.metadata.namespace, object.metadata.name || object.metadata.generateName || '');
  meta.stampNew(kind, object, deps.clock.now(), deps.entropy.uid());
  kind.setDefaults(object);
  setEntries(object, owners(kind, object, undefined));
  const attempt = (): AdmissionAttempt => {
    const { namespace, name } = object.metadata;
    return attemptOf(request!, { kind, form: form!, namespace, name, object, stored: undefined });
  };
  if (request !== undefined) object = await mutatedNew(deps, attempt());
  const generated = nameOf(deps, object);
  if (request !== undefined) kind.noteRequester?.(object, request.user);
  finishNew(kind, object, form?.conversion);
  if (request !== undefined) await deps.chain.validate(attempt());
  noteForm(kind, object);
  return candidateOf(deps, { kind, object, generated, dryRun });
}

/** The object after the mutating steps, which may not move it to another namespace. */
async function mutatedNew(deps: CoreDeps, attempt: AdmissionAttempt): Promise<AnyObject> {
  await deps.chain.mutate(attempt);
  const object = attempt.object!;
  if (attempt.kind.namespaced) object.metadata.namespace = attempt.namespace;
  return object;
}

/** Gives an object a name if it asks for one, in place. Returns the start of generated names; undefined for a name of its own. */
function nameOf({ entropy }: CoreDeps, { metadata }: AnyObject): string | undefined {
  if (metadata.name || !metadata.generateName) return undefined;
  metadata.name = meta.generateName(metadata.generateName, entropy.random);
  return metadata.generateName;
}

/** The commit of a complete object. */
function candidateOf(
  deps: CoreDeps,
  item: { readonly kind: Kind; readonly object: AnyObject; readonly generated: string | undefined; dryRun: boolean },
): Candidate {
  const { kind, object, generated, dryRun } = item;
  const { metadata } = object;
  let created = object;
  const decide = async (attempt: number, batch?: SharedBatch): Promise<Decision | undefined> => {
    if (attempt > 1 && generated !== undefined) {
      const before = metadata.name;
      metadata.name = meta.generateName(generated, deps.entropy.random);
      kind.followName?.(object, before);
    }
    const name = metadata.name ?? '';
    const guards = kind.namespaced ? [await requireNamespace(deps, metadata.namespace ?? '', infoOf(kind, name))] : [];
    const admitted = await admitWrite(deps, kind, { object, stored: undefined, attempt }, dryRun, batch);
    created = admitted.object!;
    const key = objectKey(kind, metadata.namespace, name);
    if (dryRun) {
      if ((await deps.store.get(key)) !== undefined) throw alreadyExists(infoOf(kind, name));
      return undefined;
    }
    const own = await decided(admitted, async () => {
      const written = await asWritten(kind, created);
      created = afterWrite(kind, created);
      return putObject(key, written, 0, checkedValue(deps, kind, written));
    });
    const offset = guards.length + 1;
    return {
      operations: [...guards, own, ...admitted.operations],
      subject: guards.length,
      lost: (index) => {
        if (index >= offset) return admitted.explain?.(index - offset);
        return index === guards.length && generated === undefined ? alreadyExists(infoOf(kind, name)) : undefined;
      },
      settle: admitted.settle,
    };
  };
  return { info: infoOf(kind, metadata.name ?? ''), decide, object: () => created };
}

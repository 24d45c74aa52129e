import type { AnyKind, ChangeResult, Reader, ScaleReader, ScaleWriter, Writer } from '@gantry/client/api.ts';
import type { KindName } from '@gantry/model/built-in.ts';
import { assert } from '@gantry/runtime/assert.ts';
import { GantryError, isError, type Reason } from '@gantry/runtime/errors.ts';
import type { Action, AnyObject, ObjectRef, Remains, ScaleReading } from './action.ts';
import { changeOf, type Delete, deletionOf, isGone, type Release, releaseOf } from './changes.ts';
import { type Consultant, type Consulted, consult } from './consult.ts';
import { AbsentUids, LiveChecks } from './live-checks.ts';
import { type Measured, type Measurer, measure, noMeasurer } from './measure.ts';
import { isMetadataOnly } from './metadata-only.ts';
import { refusals } from './refusals.ts';
import { emptied } from './remains.ts';
import { readScale } from './scale.ts';
import { mostTogether, runTogether } from './together.ts';

/** Records what happened to an object, for users. */
export interface EventSink {
  record(about: AnyObject, type: 'Normal' | 'Warning', reason: string, message: string): void;
}

/** The calls of the api that controllers need. */
export type ControllerApi = Pick<
  Writer,
  'create' | 'createBatch' | 'update' | 'updateStatus' | 'patch' | 'delete' | 'changeBatch' | 'deleteCollection'
> &
  Pick<Reader, 'get' | 'list'> &
  ScaleReader &
  ScaleWriter;

/** The effects of a plan, whether or not all of it succeeded: the next reconcile waits until its informers have seen them. */
export interface Outcome {
  /** The highest revision written, by kind. */
  readonly written: ReadonlyMap<AnyKind, number>;
  /** Objects that are gone since. */
  readonly gone: readonly ObjectRef[];
  /** Kinds of which a write may have taken effect or not: it failed in a way that does not say. */
  readonly inDoubt: ReadonlySet<AnyKind>;
  /** Milliseconds until the key wants to be looked at again; undefined where it does not. */
  readonly requeueMs: number | undefined;
  /** Objects that are left of those that were asked to end by `empty`. */
  readonly remains: readonly Remains[];
  /** The scales that were read. */
  readonly scales: readonly { readonly ref: ObjectRef; readonly reading: ScaleReading }[];
  /** Answers to the measurements that were asked for. */
  readonly measured: readonly Measured[];
  /** Answers to the consultations that were asked for. */
  readonly consulted: readonly Consulted[];
  /** The first failure, after which nothing more was started, and the type of the actions that failed; undefined where the whole plan was carried out. */
  readonly failure: { readonly error: unknown; readonly during: Action['type'] } | undefined;
}

/**
 * Refusals: the api says that it wrote nothing. After any other error (the connection broke, time ran out, the api or its
 * store failed inside) the write may be there.
 */
const apiRefusals: readonly Reason[] = [...refusals, 'Expired', 'UnsupportedMediaType'];

/**
 * Carries out a plan. Creates that stand side by side share calls, starting slowly (1, 2, 4, …) so that a plan whose first
 * create is refused (a quota, a broken template) does not send hundreds more; so do deletes, and removals of finalizers, the
 * latter many from the start. Everything else runs in order. `absent` is what earlier plans learned of uids that are gone. Stops at the first failure and never rejects: the outcome says what was done, and what failed.
 */
export async function execute(
  actions: readonly Action[],
  api: ControllerApi,
  events: EventSink,
  signal: AbortSignal,
  absent: AbsentUids = new AbsentUids(),
  measurer: Measurer = noMeasurer,
  consultant?: Consultant,
): Promise<Outcome> {
  const run = new Run(api, events, absent, measurer, consultant, signal);
  for (let start = 0; start < actions.length; ) {
    let end = start + 1;
    while (runTogether(actions[start]!, actions[end])) end++;
    try {
      await run.slowStart(actions.slice(start, end));
    } catch (error) {
      return run.outcome({ error, during: actions[start]!.type });
    }
    start = end;
  }
  return run.outcome(undefined);
}

type Create = Extract<Action, { readonly type: 'create' }>;

class Run {
  readonly #api: ControllerApi;
  readonly #events: EventSink;
  readonly #absent: AbsentUids;
  readonly #measurer: Measurer;
  readonly #consultant: Consultant | undefined;
  readonly #signal: AbortSignal;
  readonly #written = new Map<AnyKind, number>();
  readonly #remains: Remains[] = [];
  readonly #scales: Outcome['scales'][number][] = [];
  readonly #measured: Measured[] = [];
  readonly #consulted: Consulted[] = [];
  readonly #gone: ObjectRef[] = [];
  readonly #inDoubt = new Set<AnyKind>();
  /** Revisions of objects that this plan wrote already, by uid: a later write of the plan goes on from there. */
  readonly #latest = new Map<string, string>();
  #requeueMs: number | undefined;

  constructor(
    api: ControllerApi,
    events: EventSink,
    absent: AbsentUids,
    measurer: Measurer,
    consultant: Consultant | undefined,
    signal: AbortSignal,
  ) {
    this.#api = api;
    this.#events = events;
    this.#absent = absent;
    this.#measurer = measurer;
    this.#consultant = consultant;
    this.#signal = signal;
  }

  outcome(failure: Outcome['failure']): Outcome {
    return {
      written: this.#written,
      gone: this.#gone,
      inDoubt: this.#inDoubt,
      requeueMs: this.#requeueMs,
      remains: this.#remains,
      scales: this.#scales,
      measured: this.#measured,
      consulted: this.#consulted,
      failure,
    };
  }

  async slowStart(actions: readonly Action[]): Promise<void> {
    const most = mostTogether(actions);
    // Nobody refuses to let go of one object and lets go of another.
    const first = actions[0]?.type === 'removeFinalizer' ? most : 1;
    for (let start = 0, size = first; start < actions.length; start += size, size = Math.min(size * 2, most)) {
      const some = actions.slice(start, start + size);
      const checks = new LiveChecks(this.#api, this.#absent, this.#signal);
      const creates = some.filter((action) => action.type === 'create');
      const changes = some.filter((action) => action.type === 'delete' || action.type === 'removeFinalizer');
      if (creates.length > 1) {
        await Promise.all(creates.map(({ requires }) => checks.hold(requires)));
        await this.#createAll(creates);
      } else if (changes.length > 1) await this.#changeAll(changes, checks);
      else await this.#perform(some[0]!, checks);
    }
  }

  /** Changes what may be changed; those of which a requirement does not hold keep nobody else waiting. */
  async #changeAll(actions: readonly (Delete | Release)[], checks: LiveChecks): Promise<void> {
    const held = await Promise.allSettled(
      actions.map((action) => ('requires' in action ? checks.hold(action.requires) : undefined)),
    );
    const allowed = actions.filter((_, index) => held[index]!.status === 'fulfilled');
    const changes = allowed.map((action) => changeOf(action, this.#fresh(action.object)));
    const objects = allowed.map(({ object }) => object);
    const results =
      changes.length === 0 ? [] : await this.#send(objects, this.#api.changeBatch(changes, { signal: this.#signal }));
    let failed: GantryError | undefined;
    for (const [index, result] of results.entries()) {
      const action = allowed[index]!;
      const error = this.#noteChange(action, result);
      if (error !== undefined && failed === undefined && action.type === 'delete') this.#tellFailure(action, error);
      failed ??= error;
    }
    if (failed) throw failed;
    const refused = held.find((result) => result.status === 'rejected');
    if (refused) throw refused.reason;
  }

  /** Notes what came of a change. Returns its failure; undefined where the object is as it should be, or gone. */
  #noteChange(action: Delete | Release, result: ChangeResult): GantryError | undefined {
    const { code, reason, message, uid: changed, resourceVersion, gone } = result;
    const { namespace, name, uid } = action.object.metadata;
    const { kind = action.object.kind as KindName } = action as { readonly kind?: AnyKind };
    if (code === 0) {
      if (gone) this.#gone.push({ kind, namespace, name, uid });
      else this.#noteWrite(kind, changed, String(resourceVersion));
      if (action.type === 'delete') this.#tell(action, name);
      return undefined;
    }
    const error = new GantryError(reason as Reason, message);
    if (isGone(action, error)) {
      this.#gone.push({ kind, namespace, name, uid });
      return undefined;
    }
    if (!isError(error, ...apiRefusals)) this.#inDoubt.add(kind);
    return error;
  }

  async #createAll(actions: readonly Create[]): Promise<void> {
    const objects = actions.map(({ object }) => object);
    const results = await this.#send(objects, this.#api.createBatch(objects, { signal: this.#signal }));
    let failed: GantryError | undefined;
    for (const [index, { code, reason, message, name, uid, resourceVersion }] of results.entries()) {
      const action = actions[index]!;
      const kind = action.object.kind as KindName;
      if (code === 0) {
        this.#noteWrite(kind, uid, String(resourceVersion));
        this.#tell(action, name);
      } else {
        const error = new GantryError(reason as Reason, message);
        if (!isError(error, ...apiRefusals)) this.#inDoubt.add(kind);
        // One of them says enough: the objects of a plan are alike, and so are the refusals.
        if (failed === undefined) this.#tellFailure(action, error);
        failed ??= error;
      }
    }
    if (failed) throw failed;
  }

  async #create(action: Create): Promise<void> {
    try {
      const created = await this.#send([action.object], this.#api.create(action.object, { signal: this.#signal }));
      this.#note(created);
      this.#tell(action, created.metadata.name);
    } catch (error) {
      this.#tellFailure(action, error);
      throw error;
    }
  }

  async #perform(action: Action, checks: LiveChecks): Promise<void> {
    if ('requires' in action) await checks.hold(action.requires);
    const options = { signal: this.#signal };
    switch (action.type) {
      case 'create':
        return this.#create(action);
      case 'update': {
        const object = this.#fresh(action.object);
        // It would be written without its content.
        assert(!isMetadataOnly(object), `a view holds no more than the metadata of a ${object.kind}`);
        return this.#note(await this.#send([object], this.#api.update(object, options)));
      }
      case 'updateStatus': {
        const { annotations } = action;
        const object = this.#fresh(action.object);
        if (annotations !== undefined) return this.#patchStatus(object, annotations);
        return this.#note(await this.#send([object], this.#api.updateStatus(object, options)));
      }
      case 'patchMetadata':
        return this.#patchMetadata(action);
      case 'removeFinalizer':
        return this.#removeFinalizer(action);
      case 'delete':
        return this.#delete(action);
      case 'finalize':
        return this.#finalize(action);
      case 'empty':
        this.#remains.push(await emptied(this.#api, action, this.#signal));
        return;
      case 'readScale':
        this.#scales.push({ ref: action.ref, reading: await readScale(this.#api, action.ref, this.#signal) });
        return;
      case 'setScale':
        return this.#setScale(action);
      case 'measure':
        this.#measured.push(await measure(action.measurement, this.#measurer, this.#signal));
        return;
      case 'consult':
        this.#consulted.push(await consult(action.consultation, this.#consultant, this.#signal));
        return;
      case 'event':
        return this.#events.record(action.about, action.eventType, action.reason, action.message);
      case 'requeue':
        this.#requeueMs = Math.min(this.#requeueMs ?? Number.POSITIVE_INFINITY, action.afterMs);
        return;
    }
  }

  async #setScale({ ref, from, to }: Extract<Action, { readonly type: 'setScale' }>): Promise<void> {
    const { kind, namespace, name, uid } = ref;
    const target = namespace === undefined ? { name } : { namespace, name };
    await this.#api.updateScale(kind, target, { uid, expectedReplicas: from, replicas: to }, { signal: this.#signal });
  }

  /** Writes a status and annotations at once. Fields that are undefined go. */
  async #patchStatus(object: AnyObject, annotations: Readonly<Record<string, string>>): Promise<void> {
    const { namespace, name, resourceVersion } = object.metadata;
    const target = namespace === undefined ? { name } : { namespace, name };
    const { status } = object as { readonly status?: Readonly<Record<string, unknown>> };
    const fields = Object.entries(status ?? {}).map(([field, value]) => [field, value ?? null]);
    const body = { metadata: { annotations, resourceVersion }, status: Object.fromEntries(fields) };
    const patch = { type: 'merge', body, subresource: 'status' } as const;
    const kind = object.kind as KindName;
    const patched = this.#api.patch(kind, target, patch, { signal: this.#signal }) as Promise<AnyObject>;
    this.#note(await this.#send([object], patched));
  }

  async #patchMetadata(action: Extract<Action, { readonly type: 'patchMetadata' }>): Promise<void> {
    const { object, metadata, kind = object.kind as KindName } = action;
    const { namespace, name, resourceVersion } = this.#fresh(object).metadata;
    const target = namespace === undefined ? { name } : { namespace, name };
    const patch = { type: 'merge', body: { metadata: { ...metadata, resourceVersion } } } as const;
    const options = { signal: this.#signal };
    const patched = (await this.#send([{ kind }], this.#api.patch(kind, target, patch, options))) as AnyObject;
    this.#noteWrite(kind, patched.metadata.uid!, patched.metadata.resourceVersion!);
  }

  async #removeFinalizer(action: Release): Promise<void> {
    const { kind, name: target, patch } = releaseOf(action, this.#fresh(action.object));
    const { namespace, name, uid } = action.object.metadata;
    try {
      const patched = this.#api.patch(kind, target, patch, { signal: this.#signal }) as Promise<AnyObject>;
      this.#note(await this.#send([action.object], patched));
    } catch (error) {
      if (!isGone(action, error)) throw error;
      this.#gone.push({ kind, namespace, name, uid });
    }
  }

  async #finalize({ object, finalizers }: Extract<Action, { readonly type: 'finalize' }>): Promise<void> {
    const { name, resourceVersion } = this.#fresh(object).metadata;
    const body = { metadata: { resourceVersion }, spec: { finalizers } };
    const patch = { type: 'merge', body, subresource: 'finalize' } as const;
    this.#note(await this.#send([object], this.#api.patch('Namespace', { name }, patch, { signal: this.#signal })));
  }

  async #delete(action: Delete): Promise<void> {
    const { kind, name: target, options } = deletionOf(action, this.#fresh(action.object));
    const { namespace, name, uid } = action.object.metadata;
    try {
      const deletion = this.#api.delete(kind, target, { ...options, signal: this.#signal });
      const result = await this.#send([{ kind }], deletion);
      const { uid: deleted, resourceVersion: revision } = result.object.metadata;
      if (result.gone) this.#gone.push({ kind, namespace, name, uid });
      else this.#noteWrite(kind, deleted!, revision!);
      this.#tell(action, name);
    } catch (error) {
      if (!isGone(action, error)) {
        this.#tellFailure(action, error);
        throw error;
      }
      this.#gone.push({ kind, namespace, name, uid });
    }
  }

  #tell({ type, object, tell, told }: Create | Delete, name: string): void {
    if (tell === undefined) return;
    const [reason, done] = type === 'create' ? ['SuccessfulCreate', 'Created'] : ['SuccessfulDelete', 'Deleted'];
    this.#events.record(tell, 'Normal', reason, told?.done ?? `${done} ${object.kind.toLowerCase()}: ${name}`);
  }

  /** Only refusals are told: after any other failure nobody knows whether it was one. */
  #tellFailure({ type, tell, told }: Create | Delete, error: unknown): void {
    if (tell === undefined || !isError(error, ...apiRefusals) || isOfLateView(error)) return;
    const [reason, verb] = type === 'create' ? ['FailedCreate', 'creating'] : ['FailedDelete', 'deleting'];
    this.#events.record(tell, 'Warning', reason, `${told?.failed ?? `Error ${verb}`}: ${error.message}`);
  }

  /** Waits for a write, and notes where its failure leaves open whether it took effect. */
  async #send<T>(objects: readonly { readonly kind: string }[], write: Promise<T>): Promise<T> {
    try {
      return await write;
    } catch (error) {
      if (!isError(error, ...apiRefusals)) for (const { kind } of objects) this.#inDoubt.add(kind as AnyKind);
      throw error;
    }
  }

  #fresh(object: AnyObject): AnyObject {
    const resourceVersion = this.#latest.get(object.metadata.uid!) ?? object.metadata.resourceVersion;
    return { ...object, metadata: { ...object.metadata, resourceVersion } } as AnyObject;
  }

  #note({ kind, metadata }: AnyObject): void {
    this.#noteWrite(kind as KindName, metadata.uid!, metadata.resourceVersion!);
  }

  #noteWrite(kind: AnyKind, uid: string, resourceVersion: string): void {
    this.#latest.set(uid, resourceVersion);
    this.#written.set(kind, Math.max(Number(resourceVersion), this.#written.get(kind) ?? 0));
  }
}

/** True for a refusal that says no more than that the view was late. */
function isOfLateView({ reason }: GantryError): boolean {
  return reason === 'Conflict' || reason === 'AlreadyExists';
}

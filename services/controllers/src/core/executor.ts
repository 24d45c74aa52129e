import type { Writer } from '@gantry/client/api.ts';
import type { KindName } from '@gantry/model/registry.ts';
import { GantryError, isError, type Reason } from '@gantry/runtime/errors.ts';
import type { Action, AnyObject } from './action.ts';

/** Records what happened to an object, for users. */
export interface EventSink {
  record(about: AnyObject, type: 'Normal' | 'Warning', reason: string, message: string): void;
}

/** The writes that controllers need. */
export type Writes = Pick<Writer, 'create' | 'createBatch' | 'update' | 'updateStatus' | 'delete'>;

/** What an executed plan changed, so that the next reconcile can wait until its informers have seen it. */
export interface Outcome {
  /** The highest revision written, by kind. */
  readonly written: ReadonlyMap<KindName, number>;
  /** Objects that are gone since: kind and uid. */
  readonly gone: ReadonlyArray<{
    readonly kind: KindName;
    readonly namespace: string | undefined;
    readonly name: string;
    readonly uid: string;
  }>;
  /** Milliseconds until the key wants to be looked at again; undefined where it does not. */
  readonly requeueMs: number | undefined;
}

/** Deletes that may be under way at once for one key. */
const maxParallel = 32;
/** Most creates of one call, and about their most characters of JSON; a request may have 4 MiB. */
const maxTogether = 256;
const maxCharsTogether = 2 * 1024 * 1024;

/**
 * Carries out a plan. Creates that stand side by side share calls, starting slowly (1, 2, 4, …) so that a plan whose first
 * create is refused (a quota, a broken template) does not send hundreds more; deletes likewise run in parallel. Everything
 * else runs in order. Rejects with the first error; what was done stays done.
 */
export async function execute(
  actions: readonly Action[],
  writes: Writes,
  events: EventSink,
  signal: AbortSignal,
): Promise<Outcome> {
  const run = new Run(writes, events, signal);
  for (let start = 0; start < actions.length; ) {
    const { type } = actions[start]!;
    let end = start + 1;
    const together = type === 'create' || type === 'delete';
    while (together && actions[end]?.type === type) end++;
    await run.slowStart(actions.slice(start, end));
    start = end;
  }
  return run.outcome();
}

class Run {
  readonly #writes: Writes;
  readonly #events: EventSink;
  readonly #signal: AbortSignal;
  readonly #written = new Map<KindName, number>();
  readonly #gone: { kind: KindName; namespace: string | undefined; name: string; uid: string }[] = [];
  /** Revisions of objects that this plan wrote already, by uid: a later write of the plan goes on from there. */
  readonly #latest = new Map<string, string>();
  #requeueMs: number | undefined;

  constructor(writes: Writes, events: EventSink, signal: AbortSignal) {
    this.#writes = writes;
    this.#events = events;
    this.#signal = signal;
  }

  outcome(): Outcome {
    return { written: this.#written, gone: this.#gone, requeueMs: this.#requeueMs };
  }

  async slowStart(actions: readonly Action[]): Promise<void> {
    const most = mostTogether(actions);
    for (let start = 0, size = 1; start < actions.length; start += size, size = Math.min(size * 2, most)) {
      const some = actions.slice(start, start + size);
      const objects = some.flatMap((action) => (action.type === 'create' ? [action.object] : []));
      if (objects.length > 1) await this.#createAll(objects);
      else await this.#performAll(some);
    }
  }

  async #performAll(actions: readonly Action[]): Promise<void> {
    const results = await Promise.allSettled(actions.map((action) => this.#perform(action)));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
  }

  async #createAll(objects: readonly AnyObject[]): Promise<void> {
    const results = await this.#writes.createBatch(objects, { signal: this.#signal });
    for (const [index, { code, uid, resourceVersion }] of results.entries()) {
      if (code === 0) this.#noteWrite(objects[index]!.kind as KindName, uid, String(resourceVersion));
    }
    const failed = results.find(({ code }) => code !== 0);
    if (failed) throw new GantryError(failed.reason as Reason, failed.message);
  }

  async #perform(action: Action): Promise<void> {
    const options = { signal: this.#signal };
    switch (action.type) {
      case 'create':
        return this.#note(await this.#writes.create(action.object, options));
      case 'update':
        return this.#note(await this.#writes.update(this.#fresh(action.object), options));
      case 'updateStatus':
        return this.#note(await this.#writes.updateStatus(this.#fresh(action.object), options));
      case 'delete':
        return this.#delete(action);
      case 'event':
        return this.#events.record(action.about, action.eventType, action.reason, action.message);
      case 'requeue':
        this.#requeueMs = Math.min(this.#requeueMs ?? Number.POSITIVE_INFINITY, action.afterMs);
        return;
    }
  }

  async #delete(action: Extract<Action, { type: 'delete' }>): Promise<void> {
    const { object, gracePeriodSeconds, propagationPolicy } = action;
    const { namespace, name, uid } = object.metadata;
    const kind = object.kind as KindName;
    try {
      const options = { uid: uid!, signal: this.#signal, gracePeriodSeconds, propagationPolicy };
      const result = await this.#writes.delete(kind, { namespace, name }, options);
      if (result.gone) this.#gone.push({ kind, namespace, name, uid: uid! });
      else this.#note(result.object);
    } catch (error) {
      // Somebody else was faster, or another object took the name: either way this one is gone.
      if (!isError(error, 'NotFound', 'Conflict')) throw error;
      this.#gone.push({ kind, namespace, name, uid: uid! });
    }
  }

  #fresh(object: AnyObject): AnyObject {
    const resourceVersion = this.#latest.get(object.metadata.uid!) ?? object.metadata.resourceVersion;
    return { ...object, metadata: { ...object.metadata, resourceVersion } } as AnyObject;
  }

  #note({ kind, metadata }: AnyObject): void {
    this.#noteWrite(kind as KindName, metadata.uid!, metadata.resourceVersion!);
  }

  #noteWrite(kind: KindName, uid: string, resourceVersion: string): void {
    this.#latest.set(uid, resourceVersion);
    this.#written.set(kind, Math.max(Number(resourceVersion), this.#written.get(kind) ?? 0));
  }
}

/** How many of the actions, all of one type, may go at once. Objects that one plan creates are alike. */
function mostTogether(actions: readonly Action[]): number {
  const [first] = actions;
  if (first?.type !== 'create' || actions.length === 1) return maxParallel;
  const chars = JSON.stringify(first.object).length;
  return Math.max(1, Math.min(maxTogether, Math.floor(maxCharsTogether / chars)));
}

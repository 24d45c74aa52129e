import type { Writer } from '@gantry/client/api.ts';
import type { KindName } from '@gantry/model/registry.ts';
import { isError } from '@gantry/runtime/errors.ts';
import type { Action, AnyObject } from './action.ts';

/** Records what happened to an object, for users. */
export interface EventSink {
  record(about: AnyObject, type: 'Normal' | 'Warning', reason: string, message: string): void;
}

/** The writes that controllers need. */
export type Writes = Pick<Writer, 'create' | 'update' | 'updateStatus' | 'delete'>;

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

/** Creates and deletes that may be under way at once for one key. */
const maxParallel = 32;

/**
 * Carries out a plan. Creates that stand side by side run in parallel, starting slowly (1, 2, 4, …) so that a plan whose first
 * create is refused (a quota, a broken template) does not send hundreds more; deletes likewise. Everything else runs in
 * order. Rejects with the first error; what was done stays done.
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
    const parallel = type === 'create' || type === 'delete';
    while (parallel && actions[end]?.type === type) end++;
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
    for (let start = 0, size = 1; start < actions.length; start += size, size = Math.min(size * 2, maxParallel)) {
      const results = await Promise.allSettled(
        actions.slice(start, start + size).map((action) => this.#perform(action)),
      );
      const failed = results.find((result) => result.status === 'rejected');
      if (failed) throw failed.reason;
    }
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

  #note(object: AnyObject): void {
    const kind = object.kind as KindName;
    const revision = Number(object.metadata.resourceVersion);
    this.#latest.set(object.metadata.uid!, object.metadata.resourceVersion!);
    this.#written.set(kind, Math.max(revision, this.#written.get(kind) ?? 0));
  }
}

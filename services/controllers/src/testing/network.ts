import type { AnyKind, Change, ChangeResult, CreateResult, ItemResult, ListPage } from '@gantry/client/api.ts';
import type { KubeObject } from '@gantry/model/kind.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { GantryError, reasonTable } from '@gantry/runtime/errors.ts';
import type { AnyObject } from '../core/action.ts';
import type { ControllerApi } from '../core/executor.ts';
import type { Random } from './random.ts';
import { scaleIn, setScaleIn } from './scales.ts';
import { connectionLost, type TruthStore } from './store.ts';

/** Probabilities that a call fails. */
export interface NetworkFaults {
  /** The call is not carried out, and fails with a lost connection. */
  readonly unsent: number;
  /** The call is carried out, and its answer is lost. */
  readonly lostAnswer: number;
  /** The call fails with a lost connection, and is carried out a moment later. */
  readonly late: number;
  /** One object of a batch is refused. */
  readonly refusedItem: number;
}

interface Call {
  readonly apply: () => unknown;
  readonly answer: (result: () => unknown) => void;
  readonly isRead: boolean;
  readonly fault: 'none' | 'unsent' | 'lostAnswer' | 'late';
  dueMs: number;
  /** The outcome, once it was carried out and the answer is on its way. */
  result?: () => unknown;
}

/** Milliseconds of the way to the api or back, at most. */
const maxWayMs = 250;
/** Milliseconds, at most, after which a call that failed for its caller is carried out. Less than controllers allow for. */
const maxLateMs = 800;

/** The way between controllers and the api: calls take time both ways, fail, and lose their answers. */
export class Network {
  readonly #store: TruthStore;
  readonly #clock: Clock;
  readonly #random: Random;
  #calls: Call[] = [];
  /** Undefined while nothing fails and nothing takes time. */
  faults: NetworkFaults | undefined;

  constructor(store: TruthStore, clock: Clock, random: Random) {
    this.#store = store;
    this.#clock = clock;
    this.#random = random;
  }

  /** Calls under way that may write. */
  get underWay(): number {
    return this.#calls.filter(({ isRead }) => !isRead).length;
  }

  /** Carries out what has arrived at the api, and answers what is back. */
  step(): void {
    const nowMs = this.#clock.monotonic();
    const due = this.#calls.filter(({ dueMs }) => dueMs <= nowMs);
    for (const call of due) {
      if (call.result === undefined) this.#arrive(call);
      else this.#leave(call, call.result);
    }
  }

  /** The callers are gone: each call that has not arrived may still arrive, or not. */
  hangUp(): void {
    const calls = this.#calls;
    this.#calls = [];
    for (const call of calls) {
      if (call.result === undefined && this.#random.chance(0.5)) outcomeOf(call.apply);
    }
  }

  /** The api as one caller sees it. */
  apiFor(by: string): ControllerApi {
    const store = this.#store;
    const call = <T>(apply: () => T, options?: { readonly signal?: AbortSignal }): Promise<T> =>
      this.#call(apply, options?.signal);
    const read = <T>(apply: () => T, options?: { readonly signal?: AbortSignal }): Promise<T> =>
      this.#call(apply, options?.signal, true);
    return {
      get: (kind, name, options) => read(() => store.get(kind, name) as never, options),
      getScale: (kind, name, options) => read(() => scaleIn(store.get(kind, name)), options),
      updateScale: (kind, name, change, options) => call(() => setScaleIn(store, kind, name, change, by), options),
      list: (kind, query, options) => read(() => this.#list(kind, query?.namespace) as ListPage<never>, options),
      create: (object, options) => call(() => store.create(object as never, by), options),
      createBatch: (objects, options) =>
        call(() => objects.map((object) => this.#createOne(object as AnyObject, by)), options),
      update: (object, options) => call(() => store.update(object as never, by), options),
      updateStatus: (object, options) => call(() => store.updateStatus(object as never, by), options),
      patch: (kind, name, { body, subresource }, options) =>
        call(() => {
          if (subresource === 'finalize') return store.finalize(name, body, by) as never;
          if (subresource === 'status') return store.patchStatus(kind, name, body, by) as never;
          return store.patchMetadata(kind, name, body, by) as never;
        }, options),
      changeBatch: (changes, options) => call(() => changes.map((change) => this.#changeOne(change, by)), options),
      delete: (kind, name, options = {}) => call(() => store.delete(kind, name, options, by) as never, options),
      deleteCollection: (kind, query, options = {}) =>
        call(() => {
          for (const { metadata } of this.#list(kind, query?.namespace).items) store.delete(kind, metadata, {}, by);
        }, options),
    };
  }

  #list(kind: AnyKind, namespace: string | undefined): ListPage<KubeObject> {
    this.#store.check(kind);
    const all: KubeObject[] = this.#store.all(kind);
    const items = all.filter(({ metadata }) => namespace === undefined || metadata.namespace === namespace);
    return { items, resourceVersion: this.#store.revision };
  }

  #createOne(object: AnyObject, by: string): CreateResult {
    return this.#item({ name: '', uid: '' }, () => {
      const { metadata } = this.#store.create(object, by);
      const { name, uid, resourceVersion } = metadata;
      return { resourceVersion: Number(resourceVersion), name, uid: uid! };
    });
  }

  #changeOne(change: Change, by: string): ChangeResult {
    return this.#item<Pick<ChangeResult, 'uid' | 'gone'>>({ uid: '', gone: false }, () => {
      const { kind, name } = change;
      const { object, gone } =
        change.type === 'delete'
          ? this.#store.delete(kind, name, change.options ?? {}, by)
          : { object: this.#store.patchMetadata(kind, name, change.patch.body, by), gone: false };
      const { resourceVersion, uid } = object.metadata;
      return { resourceVersion: Number(resourceVersion), uid: uid!, gone };
    });
  }

  /** The result of an item of a batch, which may be refused by chance. */
  #item<T extends object>(refused: T, apply: () => T & { readonly resourceVersion: number }): T & ItemResult {
    try {
      if (this.faults !== undefined && this.#random.chance(this.faults.refusedItem)) {
        throw new GantryError('Forbidden', 'exceeded quota');
      }
      return { code: 0, message: '', reason: '', ...apply() };
    } catch (error) {
      if (!(error instanceof GantryError)) throw error;
      const { reason, message } = error;
      return { ...refused, code: reasonTable[reason].grpc, message, reason, resourceVersion: 0 };
    }
  }

  #call<T>(apply: () => T, signal: AbortSignal | undefined, isRead = false): Promise<T> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    return new Promise<T>((resolve, reject) => {
      const call: Call = {
        apply,
        isRead,
        answer: (result) => {
          try {
            resolve(result() as T);
          } catch (error) {
            reject(error);
          }
        },
        fault: this.#fault(),
        dueMs: this.#clock.monotonic() + this.#wayMs(),
      };
      this.#calls.push(call);
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
  }

  #fault(): Call['fault'] {
    if (this.faults === undefined) return 'none';
    const { unsent, lostAnswer, late } = this.faults;
    const roll = this.#random.next();
    if (roll < unsent) return 'unsent';
    if (roll < unsent + lostAnswer) return 'lostAnswer';
    return roll < unsent + lostAnswer + late ? 'late' : 'none';
  }

  #arrive(call: Call): void {
    const fail = (): never => {
      throw connectionLost();
    };
    if (call.fault === 'unsent') {
      this.#leave(call, fail);
      return;
    }
    if (call.fault === 'late') {
      // Its caller hears of the failure now; the call itself is still on its way.
      call.answer(fail);
      this.#calls.push({
        ...call,
        fault: 'none',
        answer: () => {},
        dueMs: this.#clock.monotonic() + this.#random.int(1, maxLateMs),
      });
      this.#calls = this.#calls.filter((other) => other !== call);
      return;
    }
    const result = outcomeOf(call.apply);
    call.result = call.fault === 'lostAnswer' ? fail : result;
    call.dueMs = this.#clock.monotonic() + this.#wayMs();
    if (call.dueMs <= this.#clock.monotonic()) this.#leave(call, call.result);
  }

  #leave(call: Call, result: () => unknown): void {
    this.#calls = this.#calls.filter((other) => other !== call);
    call.answer(result);
  }

  #wayMs(): number {
    return this.faults === undefined ? 0 : this.#random.int(0, maxWayMs);
  }
}

/** Runs now, and gives the result or the error to whoever asks later. */
function outcomeOf(apply: () => unknown): () => unknown {
  try {
    const value = apply();
    return () => value;
  } catch (error) {
    if (!(error instanceof GantryError)) throw error;
    return () => {
      throw error;
    };
  }
}

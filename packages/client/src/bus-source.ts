import { type ChangeMessage, decodeChange, decodeProgress, type ProgressMessage } from '@gantry/events/change.ts';
import { ChangeCursor, type Verdict } from '@gantry/events/cursor.ts';
import type { EventBus, Subscription } from '@gantry/events/events.ts';
import { type ChangeSubject, changesPattern, parseChangeSubject, progressSubject } from '@gantry/events/subjects.ts';
import { type KindName, type Kinds, kindOf } from '@gantry/model/built-in.ts';
import type { KubeObject } from '@gantry/model/kind.ts';
import { resourceOf } from '@gantry/model/registry.ts';
import { type BackoffPolicy, backoffMs } from '@gantry/runtime/backoff.ts';
import { type Clock, systemClock } from '@gantry/runtime/clock.ts';
import { isError } from '@gantry/runtime/errors.ts';
import type { Query, Reader } from './api.ts';
import { type ChangeSource, listAll, type SourceEvent, toSourceEvent } from './change-source.ts';
import { Inbox, type InboxCapacity } from './inbox.ts';
import { objectKey } from './object-cache.ts';
import { queryMatcher } from './selection.ts';

/** The reason for which an informer reads the state from the api. */
export type RepairCause =
  /** A change or a progress message showed that something was missed. */
  | 'gap'
  /** The store lost changes that were published already. */
  | 'reset'
  /** The bus was away. */
  | 'reconnect'
  /** More messages came than were taken. */
  | 'overflow'
  /** No message of the relay came for a while. */
  | 'silence'
  /** A message could not be read. */
  | 'garbled';

export interface BusSourceOptions {
  /** Hears of every time that the state was read from the api after something may have been missed. */
  readonly onRepair?: (cause: RepairCause) => void;
  /** Milliseconds without word from the relay after which the state is read from the api; 10,000 by default. */
  readonly silenceMs?: number;
  readonly clock?: Clock;
}

interface ChangeItem {
  readonly type: 'change';
  readonly subject: ChangeSubject;
  readonly message: ChangeMessage;
}

type Message =
  | ChangeItem
  | { readonly type: 'progress'; readonly message: ProgressMessage }
  | { readonly type: 'repair'; readonly cause: RepairCause };

/**
 * Messages that may wait while the state is read. The number is what a busy cluster publishes in the time that the largest
 * lists take; the characters bound memory, because a message holds an object.
 */
const inboxCapacity: InboxCapacity = { items: 50_000, chars: 32 * 1024 * 1024 };

/** Waits before the state is read again; the wait starts small anew after a quiet time. */
const repairBackoff: BackoffPolicy = { initialMs: 20, maxMs: 5_000, factor: 2, jitter: 0.5 };
const quietMs = 5_000;

/** All consumers lose the bus, or the relay, at once: they come back to the api spread over this time. */
const spreadMs = 1_000;

const defaultSilenceMs = 10_000;

/** The api, as it is read beside the bus. Without `watch`, changes come at the pace of silenceMs while the bus is silent. */
type BusReaderApi = Pick<Reader, 'list' | 'get'> & Partial<Pick<Reader, 'watch'>>;

/**
 * Changes from the event bus. The state is read from the api at the start, and again whenever the revisions in the
 * messages show that one was lost, so that a loss of the bus costs time but never a change. While no message of the
 * relay comes, changes come from the api's watch.
 */
export function busSource<K extends KindName>(
  bus: EventBus,
  reader: BusReaderApi,
  kind: K,
  query: Query = {},
  options: BusSourceOptions = {},
): ChangeSource<Kinds[K]> {
  return {
    read: (_after, signal) => new BusReader(bus, reader, kind, query, options).read(signal),
  };
}

class BusReader<K extends KindName> {
  readonly #bus: EventBus;
  readonly #reader: BusReaderApi;
  readonly #kind: K;
  readonly #query: Query;
  readonly #options: BusSourceOptions;
  readonly #clock: Clock;
  readonly #resource: string;
  readonly #matches: (object: Kinds[K]) => boolean;
  #cursor = new ChangeCursor();
  readonly #inbox = new Inbox<Message>(inboxCapacity, { type: 'repair', cause: 'overflow' }, charsOf);
  /** Time of the relay's last message, or of the last read of the state, on the monotonic clock. */
  #lastMessageMs = 0;
  /** True while the api is read, or about to be: messages wait meanwhile, and their silence says nothing. */
  #isReading = false;
  /** Ends the watch that stands in for the bus, when a message comes again. */
  #endWatch: () => void = () => {};
  #repairs = 0;
  #lastRepairMs = 0;

  constructor(bus: EventBus, reader: BusReaderApi, kind: K, query: Query, options: BusSourceOptions) {
    this.#bus = bus;
    this.#reader = reader;
    this.#kind = kind;
    this.#query = query;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#resource = resourceOf(kindOf(kind));
    this.#matches = queryMatcher(kind, query);
  }

  async *read(outer: AbortSignal): AsyncGenerator<SourceEvent<Kinds[K]>> {
    const ended = new AbortController();
    const signal = AbortSignal.any([outer, ended.signal]);
    signal.addEventListener('abort', () => this.#inbox.close(signal.reason), { once: true });
    const subscriptions = this.#subscribe();
    const stopListening = this.#bus.onReconnect(() => this.#push({ type: 'repair', cause: 'reconnect' }));
    const watching = this.#watchSilence(signal);
    try {
      // Subscribed before the state is read: a change is in the state or arrives after it, or both.
      await Promise.all(subscriptions.map((subscription) => subscription.ready));
      yield await this.#whileReading(() => this.#snapshot(signal));
      while (!signal.aborted) {
        const item = this.#inbox.poll() ?? (await this.#inbox.take());
        if (item.type !== 'change') {
          yield* this.#handle(item, signal);
          continue;
        }
        // Nearly all there is, and thousands a second: no generator and no promise of its own for each.
        const verdict = this.#receive(item);
        if (verdict === 'gap') yield await this.#repair('gap', signal);
        if (verdict === 'next') yield this.#wholeEvent(item) ?? (await this.#eventOf(item, signal));
      }
    } finally {
      ended.abort();
      stopListening();
      await Promise.all(subscriptions.map((subscription) => subscription[Symbol.asyncDispose]()));
      await watching;
    }
  }

  #subscribe(): Subscription[] {
    const push = (message: Message | undefined): void => this.#push(message ?? { type: 'repair', cause: 'garbled' });
    return [
      this.#bus.subscribe(changesPattern(this.#resource), (subjectText, payload) => {
        const subject = parseChangeSubject(subjectText);
        const message = decodeChange(payload);
        push(subject && message && { type: 'change', subject, message });
      }),
      this.#bus.subscribe(progressSubject, (_, payload) => {
        const message = decodeProgress(payload);
        push(message && { type: 'progress', message });
      }),
    ];
  }

  #push(message: Message): void {
    this.#inbox.push(message);
    this.#endWatch();
  }

  async *#handle(
    item: Exclude<Message, { type: 'change' }>,
    signal: AbortSignal,
  ): AsyncGenerator<SourceEvent<Kinds[K]>> {
    if (item.type === 'repair') {
      // Whoever speaks after a silence is believed: the tokens of a store that was set up anew begin at one again.
      if (item.cause === 'silence') this.#cursor = new ChangeCursor();
      yield await this.#repair(item.cause, signal);
      if (item.cause === 'silence') yield* this.#watchUntilMessage(signal);
      return;
    }
    if (item.type === 'progress' && this.#cursor.isNewHistory(item.message.epoch, item.message.history)) {
      yield await this.#repair('reset', signal);
      return;
    }
    const before = this.#cursor.revision;
    const verdict = this.#receive(item);
    if (verdict === 'gap') yield await this.#repair('gap', signal);
    if (verdict === 'complete' && this.#cursor.revision > before) {
      yield { type: 'progress', revision: this.#cursor.revision };
    }
  }

  #receive(item: Exclude<Message, { type: 'repair' }>): Verdict {
    const verdict = this.#judge(item);
    if (verdict !== 'old') this.#lastMessageMs = this.#clock.monotonic();
    return verdict;
  }

  #judge(item: Exclude<Message, { type: 'repair' }>): Verdict {
    if (item.type === 'change') return this.#cursor.change(item.message, item.message.previous);
    const { epoch, start, revision, last } = item.message;
    return this.#cursor.progress(epoch, last[this.#resource] ?? start, revision);
  }

  /** The event in a message that carries its object; undefined where it carries none. */
  #wholeEvent({ subject, message }: ChangeItem): SourceEvent<Kinds[K]> | undefined {
    const { revision, type, json } = message;
    if (json === undefined) return undefined;
    const key = objectKey(subject.namespace, subject.name);
    try {
      const object = decodeObject<Kinds[K]>(json, revision);
      if (type === 'DELETED' || !this.#matches(object)) return { type: 'delete', key, object, revision };
      return { type: 'put', object, revision };
    } catch (error) {
      // A deletion is an event even if the last state cannot be read.
      if (type === 'DELETED') return { type: 'delete', key, object: undefined, revision };
      return { type: 'unreadable', key, revision, problem: textOf(error) };
    }
  }

  /** The event of a message whose object was too large for it. */
  async #eventOf({ subject, message }: ChangeItem, signal: AbortSignal): Promise<SourceEvent<Kinds[K]>> {
    const { revision, type } = message;
    const key = objectKey(subject.namespace, subject.name);
    try {
      const object = type === 'DELETED' ? undefined : await this.#readObject(subject, signal);
      if (object === undefined || !this.#matches(object)) return { type: 'delete', key, object, revision };
      return { type: 'put', object, revision };
    } catch (error) {
      // The api's word for an object whose stored text is damaged.
      if (!isError(error, 'InternalError')) throw error;
      return { type: 'unreadable', key, revision, problem: textOf(error) };
    }
  }

  /** An object that was too large for its message: as it is now, which may be a later state; undefined where it is gone. */
  async #readObject({ namespace, name }: ChangeSubject, signal: AbortSignal): Promise<Kinds[K] | undefined> {
    try {
      const ref = namespace === undefined ? { name } : { namespace, name };
      return await this.#whileReading(() => this.#reader.get(this.#kind, ref, { signal }));
    } catch (error) {
      if (isError(error, 'NotFound')) return undefined;
      throw error;
    }
  }

  async #repair(cause: RepairCause, signal: AbortSignal): Promise<SourceEvent<Kinds[K]>> {
    if (this.#clock.monotonic() - this.#lastRepairMs > quietMs) this.#repairs = 0;
    const spread = cause === 'reconnect' || cause === 'silence' ? Math.random() * spreadMs : 0;
    const snapshot = await this.#whileReading(async () => {
      await this.#clock.sleep(spread + backoffMs(repairBackoff, ++this.#repairs), signal);
      return this.#snapshot(signal);
    });
    this.#lastRepairMs = this.#clock.monotonic();
    this.#options.onRepair?.(cause);
    return snapshot;
  }

  async #snapshot(signal: AbortSignal): Promise<SourceEvent<Kinds[K]>> {
    const isSameHistory = this.#cursor.revision > 0;
    const state = await listAll(this.#reader, this.#kind, this.#query, signal);
    this.#cursor.readTo(state.revision);
    return { type: 'snapshot', ...state, isSameHistory };
  }

  /** Runs what reads the api. However long it takes, messages wait meanwhile, so that it counts as no silence of the relay. */
  async #whileReading<T>(read: () => Promise<T>): Promise<T> {
    this.#isReading = true;
    try {
      return await read();
    } finally {
      this.#isReading = false;
      this.#lastMessageMs = this.#clock.monotonic();
    }
  }

  /** The changes from the api's watch until a message comes on the bus; the cursor then stands where the watch ended. */
  async *#watchUntilMessage(signal: AbortSignal): AsyncGenerator<SourceEvent<Kinds[K]>> {
    if (this.#reader.watch === undefined) return;
    const heard = new AbortController();
    this.#endWatch = () => heard.abort();
    this.#isReading = true;
    try {
      const query = { ...this.#query, resourceVersion: this.#cursor.revision };
      for await (const event of this.#reader.watch(this.#kind, query, AbortSignal.any([signal, heard.signal]))) {
        this.#cursor.readTo(event.resourceVersion);
        yield toSourceEvent(event);
      }
    } catch (error) {
      // A watch that breaks is followed by another silence, and by another one.
      if (!heard.signal.aborted && !isError(error)) throw error;
    } finally {
      this.#endWatch = () => {};
      this.#isReading = false;
      this.#lastMessageMs = this.#clock.monotonic();
    }
  }

  /** Without a relay, or where the bus lost the subscription, changes come from the api alone, at this pace. */
  async #watchSilence(signal: AbortSignal): Promise<void> {
    const silenceMs = this.#options.silenceMs ?? defaultSilenceMs;
    this.#lastMessageMs = this.#clock.monotonic();
    while (!signal.aborted) {
      const waitMs = this.#isReading ? silenceMs : this.#lastMessageMs + silenceMs - this.#clock.monotonic();
      try {
        await this.#clock.sleep(Math.max(1, waitMs), signal);
      } catch {
        return;
      }
      if (this.#isReading || this.#clock.monotonic() - this.#lastMessageMs < silenceMs) continue;
      this.#lastMessageMs = this.#clock.monotonic();
      this.#inbox.push({ type: 'repair', cause: 'silence' });
    }
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function charsOf(message: Message): number {
  return message.type === 'change' ? (message.message.json?.length ?? 0) : 0;
}

/** The object in a store's text; its resourceVersion is the revision and never part of the text. */
function decodeObject<T extends KubeObject>(json: string, revision: number): T {
  const object = JSON.parse(json) as T;
  if (typeof object?.metadata?.name !== 'string') throw new Error('it has no metadata.name');
  // The store has it in a form of its own, and no service looks at it.
  delete object.metadata.managedFields;
  object.metadata.resourceVersion = String(revision);
  return object;
}

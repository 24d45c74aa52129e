import { randomBytes } from 'node:crypto';
import type { Clock } from '@gantry/runtime/clock.ts';
import { isError } from '@gantry/runtime/errors.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import { rfc3339 } from '@gantry/runtime/time.ts';
import type { Writer } from './api.ts';
import { type EventContent, type EventSubject, eventObject } from './event-object.ts';

/** Events that wait to be written; more are dropped, and counted in the log. */
const maxQueued = 2_000;
/** Events whose repetition is recognised. */
const maxRemembered = 4_096;
/** Writes under way at once. */
const maxParallel = 4;
/** Different events of one object before it is slowed down, and how often it may send one after that (Kubernetes' numbers). */
const burstPerObject = 25;
const refillMs = 300_000;

interface Remembered {
  readonly name: string;
  readonly namespace: string;
  count: number;
}

interface Pending extends Omit<EventContent, 'component' | 'host'> {
  readonly atMs: number;
}

/**
 * Tells users what happens to objects, as Event objects. Recording never waits and never fails: events are written behind
 * the caller's back, repetitions only raise a count, and an object that sends too many is slowed down.
 */
export class EventRecorder implements AsyncDisposable {
  readonly #writer: Pick<Writer, 'create' | 'patch'>;
  readonly #component: string;
  readonly #host: string | undefined;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #queue: Pending[] = [];
  readonly #remembered = new Map<string, Remembered>();
  readonly #budgets = new Map<string, { left: number; atMs: number }>();
  readonly #running = new Set<Promise<void>>();
  #closed = false;
  #dropped = 0;

  /**
   * @param options.component Who says it, such as kubelet or deployment-controller; shown as the event's source.
   * @param options.host Node it is said on, where that matters.
   */
  constructor(
    writer: Pick<Writer, 'create' | 'patch'>,
    options: { readonly component: string; readonly host?: string; readonly clock: Clock; readonly log: Logger },
  ) {
    this.#writer = writer;
    this.#component = options.component;
    this.#host = options.host;
    this.#clock = options.clock;
    this.#log = options.log;
  }

  /**
   * Records an event.
   * @param reason One word in CamelCase.
   * @param fieldPath Path inside the object, such as spec.containers{web}.
   */
  record(subject: EventSubject, type: 'Normal' | 'Warning', reason: string, message: string, fieldPath?: string): void {
    const atMs = this.#clock.now();
    if (this.#closed || !this.#withinBudget(subject.metadata.uid ?? '', this.#clock.monotonic())) return;
    if (this.#queue.length >= maxQueued) {
      this.#dropped++;
      return;
    }
    this.#queue.push({ subject, type, reason, message, fieldPath, atMs });
    this.#drain();
  }

  /** Waits until everything that was recorded is written or given up. */
  async flush(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await this.flush();
  }

  #withinBudget(uid: string, nowMs: number): boolean {
    const budget = this.#budgets.get(uid) ?? { left: burstPerObject, atMs: nowMs };
    const refilled = Math.floor((nowMs - budget.atMs) / refillMs);
    const left = Math.min(burstPerObject, budget.left + refilled);
    this.#budgets.delete(uid);
    this.#budgets.set(uid, { left: Math.max(0, left - 1), atMs: refilled > 0 ? nowMs : budget.atMs });
    forgetOldest(this.#budgets);
    return left > 0;
  }

  #drain(): void {
    while (this.#running.size < maxParallel) {
      const pending = this.#queue.shift();
      if (pending === undefined) return;
      const work: Promise<void> = this.#write(pending)
        .catch((error: unknown) => this.#log.debug({ error, reason: pending.reason }, 'an event was not written'))
        .finally(() => {
          this.#running.delete(work);
          if (this.#dropped > 0 && this.#queue.length === 0) {
            this.#log.warn({ dropped: this.#dropped }, 'events were dropped: too many at once');
            this.#dropped = 0;
          }
          this.#drain();
        });
      this.#running.add(work);
    }
  }

  async #write(pending: Pending): Promise<void> {
    const { subject, type, reason, message, fieldPath } = pending;
    const key = [subject.metadata.uid, type, reason, message, fieldPath].join('\0');
    const known = this.#remembered.get(key);
    const lastTimestamp = rfc3339(pending.atMs);
    if (known !== undefined) {
      known.count++;
      try {
        const body = { count: known.count, lastTimestamp };
        await this.#writer.patch('Event', { namespace: known.namespace, name: known.name }, { type: 'merge', body });
        return;
      } catch (error) {
        // It outlived its time to live: say it anew.
        if (!isError(error, 'NotFound')) throw error;
      }
    }
    const content = { ...pending, component: this.#component, host: this.#host };
    const event = eventObject(content, randomBytes(8).toString('hex'), lastTimestamp);
    this.#remembered.set(key, { name: event.metadata.name, namespace: event.metadata.namespace!, count: 1 });
    forgetOldest(this.#remembered);
    await this.#writer.create(event);
  }
}

function forgetOldest(map: Map<string, unknown>): void {
  if (map.size <= maxRemembered) return;
  for (const key of map.keys()) {
    map.delete(key);
    return;
  }
}

import { GantryError } from '@gantry/runtime/errors.ts';
import type { EventBus, MessageHandler, Subscription } from './events.ts';
import { callHandler } from './handlers.ts';
import { SubjectTree } from './subject-tree.ts';

/** State that the buses of one name share. */
class Exchange {
  readonly #handlers = new SubjectTree<MessageHandler>();
  /** Messages of a publish call made by a handler: delivered after the present one, so that all see one order. */
  #queue: { subject: string; payload: Uint8Array }[] | undefined;

  get unused(): boolean {
    return this.#handlers.empty;
  }

  add(pattern: string, handler: MessageHandler): void {
    this.#handlers.add(pattern, handler);
  }

  delete(pattern: string, handler: MessageHandler): void {
    this.#handlers.delete(pattern, handler);
  }

  publish(subject: string, payload: Uint8Array): void {
    if (this.#queue) {
      this.#queue.push({ subject, payload });
      return;
    }
    this.#queue = [{ subject, payload }];
    for (const message of this.#queue) {
      for (const handler of this.#handlers.match(message.subject)) {
        callHandler(handler, message.subject, message.payload);
      }
    }
    this.#queue = undefined;
  }
}

const exchanges = new Map<string, Exchange>();

/**
 * A bus between the parts of one process: handlers run inside publish, so nothing is ever queued or lost. Buses with
 * the same name are one. Payloads are handed over as they are; neither side may change them.
 */
export class InProcessBus implements EventBus {
  readonly #name: string;
  readonly #exchange: Exchange;
  readonly #subscriptions = new Set<Subscription>();
  #disposed = false;

  constructor(name: string) {
    this.#name = name;
    this.#exchange = exchanges.get(name) ?? new Exchange();
    exchanges.set(name, this.#exchange);
  }

  async publish(subject: string, payload: Uint8Array): Promise<void> {
    this.#assertOpen();
    this.#exchange.publish(subject, payload);
  }

  subscribe(pattern: string, handler: MessageHandler): Subscription {
    this.#assertOpen();
    // A function of its own a subscription: the same handler may be subscribed twice.
    const own: MessageHandler = (subject, payload) => handler(subject, payload);
    this.#exchange.add(pattern, own);
    const subscription: Subscription = {
      ready: Promise.resolve(),
      [Symbol.asyncDispose]: async () => {
        this.#exchange.delete(pattern, own);
        this.#subscriptions.delete(subscription);
      },
    };
    this.#subscriptions.add(subscription);
    return subscription;
  }

  /** Never calls back: memory does not disconnect. */
  onReconnect(_callback: () => void): () => void {
    return () => {};
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    for (const subscription of this.#subscriptions) await subscription[Symbol.asyncDispose]();
    if (this.#exchange.unused && exchanges.get(this.#name) === this.#exchange) exchanges.delete(this.#name);
  }

  #assertOpen(): void {
    if (this.#disposed) throw new GantryError('ServiceUnavailable', 'the event bus was closed');
  }
}

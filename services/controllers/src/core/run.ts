import type { AnyKind, ServedResources } from '@gantry/client/api.ts';
import type { ChangeSource } from '@gantry/client/change-source.ts';
import { type BackoffPolicy, backoffMs, defaultBackoff } from '@gantry/runtime/backoff.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import type { Controller } from './action.ts';
import { Caches, type SourceOf } from './caches.ts';
import type { Consultant } from './consult.ts';
import type { ControllerApi, EventSink } from './executor.ts';
import { kindTable } from './kinds.ts';
import { type Loop, startLoop } from './loop.ts';
import type { Measurer } from './measure.ts';
import type { ControllerMetrics } from './metrics.ts';
import { presentRevision } from './revision.ts';

/** Milliseconds until views are looked at again that were too old to begin with. */
const catchUpMs = 20;
/** Milliseconds between complaints about kinds that could not be read yet. */
const complainMs = 10_000;

/** The surroundings of running controllers. */
export interface RunOptions {
  readonly sourceOf: SourceOf;
  /** The resources that the api serves, and all of them anew whenever one comes or goes; read again where it ends. */
  readonly resources: (signal: AbortSignal) => AsyncIterable<ServedResources>;
  /** The api, as a controller calls it. */
  readonly apiOf: (controller: string) => ControllerApi;
  /** Gives the sink for a controller's events; the caller disposes of it after the controllers. */
  readonly eventsOf: (controller: string) => EventSink;
  readonly metrics: ControllerMetrics;
  readonly clock: Clock;
  readonly log: Logger;
  /** Answers the controllers' measurements; if absent, there are none. */
  readonly measurer?: Measurer | undefined;
  /** Answers the controllers' consultations; if absent, all of them fail. */
  readonly consultant?: Consultant | undefined;
  /** Waits before a source of changes is read anew; if absent, the informer's default. */
  readonly backoff?: BackoffPolicy;
  /** Numbers from 0 to below 1 for the jitter of waits; if absent, Math.random. */
  readonly random?: () => number;
}

/** Controllers that run on common caches. */
export class RunningControllers implements AsyncDisposable {
  readonly caches: Caches;
  readonly #options: RunOptions;
  readonly #loops = new Map<string, Loop>();
  readonly #stop = new AbortController();
  readonly #work: Promise<void>[];

  /**
   * Starts them: each as soon as the kinds that it watches were read, as of now or later, so that a kind which cannot be read
   * holds up only the controllers that need it.
   */
  constructor(controllers: readonly Controller[], options: RunOptions) {
    const { sourceOf, clock, log, backoff, random } = options;
    const kinds = controllers.flatMap(({ watches }) => watches);
    this.#options = options;
    const barrier = this.#barrier();
    // It rejects where this is stopped before, which concerns nobody but those who wait for it.
    barrier.catch(() => {});
    this.caches = new Caches(kinds, {
      sourceOf: (kind, content) => readAfter(barrier, sourceOf(kind, content)),
      clock,
      onError: (error, kind) => {
        if (!this.#stop.signal.aborted) log.warn({ error, kind }, 'changes could not be read and are read anew');
      },
      ...(backoff === undefined ? {} : { backoff }),
      random,
    });
    this.#work = controllers.map((controller) => this.#start(controller, barrier));
    this.#work.push(this.#complain());
    if (controllers.some(({ watchesAll }) => watchesAll)) this.#work.push(this.#followKinds());
  }

  /** Has a key of a controller reconciled soon. A controller that has not started yet looks at all keys when it does. */
  add(controller: string, key: string): void {
    this.#loops.get(controller)?.add(key);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new DOMException('the controllers were stopped', 'AbortError'));
    await Promise.all([...this.#loops.values()].map((loop) => loop[Symbol.asyncDispose]()));
    await this.caches[Symbol.asyncDispose]();
    await Promise.all(this.#work);
  }

  async #start(controller: Controller, barrier: Promise<number>): Promise<void> {
    const { apiOf, eventsOf, metrics, clock, log, random, measurer, consultant } = this.#options;
    const { signal } = this.#stop;
    try {
      await this.caches.synced(controller.watches);
      if (controller.watchesAll) await this.caches.tableRead;
      const revision = await barrier;
      while (controller.watches.some((kind) => this.caches.revision(kind) < revision)) {
        await clock.sleep(catchUpMs, signal);
      }
    } catch (error) {
      if (signal.aborted) return;
      throw error;
    }
    if (signal.aborted) return;
    const { name } = controller;
    const options = {
      caches: this.caches,
      api: apiOf(name),
      events: eventsOf(name),
      metrics,
      clock,
      log,
      measurer,
      consultant,
    };
    this.#loops.set(
      controller.name,
      startLoop(controller, { ...options, ...(random === undefined ? {} : { random }) }),
    );
  }

  /**
   * The revision that views must have reached before anybody acts on them: all that an earlier leader wrote, whose plans this
   * process knows nothing of, is at or before it. Lists begin after it was read, and so they are hardly ever older.
   */
  async #barrier(): Promise<number> {
    const { apiOf, clock, log, random } = this.#options;
    const { signal } = this.#stop;
    for (let failures = 1; ; failures++) {
      try {
        return await presentRevision(apiOf('controllers'), signal);
      } catch (error) {
        signal.throwIfAborted();
        log.warn({ error }, 'the present revision could not be read and is read again');
        await clock.sleep(backoffMs(defaultBackoff, failures, random), signal);
      }
    }
  }

  /** Follows the api's table of kinds. What is known of it stays while it cannot be read. */
  async #followKinds(): Promise<void> {
    const { resources, clock, log, backoff = defaultBackoff, random } = this.#options;
    const { signal } = this.#stop;
    for (let failures = 1; !signal.aborted; failures++) {
      try {
        for await (const served of resources(signal)) {
          if (signal.aborted) return;
          this.caches.follow(kindTable(served));
          failures = 0;
        }
      } catch (error) {
        if (signal.aborted) return;
        log.warn({ error }, 'the kinds that are served could not be read and are read anew');
      }
      await clock.sleep(backoffMs(backoff, failures, random), signal).catch(() => {});
    }
  }

  /** Names the kinds that hold controllers up, for as long as there are any. */
  async #complain(): Promise<void> {
    const { clock, log } = this.#options;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await clock.sleep(complainMs, signal).catch(() => {});
      const kinds: AnyKind[] = this.caches.unread;
      if (!signal.aborted && kinds.length > 0) {
        log.warn({ kinds }, 'controllers wait for kinds that could not be read yet');
      }
    }
  }
}

/** The source, which is not read before the promise resolves. */
function readAfter<T>(barrier: Promise<unknown>, source: ChangeSource<T>): ChangeSource<T> {
  return {
    async *read(after, signal) {
      await barrier;
      yield* source.read(after, signal);
    },
  };
}

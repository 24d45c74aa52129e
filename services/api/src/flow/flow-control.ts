import type { Clock } from '@gantry/runtime/clock.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { Attempt } from '../auth/authorization.ts';
import type { User } from '../auth/user.ts';
import { Levels, type SchemaAtWork } from './levels.ts';
import { flowOf } from './matching.ts';
import type { QueuedRequest } from './queue-set.ts';
import type { FlowView } from './view.ts';
import { WatchCounts } from './watch-counts.ts';
import { estimate } from './work.ts';

/** Longest time that a request waits in a queue, in milliseconds: a quarter of the minute that Kubernetes gives a request. */
const maxWaitMs = 15_000;
/** Milliseconds between adjustments of the seats that levels lend to one another. */
const adjustEveryMs = 10_000;

/** A request that asks for seats. */
export interface FlowRequest {
  readonly user: User;
  readonly attempt: Attempt;
  /** Fires when nobody waits for its answer any more. */
  readonly signal: AbortSignal;
  /** Characters of the objects of a list, or of the state with which a watch begins; undefined where nobody knows. */
  readonly listChars?: number | undefined;
}

export interface FlowDeps {
  readonly view: Pick<FlowView, 'configuration'>;
  readonly clock: Clock;
  /** Seats of the whole server: requests that it has in work at a time, but for exempt ones. */
  readonly seats: number;
}

/**
 * Priority and fairness: sorts requests into flows by the flow schemas, and lets as many of each priority level pass at a time as it
 * has seats, the others each in its turn. In time it knows no other than the clock's.
 */
export class FlowControl {
  readonly #deps: FlowDeps;
  readonly #levels: Levels;
  readonly #watches = new WatchCounts();
  #configuration: FlowView['configuration'] | undefined;

  constructor(deps: FlowDeps) {
    const { clock, seats } = deps;
    this.#deps = deps;
    this.#levels = new Levels(
      { now: () => clock.monotonic(), after: (ms, then) => void clock.sleep(ms).then(then, then) },
      seats,
    );
  }

  /** The levels and schemas by the configuration of now. */
  get levels(): Levels {
    const { configuration } = this.#deps.view;
    if (configuration !== this.#configuration) {
      this.#configuration = configuration;
      this.#levels.configure(configuration);
    }
    return this.#levels;
  }

  /** The schema of a request. That which catches all has those that match no other. */
  classify(user: User, attempt: Attempt): SchemaAtWork {
    const { schemas } = this.levels;
    for (const schema of schemas) if (schema.matches(user, attempt)) return schema;
    return schemas.find(({ name }) => name === 'catch-all')!;
  }

  /**
   * Takes seats for a request of a schema, until it is disposed of; at once, or when it is its turn.
   * @throws TooManyRequests where its queue is full, or it waited too long; the signal's reason when that fires first.
   */
  enter(schema: SchemaAtWork, request: FlowRequest): Place | Promise<Place> {
    const { level, counts, hands } = schema;
    const { user, attempt, signal, listChars } = request;
    const isWatch = attempt.verb === 'watch';
    const isWrite = attempt.type === 'resource' && !isReading(attempt.verb);
    const watches = isWrite ? this.#watches.interestedIn(attempt) : 0;
    if (isWrite) counts.watches.observe(watches);
    const { maxSeats } = level.limits;
    const work = attempt.type === 'path' ? oneSeat : estimate({ verb: attempt.verb, listChars, watches, maxSeats });
    counts.estimatedSeats.observe(Math.max(work.seats, work.finalSeats));
    const { response } = level.queues;
    const hand =
      typeof response === 'string'
        ? noHand
        : hands.of(flowOf(schema.schema, user, attempt), response.queues, response.handSize);
    const entered = level.queues.enter(counts, work, hand);
    if (typeof entered === 'string') throw this.#refusal(schema);
    const place = new Place(schema, entered, isWatch ? 'watch' : 'regular', this.#deps.clock);
    if (entered.state !== 'executing') return this.#wait(schema, place, entered, signal);
    if (!level.isExempt) counts.waitSeconds.true.observe(0);
    return place;
  }

  /** Counts an open watch until it is disposed of: writes that it is told of cost more. */
  watching(attempt: Attempt): Disposable | undefined {
    return attempt.type === 'resource' ? this.#watches.add(attempt) : undefined;
  }

  /** Adjusts the seats of levels to their demand, until the signal fires. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#deps.clock.sleep(adjustEveryMs, signal).catch(() => undefined);
      this.levels.adjust();
    }
  }

  async #wait(schema: SchemaAtWork, place: Place, request: QueuedRequest, signal: AbortSignal): Promise<Place> {
    const { clock } = this.#deps;
    const { promise, resolve } = Promise.withResolvers<void>();
    const settled = new AbortController();
    request.onStart = resolve;
    const give = (): void => {
      schema.level.queues.leave(request);
      resolve();
    };
    signal.addEventListener('abort', give, { once: true });
    if (signal.aborted) give();
    void clock.sleep(maxWaitMs, settled.signal).then(give, () => undefined);
    await promise;
    settled.abort();
    signal.removeEventListener('abort', give);
    const isTaken = request.state === 'executing';
    const waitedMs = clock.monotonic() - request.arrivedMs;
    schema.counts.waitSeconds[isTaken ? 'true' : 'false'].observe(waitedMs / 1_000);
    if (signal.aborted) {
      place[Symbol.dispose]();
      throw signal.reason;
    }
    if (!isTaken) throw this.#refusal(schema);
    return place;
  }

  #refusal({ level }: SchemaAtWork): GantryError {
    const seconds = level.retryAfter.refuse(this.#deps.clock.monotonic());
    return new GantryError('TooManyRequests', 'Too many requests, please try again later.', {
      retryAfterMs: seconds * 1_000,
    });
  }
}

const oneSeat = { seats: 1, finalSeats: 0, extraMs: 0 };
const noHand: readonly number[] = [];

function isReading(verb: string): boolean {
  return verb === 'get' || verb === 'list' || verb === 'watch';
}

/** The seats of a request in work. Disposing of it makes them free. */
export class Place implements Disposable {
  readonly #schema: SchemaAtWork;
  readonly #request: QueuedRequest;
  readonly #type: 'regular' | 'watch';
  readonly #clock: Clock;

  constructor(schema: SchemaAtWork, request: QueuedRequest, type: 'regular' | 'watch', clock: Clock) {
    this.#schema = schema;
    this.#request = request;
    this.#type = type;
    this.#clock = clock;
  }

  [Symbol.dispose](): void {
    const request = this.#request;
    if (request.state !== 'executing') return;
    const { level, counts } = this.#schema;
    counts.executionSeconds[this.#type].observe((this.#clock.monotonic() - request.startedMs) / 1_000);
    level.queues.finish(request);
  }
}

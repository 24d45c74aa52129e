import { FlowCounts, type RefusalReason } from '../flow-counts.ts';
import { type QueuedRequest, QueueSet, type QueueTime } from '../queue-set.ts';
import { Hands } from '../shards.ts';
import type { Work } from '../work.ts';

interface SimulatedEvent {
  readonly atMs: number;
  readonly turn: number;
  readonly then: () => void;
}

/** Time that moves from one event to the next. */
export class SimulatedTime implements QueueTime {
  #now = 0;
  readonly #events: SimulatedEvent[] = [];
  #turn = 0;

  now(): number {
    return this.#now;
  }

  after(ms: number, then: () => void): void {
    this.#events.push({ atMs: this.#now + ms, turn: this.#turn++, then });
  }

  /** Lets all happen that is due until a time. */
  run(untilMs: number): void {
    for (;;) {
      let next: SimulatedEvent | undefined;
      for (const event of this.#events) {
        if (event.atMs > untilMs) continue;
        if (next === undefined || event.atMs < next.atMs || (event.atMs === next.atMs && event.turn < next.turn)) {
          next = event;
        }
      }
      if (next === undefined) break;
      this.#events.splice(this.#events.indexOf(next), 1);
      this.#now = next.atMs;
      next.then();
    }
    this.#now = untilMs;
  }
}

/** A client that keeps a number of requests open, each followed by the next. */
export interface SimulatedClient {
  readonly name: string;
  readonly open: number;
  readonly work: Work;
  /** Milliseconds that a request is served. */
  readonly serviceMs: () => number;
}

/** Everything that became of a client's requests. */
export interface ClientOutcome {
  served: number;
  refused: number;
  /** Longest time that a served request waited, in milliseconds. */
  longestWaitMs: number;
}

/** Runs clients against a queue set. @param check Called at every event. */
export function simulate(
  clients: readonly SimulatedClient[],
  set: {
    readonly queues: number;
    readonly handSize: number;
    readonly queueLengthLimit: number;
    readonly seats: number;
  },
  forMs: number,
  check: (queues: QueueSet) => void = () => undefined,
): { readonly outcomes: ReadonlyMap<string, ClientOutcome>; readonly queues: QueueSet } {
  const time = new SimulatedTime();
  const queues = new QueueSet(set, set.seats, time);
  const hands = new Hands('schema');
  const counts = new FlowCounts('level', 'schema');
  const outcomes = new Map<string, ClientOutcome>();
  for (const client of clients) {
    const outcome: ClientOutcome = { served: 0, refused: 0, longestWaitMs: 0 };
    outcomes.set(client.name, outcome);
    const serve = (request: QueuedRequest): void => {
      outcome.longestWaitMs = Math.max(outcome.longestWaitMs, time.now() - request.arrivedMs);
      time.after(client.serviceMs(), () => {
        queues.finish(request);
        outcome.served++;
        check(queues);
        if (time.now() < forMs) send();
      });
    };
    const send = (): void => {
      const entered: QueuedRequest | RefusalReason = queues.enter(
        counts,
        client.work,
        hands.of(client.name, set.queues, set.handSize),
      );
      check(queues);
      if (typeof entered === 'string') {
        outcome.refused++;
        if (time.now() < forMs) time.after(100, send);
      } else if (entered.state === 'executing') serve(entered);
      else entered.onStart = () => serve(entered);
    };
    for (let each = 0; each < client.open; each++) time.after(0, send);
  }
  // Requests that are under way at the end are served, too.
  time.run(forMs * 100);
  return { outcomes, queues };
}

import { Demand } from './demand.ts';
import type { FlowCounts, RefusalReason } from './flow-counts.ts';
import { Utilization } from './utilization.ts';
import type { Work } from './work.ts';

/** Queues of a priority level, and queues of one flow. */
export interface Queuing {
  readonly queues: number;
  readonly handSize: number;
  /** Requests that wait in a queue, at most. */
  readonly queueLengthLimit: number;
}

/** Behaviour of a level that is used up: it lets everything pass all the same, refuses, or lets requests wait. */
export type LimitResponse = 'exempt' | 'reject' | Queuing;

/** Time of a queue set. */
export interface QueueTime {
  /** Milliseconds of a clock that never steps. */
  now(): number;
  /** Calls `then` after some milliseconds. */
  after(ms: number, then: () => void): void;
}

/** Service time that is expected of a request before it is known, in milliseconds: Kubernetes' estimate. */
const expectedMs = 3;

interface Queue {
  readonly index: number;
  readonly waiting: Set<QueuedRequest>;
  executing: number;
  /** Seat-milliseconds of the requests that wait. */
  waitingWork: number;
  /** Virtual time at which its next request begins. */
  nextStart: number;
  /** Number of its last dispatch among those of the set. */
  lastTurn: number;
}

/** A request that a queue set has taken in. */
export class QueuedRequest {
  readonly counts: FlowCounts;
  readonly work: Work;
  readonly arrivedMs: number;
  /** Virtual time at which it came. */
  readonly arrival: number;
  readonly queue: Queue | undefined;
  state: 'waiting' | 'executing' | 'over' = 'waiting';
  startedMs = 0;
  /** Called when it may go on, if it has to wait for that. */
  onStart: (() => void) | undefined;

  constructor(counts: FlowCounts, work: Work, queue: Queue | undefined, nowMs: number, arrival: number) {
    this.counts = counts;
    this.work = work;
    this.queue = queue;
    this.arrivedMs = nowMs;
    this.arrival = arrival;
  }

  /** Seats that are kept for it from its start until its extra time is over. */
  get seats(): number {
    return Math.max(this.work.seats, this.work.finalSeats);
  }

  /** Work as it is expected, in seat-milliseconds. */
  get expectedWork(): number {
    return this.work.seats * expectedMs + this.work.finalSeats * this.work.extraMs;
  }
}

/**
 * The requests of one priority level: no more at a time than its seats, and those that wait in queues that take turns by fair
 * queuing (Demers, Keshav, Shenker), with seats in place of bytes. Virtual time is the seat-milliseconds that each busy queue
 * was due. Each queue's next request has a virtual start, and that which would end first is the next one. It knows
 * nothing of requests but their work, and does no I/O.
 */
export class QueueSet {
  readonly #time: QueueTime;
  readonly #demand: Demand;
  readonly #utilization: Utilization;
  #response: LimitResponse;
  #limit: number;
  /** The queues that are in use: the others have no state. */
  readonly #queues = new Map<number, Queue>();
  #virtual = 0;
  #virtualAtMs: number;
  #waiting = 0;
  #waitingSeats = 0;
  #executing = 0;
  #seatsInUse = 0;
  #enqueued = 0;
  #turns = 0;

  constructor(response: LimitResponse, limit: number, time: QueueTime) {
    this.#response = response;
    this.#limit = limit;
    this.#time = time;
    this.#virtualAtMs = time.now();
    this.#demand = new Demand(this.#virtualAtMs);
    this.#utilization = new Utilization(this.#virtualAtMs);
    this.#resize();
  }

  get response(): LimitResponse {
    return this.#response;
  }

  get limit(): number {
    return this.#limit;
  }

  get waiting(): number {
    return this.#waiting;
  }

  get executing(): number {
    return this.#executing;
  }

  /** Seats of the requests in work, and of those whose extra time is not over. */
  get seatsInUse(): number {
    return this.#seatsInUse;
  }

  get isIdle(): boolean {
    return this.#waiting === 0 && this.#executing === 0;
  }

  /** Virtual time, in seat-seconds. */
  get virtualSeconds(): number {
    return this.#virtual / 1_000;
  }

  /** The queues that are in use. */
  get queues(): readonly Readonly<Queue>[] {
    return [...this.#queues.values()];
  }

  /** Demand for seats since this was asked the last time. */
  takeDemand(): ReturnType<Demand['take']> {
    return this.#demand.take(this.#time.now());
  }

  /** Shares of its room that were taken, until now. */
  get utilization(): Utilization {
    this.#utilization.bringUpTo(this.#time.now());
    return this.#utilization;
  }

  /** Goes on with another configuration. Queues that it has no more are emptied. */
  configure(response: LimitResponse, limit: number): void {
    this.#advance();
    this.#response = response;
    this.#limit = limit;
    this.#resize();
    this.#dispatch();
  }

  /**
   * Takes a request in, or says why not.
   * @param hand The queues of its flow; used only where the level has queues.
   */
  enter(counts: FlowCounts, work: Work, hand: readonly number[]): QueuedRequest | RefusalReason {
    const now = this.#advance();
    const response = this.#response;
    if (typeof response === 'string') {
      const request = new QueuedRequest(counts, work, undefined, now, this.#virtual);
      if (response === 'reject' && !this.#hasRoomFor(request.seats)) return this.#refuse(counts, 'concurrency-limit');
      this.#start(request, now);
      return request;
    }
    const queue = this.#chooseQueue(hand);
    if (this.#seatsInUse >= this.#limit && queue.waiting.size >= response.queueLengthLimit) {
      return this.#refuse(counts, 'queue-full');
    }
    const request = new QueuedRequest(counts, work, queue, now, this.#virtual);
    if (!this.#queues.has(queue.index)) this.#queues.set(queue.index, queue);
    this.#enqueue(request, queue, now);
    this.#dispatch();
    return request;
  }

  /** Gives a waiting request up; does nothing for one that does not wait any more. */
  leave(request: QueuedRequest): void {
    if (request.state !== 'waiting') return;
    const now = this.#advance();
    const queue = request.queue!;
    this.#dequeue(request, queue);
    request.state = 'over';
    this.#note(now);
    request.counts.rejected['time-out']++;
    this.#bound(queue);
    this.#dropIfUnused(queue);
  }

  /** Ends a request in work. Its seats are free now, or once its extra time is over. */
  finish(request: QueuedRequest): void {
    if (request.state !== 'executing') return;
    request.state = 'over';
    const now = this.#advance();
    const { queue, counts, work } = request;
    this.#executing--;
    counts.executing--;
    if (queue !== undefined) {
      queue.executing--;
      // It began with the time that was expected of it, and is charged with that it took.
      queue.nextStart -= work.seats * (expectedMs - (now - request.startedMs));
      this.#bound(queue);
      this.#dropIfUnused(queue);
    }
    if (work.extraMs > 0 && this.#response !== 'exempt') {
      this.#time.after(work.extraMs, () => this.#release(request));
    } else this.#release(request);
  }

  #release(request: QueuedRequest): void {
    const now = this.#advance();
    this.#seatsInUse -= request.seats;
    request.counts.executingSeats -= request.seats;
    this.#note(now);
    this.#dispatch();
  }

  #resize(): void {
    const { queues = 1, queueLengthLimit = 1 } = typeof this.#response === 'string' ? {} : this.#response;
    this.#utilization.resize(this.#limit, queues * queueLengthLimit);
  }

  /** Notes the load after a change. */
  #note(now: number): void {
    const [seatsInUse, waitingSeats] = [this.#seatsInUse, this.#waitingSeats];
    this.#demand.set(seatsInUse + waitingSeats, now);
    this.#utilization.set({ seatsInUse, waitingSeats, executing: this.#executing, waiting: this.#waiting }, now);
  }

  #refuse(counts: FlowCounts, reason: RefusalReason): RefusalReason {
    counts.rejected[reason]++;
    return reason;
  }

  /** Moves virtual time on: each busy queue is due its part of the seats. Returns the time of now. */
  #advance(): number {
    const now = this.#time.now();
    const busy = this.#queues.size;
    if (busy > 0) {
      const seats = Math.min(this.#seatsInUse + this.#waitingSeats, this.#limit);
      this.#virtual += (seats / busy) * (now - this.#virtualAtMs);
    }
    this.#virtualAtMs = now;
    return now;
  }

  /** The queue of a hand with the least work that waits; of equal ones each in its turn. */
  #chooseQueue(hand: readonly number[]): Queue {
    const first = this.#enqueued++ % hand.length;
    let best = hand[first]!;
    let least = Infinity;
    for (let offset = 0; offset < hand.length; offset++) {
      const index = hand[(first + offset) % hand.length]!;
      const work = this.#queues.get(index)?.waitingWork ?? 0;
      if (work < least) [best, least] = [index, work];
      if (least === 0) break;
    }
    const known = this.#queues.get(best);
    if (known !== undefined) return known;
    return { index: best, waiting: new Set(), executing: 0, waitingWork: 0, nextStart: this.#virtual, lastTurn: 0 };
  }

  #enqueue(request: QueuedRequest, queue: Queue, now: number): void {
    const { counts, seats } = request;
    queue.waiting.add(request);
    queue.waitingWork += request.expectedWork;
    this.#waiting++;
    this.#waitingSeats += seats;
    counts.inQueue++;
    counts.inQueueSeats += seats;
    counts.queueLength.observe(queue.waiting.size);
    this.#note(now);
    this.#bound(queue);
  }

  #dequeue(request: QueuedRequest, queue: Queue): void {
    const { counts, seats } = request;
    queue.waiting.delete(request);
    // Sums of fractions drift: an empty queue has no work.
    queue.waitingWork = queue.waiting.size === 0 ? 0 : queue.waitingWork - request.expectedWork;
    this.#waiting--;
    this.#waitingSeats -= seats;
    counts.inQueue--;
    counts.inQueueSeats -= seats;
  }

  #dispatch(): void {
    while (this.#waiting > 0 && this.#seatsInUse < this.#limit) {
      const queue = this.#nextQueue();
      const request = oldestOf(queue)!;
      if (!this.#hasRoomFor(request.seats)) {
        request.counts.noAccommodation++;
        return;
      }
      this.#dequeue(request, queue);
      queue.executing++;
      queue.nextStart += request.expectedWork;
      queue.lastTurn = ++this.#turns;
      this.#start(request, this.#virtualAtMs);
      this.#bound(queue);
      request.onStart?.();
    }
  }

  /** The queue whose oldest request would end first; of equal ones that which had its turn longest ago. */
  #nextQueue(): Queue {
    let best: Queue | undefined;
    let end = Infinity;
    for (const queue of this.#queues.values()) {
      const oldest = oldestOf(queue);
      if (oldest === undefined) continue;
      const its = queue.nextStart + oldest.expectedWork;
      if (best === undefined || its < end || (its === end && queue.lastTurn < best.lastTurn))
        [best, end] = [queue, its];
    }
    return best!;
  }

  /** Whether a request may start. One that needs more than all seats has them for itself. */
  #hasRoomFor(seats: number): boolean {
    return seats > this.#limit ? this.#executing === 0 : this.#seatsInUse + seats <= this.#limit;
  }

  #start(request: QueuedRequest, now: number): void {
    const { counts, seats } = request;
    request.state = 'executing';
    request.startedMs = now;
    this.#executing++;
    this.#seatsInUse += seats;
    counts.executing++;
    counts.executingSeats += seats;
    counts.dispatched++;
    this.#note(now);
  }

  /** No request begins before it came, in virtual time either: a queue cannot save up what it does not use. */
  #bound(queue: Queue): void {
    const oldest = oldestOf(queue);
    if (oldest !== undefined && queue.nextStart < oldest.arrival) queue.nextStart = oldest.arrival;
  }

  #dropIfUnused(queue: Queue): void {
    if (queue.executing === 0 && queue.waiting.size === 0) this.#queues.delete(queue.index);
  }
}

function oldestOf({ waiting }: Queue): QueuedRequest | undefined {
  for (const request of waiting) return request;
  return undefined;
}

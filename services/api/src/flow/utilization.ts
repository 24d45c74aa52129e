import { demandShareBounds, requestShareBounds, seatShareBounds, TimeRanges } from './flow-counts.ts';

/** Load of a priority level at a moment. */
export interface Load {
  readonly seatsInUse: number;
  readonly waitingSeats: number;
  readonly executing: number;
  readonly waiting: number;
}

/** Shares of a level's room that are taken, over time. */
export class Utilization {
  readonly seats: TimeRanges;
  readonly executing: TimeRanges;
  readonly waiting: TimeRanges;
  readonly demand: TimeRanges;
  #seatRoom = 1;
  #queueRoom = 1;

  /** @param nowMs Milliseconds of a clock that never steps. */
  constructor(nowMs: number) {
    this.seats = new TimeRanges(seatShareBounds, nowMs);
    this.executing = new TimeRanges(requestShareBounds, nowMs);
    this.waiting = new TimeRanges(requestShareBounds, nowMs);
    this.demand = new TimeRanges(demandShareBounds, nowMs);
  }

  /** Goes by other room from the next change on. @param queued Requests that queues have room for. */
  resize(seats: number, queued: number): void {
    this.#seatRoom = Math.max(1, seats);
    this.#queueRoom = Math.max(1, queued);
  }

  set({ seatsInUse, waitingSeats, executing, waiting }: Load, nowMs: number): void {
    const room = this.#seatRoom;
    this.seats.set(seatsInUse / room, nowMs);
    this.executing.set(executing / room, nowMs);
    this.waiting.set(waiting / this.#queueRoom, nowMs);
    this.demand.set((seatsInUse + waitingSeats) / room, nowMs);
  }

  /** Counts the time since the last change. */
  bringUpTo(nowMs: number): void {
    for (const each of [this.seats, this.executing, this.waiting, this.demand]) each.bringUpTo(nowMs);
  }
}

/** Holds Envoy's questions about requests to Services without a ready pod, and answers when there is one, or when the time is up. */
import type { Clock } from '@gantry/runtime/clock.ts';
import type { ServiceKey } from '../names.ts';
import type { Door } from './doors.ts';

/** How a wait ended: the door is open; too many waited already; no pod was ready in time; nobody waits any more. */
export type Outcome = 'opened' | 'full' | 'late' | 'gone';

export interface WaitingRoomDeps {
  readonly clock: Clock;
  /** Hears that requests to a Service wait: at the first, and again every few seconds while there are any. */
  readonly onWaiting: (service: ServiceKey) => void;
  /** Resolves when every Envoy has what it was sent. */
  readonly settled: () => Promise<void>;
  /** Hears how each wait ended, and how long it was. */
  readonly onOutcome?: (outcome: Outcome, waitedMs: number) => void;
}

/** Waits of all Services at a time. */
const maxWaitingOfAll = 50_000;
/** Milliseconds after which it is told again that requests wait. */
const tellAgainMs = 5_000;
/**
 * Requests that go on at a time, and milliseconds until the next do: all at once would be too many connections for the queue of a server that has
 * just started.
 */
const burst = 8;
const burstEveryMs = 5;
/** Longest wait for the state of the cluster, in a process that has just started. */
const startMs = 60_000;

interface State {
  door: Door;
  /** Envoys know of the pods. */
  isSettled: boolean;
  readonly waiting: Set<() => void>;
}

export class WaitingRoom implements Disposable {
  readonly #deps: WaitingRoomDeps;
  readonly #doors = new Map<string, State>();
  readonly #waiting = new Map<ServiceKey, number>();
  readonly #telling = new Map<ServiceKey, AbortController>();
  readonly #stop = new AbortController();
  readonly #known = Promise.withResolvers<void>();
  #waitingOfAll = 0;

  constructor(deps: WaitingRoomDeps) {
    this.#deps = deps;
  }

  /** Takes the doors as they are from now on; those that opened let everybody through once Envoys have heard of the pods. */
  know(doors: ReadonlyMap<string, Door>): void {
    for (const [name, state] of this.#doors) {
      if (doors.has(name)) continue;
      this.#doors.delete(name);
      // Nobody knows of a pod: Envoy answers as it does for everybody.
      this.#release(state);
    }
    const opened: State[] = [];
    for (const [name, door] of doors) {
      const before = this.#doors.get(name);
      const state = before ?? { door, isSettled: false, waiting: new Set() };
      this.#doors.set(name, state);
      if (door.isOpen && before?.door.isOpen !== true) opened.push(state);
      if (!door.isOpen) state.isSettled = false;
      state.door = door;
    }
    this.#known.resolve();
    if (opened.length > 0) void this.#openSettled(opened);
  }

  /** Number of requests to a Service that wait now. */
  waitingFor(service: ServiceKey): number {
    return this.#waiting.get(service) ?? 0;
  }

  /** Waits at a door for as long as it is shut. A door that nobody knows is none. */
  async enter(name: string, signal: AbortSignal): Promise<Outcome> {
    const { clock } = this.#deps;
    const startedMs = clock.monotonic();
    const outcome = await this.#wait(name, signal);
    this.#deps.onOutcome?.(outcome, clock.monotonic() - startedMs);
    return outcome;
  }

  [Symbol.dispose](): void {
    this.#stop.abort(new DOMException('the waiting room was closed', 'AbortError'));
  }

  async #wait(name: string, gone: AbortSignal): Promise<Outcome> {
    // A server that has just started does not know the doors yet.
    if (this.#doors.size === 0) await this.#start(gone);
    const state = this.#doors.get(name);
    if (state === undefined || (state.door.isOpen && state.isSettled)) return gone.aborted ? 'gone' : 'opened';
    const { service, maxWaiting, timeoutMs } = state.door;
    const before = this.waitingFor(service);
    if (before >= maxWaiting || this.#waitingOfAll >= maxWaitingOfAll) return 'full';
    this.#waiting.set(service, before + 1);
    this.#waitingOfAll += 1;
    if (before === 0) this.#startTelling(service);
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    const end = new AbortController();
    const open = (): void => resolve('opened');
    state.waiting.add(open);
    gone.addEventListener('abort', () => resolve('gone'), { once: true, signal: end.signal });
    if (gone.aborted) resolve('gone');
    this.#deps.clock.sleep(timeoutMs, end.signal).then(
      () => resolve('late'),
      () => {},
    );
    const outcome = await promise;
    end.abort();
    state.waiting.delete(open);
    this.#waitingOfAll -= 1;
    const left = this.waitingFor(service) - 1;
    if (left > 0) this.#waiting.set(service, left);
    else {
      this.#waiting.delete(service);
      this.#telling.get(service)?.abort();
      this.#telling.delete(service);
    }
    return outcome;
  }

  #startTelling(service: ServiceKey): void {
    const end = new AbortController();
    this.#telling.set(service, end);
    void this.#tell(service, end);
  }

  async #start(gone: AbortSignal): Promise<void> {
    const end = new AbortController();
    const signal = AbortSignal.any([gone, this.#stop.signal, end.signal]);
    await Promise.race([this.#known.promise, this.#deps.clock.sleep(startMs, signal).catch(() => {})]);
    end.abort();
  }

  async #openSettled(opened: readonly State[]): Promise<void> {
    await this.#deps.settled();
    await Promise.all(opened.map((state) => this.#open(state)));
  }

  /** Lets those go on who wait, a few at a time, for as long as the door stays open. */
  async #open(state: State): Promise<void> {
    if (!state.door.isOpen) return;
    state.isSettled = true;
    const { signal } = this.#stop;
    while (state.door.isOpen && !signal.aborted) {
      for (const open of [...state.waiting].slice(0, burst)) {
        state.waiting.delete(open);
        open();
      }
      if (state.waiting.size === 0) return;
      await this.#deps.clock.sleep(burstEveryMs, signal).catch(() => {});
    }
  }

  #release({ waiting }: State): void {
    for (const open of waiting) open();
    waiting.clear();
  }

  async #tell(service: ServiceKey, end: AbortController): Promise<void> {
    const { clock, onWaiting } = this.#deps;
    const signal = AbortSignal.any([this.#stop.signal, end.signal]);
    while (!signal.aborted) {
      onWaiting(service);
      await clock.sleep(tellAgainMs, signal).catch(() => {});
    }
  }
}

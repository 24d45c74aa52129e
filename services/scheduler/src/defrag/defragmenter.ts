import type { DefragmentProgress, MoveProgress } from '@gantry/client/placement-messages.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { GantryError, toGantryError } from '@gantry/runtime/errors.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import type { Scheduler } from '../scheduler.ts';
import type { DefragConfig } from './config.ts';
import { describePlan } from './describe.ts';
import { carryOut, type Mover } from './moves.ts';
import { type DefragPlan, planDefrag } from './plan.ts';

export interface DefragDeps {
  readonly scheduler: Scheduler;
  readonly mover: Mover;
  /** Schedulers that share the pods. */
  readonly shards: number;
  /** Told of each step of a move. */
  readonly onMove: (state: MoveProgress['state']) => void;
  readonly clock: Clock;
  readonly log: Logger;
}

const hourMs = 3_600_000;

/** Plans to free nodes, and carries plans out: one run at a time, one pod after another. */
export class Defragmenter {
  readonly #config: DefragConfig;
  readonly #deps: DefragDeps;
  /** Times of the evictions within the last hour, by the monotonic clock. */
  #evictedMs: number[] = [];
  /** Fires when another scheduler may lead; undefined where this one never has. */
  #leading: AbortSignal | undefined;
  #isRunning = false;

  constructor(config: DefragConfig, deps: DefragDeps) {
    this.#config = config;
    this.#deps = deps;
  }

  /**
   * Says what would be moved and, with `execute`, moves it and tells of each step.
   * @param maxMoves Pods that move at most; the configuration's number where 0.
   * @throws GantryError FailedPrecondition where this scheduler may not move pods, Conflict where it is at it.
   */
  async *run(execute: boolean, maxMoves: number, signal: AbortSignal): AsyncGenerator<DefragmentProgress> {
    const { scheduler, mover, onMove, clock } = this.#deps;
    if (!(maxMoves >= 0))
      throw new GantryError('BadRequest', `maxMoves: Invalid value: ${maxMoves}: must be 0 or more`);
    const leading = execute ? this.#mayExecute() : signal;
    const plan = this.#plan(maxMoves);
    if (execute) this.#isRunning = true;
    try {
      yield { plan: describePlan(plan, scheduler.cluster) };
      if (!execute) return;
      for await (const move of carryOut(plan, scheduler, mover, AbortSignal.any([signal, leading]))) {
        if (move.state === 'evicted') this.#evictedMs.push(clock.monotonic());
        onMove(move.state);
        yield { move };
      }
    } finally {
      if (execute) this.#isRunning = false;
    }
  }

  /** While this scheduler leads: moves pods when it is asked to and, where it is configured, at each interval. */
  async lead(signal: AbortSignal): Promise<void> {
    this.#leading = signal;
    const { intervalMs } = this.#config;
    if (intervalMs !== undefined) await this.#regularly(intervalMs, signal);
  }

  async #regularly(intervalMs: number, signal: AbortSignal): Promise<void> {
    const { scheduler, clock, log } = this.#deps;
    while (!signal.aborted) {
      await clock.sleep(intervalMs, signal).catch(() => {});
      const { active, backoff } = scheduler.queue.depths();
      // Pods that wait for their turn come first: what they take is not known yet.
      if (signal.aborted || active + backoff > 0) continue;
      try {
        for await (const { plan, move } of this.run(true, 0, signal)) {
          if (plan !== undefined && plan.freed.length > 0)
            log.info({ nodes: plan.freed.length }, 'nodes are being freed');
          if (move !== undefined) log.info(move, 'a pod is being moved to free its node');
        }
      } catch (error) {
        if (!signal.aborted) log.warn({ reason: toGantryError(error).message }, 'the cluster was not defragmented');
      }
    }
  }

  #plan(maxMoves: number): DefragPlan {
    const { scheduler, clock } = this.#deps;
    const nowMs = clock.monotonic();
    this.#evictedMs = this.#evictedMs.filter((evictedMs) => evictedMs > nowMs - hourMs);
    const left = Math.max(0, this.#config.maxMovesPerHour - this.#evictedMs.length);
    const most = Math.min(maxMoves === 0 ? this.#config.maxMoves : maxMoves, left);
    const limits = { maxMoves: most, minGain: this.#config.minGain };
    return planDefrag(scheduler.cluster, scheduler.budgets.account(), limits);
  }

  #mayExecute(): AbortSignal {
    const { shards } = this.#deps;
    if (shards > 1) {
      const problem = `pods are moved only where one scheduler places all of them; here ${shards} share the work`;
      throw new GantryError('FailedPrecondition', problem);
    }
    if (this.#leading === undefined || this.#leading.aborted) {
      throw new GantryError('FailedPrecondition', 'this scheduler stands by: only the one that leads moves pods');
    }
    if (this.#isRunning) throw new GantryError('Conflict', 'a defragmentation is under way already');
    return this.#leading;
  }
}

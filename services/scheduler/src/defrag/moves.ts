import type { EvictRequest } from '@gantry/client/object-messages.ts';
import type { MoveProgress } from '@gantry/client/placement-messages.ts';
import { type BackoffPolicy, backoffMs } from '@gantry/runtime/backoff.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { GantryError, isError, toGantryError } from '@gantry/runtime/errors.ts';
import type { Scheduler } from '../scheduler.ts';
import { refusals } from '../solve/diagnosis.ts';
import { withoutPod } from '../state/without-pod.ts';
import { describeMove } from './describe.ts';
import type { DefragPlan, FreedNode, Move } from './plan.ts';
import type { Expectation } from './relocations.ts';

/** Side effects of moving pods. */
export interface Mover {
  readonly evict: (request: EvictRequest, options: { readonly signal: AbortSignal }) => Promise<void>;
  readonly clock: Clock;
  /** Lets the scheduler look at what has changed. */
  readonly wake: () => void;
}

/** Disruption budgets say no as long as a pod that moved before is not ready; they are asked again after these times. */
const budgetBackoff: BackoffPolicy = { initialMs: 500, maxMs: 5_000, factor: 2, jitter: 0.2 };
/** How long they may say no before the node is given up. */
const budgetPatienceMs = 120_000;
/** How long the pod in the place of an evicted one may take to get its node. */
const arrivalPatienceMs = 120_000;

/**
 * Carries a plan out, node by node and pod by pod: each is evicted, and the next one goes only when the pod in its place
 * has a node. A node whose pods do not all go keeps the rest; it is open for pods again as soon as nothing more leaves it.
 */
export async function* carryOut(
  { freed }: DefragPlan,
  scheduler: Scheduler,
  mover: Mover,
  signal: AbortSignal,
): AsyncGenerator<MoveProgress> {
  for (const node of freed) yield* emptyNode(node, scheduler, mover, signal);
}

async function* emptyNode(
  { node, moves }: FreedNode,
  scheduler: Scheduler,
  mover: Mover,
  signal: AbortSignal,
): AsyncGenerator<MoveProgress> {
  const { relocations, cluster } = scheduler;
  relocations.close(node);
  try {
    for (const move of moves) {
      const told = describeMove(move, cluster);
      let expected: Expectation | undefined;
      try {
        expected = await evict(move, scheduler, mover, signal);
        yield { move: told, state: 'evicted', message: '' };
        const arrived = await arrivalOf(expected, mover.clock, signal);
        yield { move: { ...told, toNode: cluster.nodes.names[arrived]! }, state: 'placed', message: '' };
      } catch (error) {
        signal.throwIfAborted();
        yield { move: told, state: 'failed', message: toGantryError(error).message };
        return;
      } finally {
        if (expected !== undefined) relocations.forget(expected);
      }
    }
  } finally {
    relocations.open(node);
    mover.wake();
  }
}

/** Evicts a pod, as soon as budgets allow it. Throws why it does not go. */
async function evict(move: Move, scheduler: Scheduler, mover: Mover, signal: AbortSignal): Promise<Expectation> {
  const { pod, to } = move;
  const { namespace, name, uid, class: podClass } = pod;
  const untilMs = mover.clock.monotonic() + budgetPatienceMs;
  for (let attempt = 1; ; attempt++) {
    checkMove(move, scheduler);
    // The pod in its place may be here before the answer.
    const expected = scheduler.relocations.expect(podClass, to);
    pod.evicting = true;
    try {
      await mover.evict({ namespace, name, uid, reason: 'Defragmentation' }, { signal });
      return expected;
    } catch (error) {
      if (isError(error, 'NotFound')) return expected;
      pod.evicting = false;
      scheduler.relocations.forget(expected);
      const waitMs = backoffMs(budgetBackoff, attempt);
      if (!isError(error, 'TooManyRequests') || mover.clock.monotonic() + waitMs > untilMs) throw error;
      await mover.clock.sleep(waitMs, signal);
    }
  }
}

/** A plan is made at one moment: where the cluster is another by now, nobody is evicted in vain. */
function checkMove({ pod, from, to }: Move, scheduler: Scheduler): void {
  const { cluster } = scheduler;
  const isThere = scheduler.pod(pod.uid) === pod && pod.node === from && pod.state === 'bound';
  if (!isThere || pod.terminating || pod.evicting || pod.mobility !== 'movable') {
    throw new GantryError('Conflict', 'the pod has changed since the plan was made');
  }
  if (!cluster.emptying.has(from))
    throw new GantryError('Conflict', 'the node is needed for pods that fit nowhere else');
  const isPresent = cluster.nodes.present[to] === 1;
  const refusal = isPresent
    ? withoutPod(cluster, pod, () => refusals(pod.class, cluster)(to))
    : { reasons: ['it is gone'] };
  if (refusal === undefined) return;
  const problem = `node "${cluster.nodes.names[to]}" does not take it any more: ${refusal.reasons.join(', ')}`;
  throw new GantryError('Conflict', problem);
}

async function arrivalOf({ placed }: Expectation, clock: Clock, signal: AbortSignal): Promise<number> {
  const timer = new AbortController();
  const late = clock.sleep(arrivalPatienceMs, AbortSignal.any([signal, timer.signal])).then(() => {
    throw new GantryError('Timeout', `no pod came in its place within ${arrivalPatienceMs / 1_000} s`);
  });
  try {
    return await Promise.race([placed, late]);
  } finally {
    timer.abort();
    late.catch(() => {});
  }
}

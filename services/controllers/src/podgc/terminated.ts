import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { type Action, keyOf, type View } from '../core/action.ts';
import { hasEnded } from '../core/pods.ts';

/** Milliseconds between two looks at all pods, as in Kubernetes. */
const periodMs = 20_000;
/** Pods that one look removes. */
const maxRemoved = 500;

/** Removes the oldest pods that have ended where there are more than a threshold; looks at all pods now and then, however often it is asked. */
export class TerminatedPods {
  readonly #threshold: number;
  readonly #clock: Pick<Clock, 'monotonic'>;
  #nextMs = Number.NEGATIVE_INFINITY;

  constructor(threshold: number, clock: Pick<Clock, 'monotonic'>) {
    this.#threshold = threshold;
    this.#clock = clock;
  }

  /** The pods to delete now, or the wait until the next look. */
  plan(view: View): Action[] {
    const nowMs = this.#clock.monotonic();
    if (nowMs < this.#nextMs) return [{ type: 'requeue', afterMs: this.#nextMs - nowMs }];
    this.#nextMs = nowMs + periodMs;
    const ended = [...view.list('Pod')].filter(hasEnded);
    const surplus = ended.length - this.#threshold;
    if (surplus <= 0) return [];
    const victims = ended.toSorted(byEvictionAndAge).slice(0, surplus);
    const staying = victims.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    return [
      ...staying.slice(0, maxRemoved).map((object): Action => ({ type: 'delete', object, gracePeriodSeconds: 0 })),
      ...(staying.length > maxRemoved ? [{ type: 'requeue', afterMs: periodMs } as const] : []),
    ];
  }
}

/** Pods that their node evicted come first, as no controller goes by them any more; then the oldest. */
function byEvictionAndAge(a: Pod, b: Pod): number {
  const isEvicted = ({ status }: Pod): boolean => status?.phase === 'Failed' && status.reason === 'Evicted';
  if (isEvicted(a) !== isEvicted(b)) return isEvicted(a) ? -1 : 1;
  const [madeA = '', madeB = ''] = [a.metadata.creationTimestamp, b.metadata.creationTimestamp];
  if (madeA !== madeB) return madeA < madeB ? -1 : 1;
  return keyOf(a) < keyOf(b) ? -1 : 1;
}

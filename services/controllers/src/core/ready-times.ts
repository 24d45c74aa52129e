import type { ObjectChange } from '@gantry/client/object-cache.ts';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { isReady } from '@gantry/model/ready.ts';
import type { Clock } from '@gantry/runtime/clock.ts';

/** Since when pods have been seen ready, on the monotonic clock: no step of any wall clock makes a pod wait. */
export class ReadyTimes {
  readonly #clock: Pick<Clock, 'monotonic'>;
  /** By the pod's uid, for pods that are ready now: no more entries than pods. */
  readonly #since = new Map<string, { readonly transition: string | undefined; readonly atMs: number }>();

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** Takes in one change of a pod. */
  observe({ type, object }: ObjectChange<Pod>): void {
    const uid = object.metadata.uid!;
    if (type === 'DELETED' || !isReady(object)) {
      this.#since.delete(uid);
      return;
    }
    const transition = transitionOf(object);
    // Another transition time means that it was not ready in between.
    if (this.#since.get(uid)?.transition === transition && this.#since.has(uid)) return;
    this.#since.set(uid, { transition, atMs: this.#clock.monotonic() });
  }

  /** Milliseconds since the pod was seen ready first, without a break; 0 where it was not. */
  forMs({ metadata }: Pod): number {
    const since = this.#since.get(metadata.uid!);
    return since === undefined ? 0 : this.#clock.monotonic() - since.atMs;
  }
}

function transitionOf(pod: Pod): string | undefined {
  return pod.status?.conditions?.find(({ type }) => type === 'Ready')?.lastTransitionTime;
}

import type { Clock } from '@gantry/runtime/clock.ts';
import type { ScaleReading } from '../core/action.ts';

/** Milliseconds for which an answer counts. */
const freshMs = 5_000;
/** Owners whose scales are remembered. */
const maxOwners = 4_096;

/** Replicas that owners of pods ask for, of kinds that no informer shows: what the api last said. Times are of the monotonic clock. */
export class Scales {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #readings = new Map<string, { readonly reading: ScaleReading; readonly untilMs: number }>();

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** The scale of the owner with this uid; undefined where it has to be read. */
  of(uid: string): ScaleReading | undefined {
    const known = this.#readings.get(uid);
    return known === undefined || known.untilMs <= this.#clock.monotonic() ? undefined : known.reading;
  }

  /** Notes what came of a reading. */
  note(uid: string, reading: ScaleReading): void {
    this.#readings.delete(uid);
    this.#readings.set(uid, { reading, untilMs: this.#clock.monotonic() + freshMs });
    if (this.#readings.size <= maxOwners) return;
    const [oldest] = this.#readings.keys();
    this.#readings.delete(oldest!);
  }
}

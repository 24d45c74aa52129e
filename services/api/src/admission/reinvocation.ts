import type { AdmissionAttempt } from './chain.ts';

/** The reinvocable steps of an attempt that run once more: those that ran before another one changed the object. */
export class Reinvocations {
  #ran = new Set<string>();
  readonly #due = new Set<string>();
  #lastOutput: string | undefined;

  /** True for a step that runs in this pass. None runs in the second pass for the first time. */
  runs(attempt: AdmissionAttempt, key: string): boolean {
    return !attempt.isReinvocation || this.#due.has(key);
  }

  /** Called before the steps of a pass: what others changed since the end of the first pass concerns them too. */
  begin({ isReinvocation, object }: AdmissionAttempt): void {
    if (isReinvocation && this.#ran.size > 0 && JSON.stringify(object) !== this.#lastOutput) this.changed();
  }

  /** A step changed the object. */
  changed(): void {
    for (const key of this.#ran) this.#due.add(key);
    this.#ran = new Set();
  }

  /** A reinvocable step ran. */
  ran(key: string): void {
    this.#ran.add(key);
  }

  /** Called after the steps of a pass. */
  end({ isReinvocation, object }: AdmissionAttempt): void {
    if (!isReinvocation && this.#ran.size > 0) this.#lastOutput = JSON.stringify(object);
  }
}

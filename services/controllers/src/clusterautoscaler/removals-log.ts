import type { ConfigMap } from '@gantry/model/gen/gantry.core.v1.ts';

/** Annotation of the status ConfigMap with the times of removals that still count, as JSON: milliseconds since the epoch. */
export const removalsAnnotation = 'gantry.dev/scale-downs';
/** Removals that are remembered. */
const maxRemembered = 1_000;

/** Times at which nodes were removed, for the budget on churn. They outlive the process in an annotation. */
export class RemovalsLog {
  readonly #periodMs: number;
  #entries: { readonly atMs: number; readonly wallMs: number }[] = [];

  /** @param periodMs Time for which a removal counts. */
  constructor(periodMs: number) {
    this.#periodMs = periodMs;
  }

  /** Takes what an earlier process has written. Its wall clock may have been another: no removal counts for longer than the period. */
  adopt(configMap: ConfigMap | undefined, wallMs: number, nowMs: number): void {
    for (const time of read(configMap?.metadata.annotations?.[removalsAnnotation])) {
      const ageMs = Math.min(this.#periodMs, Math.max(0, wallMs - time));
      this.#entries.push({ atMs: nowMs - ageMs, wallMs: time });
    }
  }

  add(count: number, wallMs: number, nowMs: number): void {
    for (let at = 0; at < count; at++) this.#entries.push({ atMs: nowMs, wallMs });
    this.#entries = this.#entries.slice(-maxRemembered);
  }

  /** Times of the removals that count, by the clock that never steps. */
  timesMs(nowMs: number): number[] {
    this.#entries = this.#entries.filter(({ atMs }) => nowMs - atMs < this.#periodMs);
    return this.#entries.map(({ atMs }) => atMs);
  }

  /** The annotation's text. */
  get text(): string {
    return JSON.stringify(this.#entries.map(({ wallMs }) => wallMs));
  }
}

function read(text: string | undefined): number[] {
  if (text === undefined) return [];
  try {
    const parsed: unknown = JSON.parse(text);
    return Array.isArray(parsed) ? parsed.filter((time) => Number.isSafeInteger(time)).slice(-maxRemembered) : [];
  } catch {
    return [];
  }
}

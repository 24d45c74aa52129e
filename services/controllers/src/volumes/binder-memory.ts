import type { PersistentVolume, PersistentVolumeClaim } from '@gantry/model/gen/gantry.core.v1.ts';
import { isError, toGantryError } from '@gantry/runtime/errors.ts';
import type { Action } from '../core/action.ts';
import { type Notice, warning } from './pending-claims.ts';

/** Milliseconds for which a volume that the api refused to bind is passed over, unless it changes before. */
const refusalMs = 60_000;

interface Refusal {
  readonly revision: string | undefined;
  readonly untilMs: number;
}

/** The binder's memory of what it tried and told, beside the objects. All times are of the monotonic clock. */
export class BinderMemory {
  /** The last notice about each claim that is pending, by its key, with its uid. */
  readonly #told = new Map<string, string>();
  /** The volume that the last plan of a claim was about, by the claim's key. */
  readonly #tried = new Map<string, PersistentVolume>();
  /** Failures that claims were not told of yet, by their keys. */
  readonly #failures = new Map<string, string>();
  readonly #refused = new Map<string, Refusal>();

  /** Notes the volume that a claim is about to be bound to. */
  tries(key: string, volume: PersistentVolume): void {
    this.#tried.set(key, volume);
  }

  /** Notes that a plan of a claim failed. Conflicts and outages pass; anything else is a refusal. */
  failed(key: string, error: unknown, nowMs: number): void {
    if (isError(error, 'Conflict', 'NotFound', 'ServiceUnavailable', 'Timeout', 'Cancelled', 'TooManyRequests')) return;
    this.#failures.set(key, toGantryError(error).message);
    const volume = this.#tried.get(key);
    if (volume === undefined) return;
    const { name, resourceVersion } = volume.metadata;
    this.#refused.set(name, { revision: resourceVersion, untilMs: nowMs + refusalMs });
  }

  /** Milliseconds for which a volume is to be passed over; 0 where it is not. */
  refusedForMs({ metadata: { name, resourceVersion } }: PersistentVolume, nowMs: number): number {
    const refusal = this.#refused.get(name);
    if (refusal === undefined) return 0;
    const leftMs = refusal.revision === resourceVersion ? refusal.untilMs - nowMs : 0;
    if (leftMs <= 0) this.#refused.delete(name);
    return Math.max(0, leftMs);
  }

  /** Tells of the last failure of a claim, once. */
  tellFailure(key: string, claim: PersistentVolumeClaim): Action[] {
    const message = this.#failures.get(key);
    this.#failures.delete(key);
    return message === undefined ? [] : [event(claim, warning('FailedBinding', message))];
  }

  /** Tells why a claim is pending, where that is not what it was told last. */
  tell(key: string, claim: PersistentVolumeClaim, notice: Notice): Action[] {
    const text = JSON.stringify([claim.metadata.uid, notice]);
    if (this.#told.get(key) === text) return [];
    this.#told.set(key, text);
    return [event(claim, notice)];
  }

  /** Forgets a claim that is pending no more. */
  forget(key: string): void {
    for (const memory of [this.#told, this.#tried, this.#failures]) memory.delete(key);
  }
}

function event(about: PersistentVolumeClaim, notice: Notice): Action {
  return { type: 'event', about, ...notice };
}

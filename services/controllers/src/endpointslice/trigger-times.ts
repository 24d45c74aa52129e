import type { Pod, Service } from '@gantry/model/gen/gantry.core.v1.ts';
import { rfc3339 } from '@gantry/runtime/time.ts';
import { keyOf } from '../core/action.ts';

/** Annotation that tells when the change happened by which endpoints were written last: clients measure the delay by it. */
export const triggerTimeAnnotation = 'endpoints.kubernetes.io/last-change-trigger-time';

interface Seen {
  readonly serviceMs: number;
  readonly podsMs: ReadonlyMap<string, number>;
}

/** Tells when the earliest of the changes happened that were not seen before, of Services and of whether their pods are ready. */
export class TriggerTimes {
  readonly #seen = new Map<string, Seen>();

  /** The time of the change that endpoints are written for; undefined where none is known. The first time counts the Service's creation. */
  note(service: Service, pods: readonly Pod[]): string | undefined {
    const key = keyOf(service);
    const before = this.#seen.get(key);
    const serviceMs = Date.parse(service.metadata.creationTimestamp ?? '');
    const podsMs = new Map(pods.map((pod) => [pod.metadata.name, readyChangeMs(pod)]));
    this.#seen.set(key, { serviceMs, podsMs });
    if (before === undefined) return textOf(serviceMs);
    const changes = [...podsMs].filter(([name, ms]) => ms > (before.podsMs.get(name) ?? Number.NEGATIVE_INFINITY));
    const times = changes.map(([, ms]) => ms);
    if (serviceMs > before.serviceMs) times.push(serviceMs);
    return times.length === 0 ? undefined : textOf(Math.min(...times));
  }

  /** Forgets a Service that is gone. */
  forget(key: string): void {
    this.#seen.delete(key);
  }
}

function textOf(ms: number): string | undefined {
  return Number.isNaN(ms) ? undefined : rfc3339(ms);
}

function readyChangeMs({ status }: Pod): number {
  const time = status?.conditions?.find(({ type }) => type === 'Ready')?.lastTransitionTime;
  return time === undefined ? Number.NaN : Date.parse(time);
}

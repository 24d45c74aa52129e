import type { Pod, Service } from '@gantry/model/gen/gantry.core.v1.ts';
import { asleepCondition, heldCondition } from '@gantry/model/kinds/service/zero.ts';
import { isReady } from '@gantry/model/ready.ts';
import { rfc3339 } from '@gantry/runtime/time.ts';
import type { TrafficSample } from '../core/measure.ts';
import { isActive } from '../core/pods.ts';
import { selects } from '../idle/workloads.ts';
import type { Simulation } from './simulation.ts';

/** Milliseconds by which Envoy may be behind the objects. */
const maxLagMs = 2_000;
const flushMs = 5_000;
const bucketMs = 10_000;
const tellAgainMs = 5_000;
/** Longest time of a request, and longest wait for a pod. */
const maxRequestMs = 12_000;
const holdTimeoutMs = 95_000;

interface Report {
  readonly atMs: number;
  readonly requests: number;
  readonly active: number;
}

/** Envoy and xDS server of one Service, and its clients. Times are of the monotonic clock. */
export class ServiceTraffic {
  readonly #simulation: Simulation;
  readonly name: string;
  /** Ends of the requests that are under way. */
  #ends: number[] = [];
  /** Beginnings of the waits of those that wait. */
  #held: number[] = [];
  #reports: Report[] = [];
  #ended = 0;
  #flushedMs = 0;
  #toldMs = Number.NEGATIVE_INFINITY;
  #isOpen = false;
  #lookMs = 0;
  /** Clients come in bursts. */
  isBusy = true;
  /** When the last request came or ended. */
  lastMs = 0;

  constructor(simulation: Simulation, name: string) {
    this.#simulation = simulation;
    this.name = name;
  }

  get underWay(): number {
    return this.#ends.length;
  }

  /** Milliseconds for which the first of those that wait has waited; 0 where none does. */
  get waitedMs(): number {
    return this.#held.length === 0 ? 0 : this.#now - this.#held[0]!;
  }

  /** One more request of a client. */
  arrive(): void {
    this.lastMs = this.#now;
    if (this.#isOpen) this.#begin();
    else this.#held.push(this.#now);
  }

  /** Lets time pass. */
  step(): void {
    const { random } = this.#simulation;
    const nowMs = this.#now;
    if (nowMs >= this.#lookMs) {
      this.#isOpen = this.#mayPass();
      this.#lookMs = nowMs + random.int(0, maxLagMs);
    }
    const left = this.#ends.filter((end) => end > nowMs);
    if (left.length < this.#ends.length) this.lastMs = nowMs;
    this.#ended += this.#ends.length - left.length;
    this.#ends = left;
    if (this.#isOpen) for (const _ of this.#held.splice(0)) this.#begin();
    this.#held = this.#held.filter((since) => nowMs - since < holdTimeoutMs);
    if (this.#held.length > 0 && nowMs - this.#toldMs >= tellAgainMs) this.#tell();
    if (this.#held.length === 0) this.#toldMs = Number.NEGATIVE_INFINITY;
    if (nowMs - this.#flushedMs < flushMs) return;
    this.#flushedMs = nowMs;
    this.#reports.push({ atMs: nowMs, requests: this.#ended, active: this.#ends.length });
    this.#reports = this.#reports.slice(-1_000);
    this.#ended = 0;
  }

  /** The sums of the buckets of a window. */
  sample(windowSeconds: number): TrafficSample {
    const from = Math.floor((this.#now - windowSeconds * 1_000) / bucketMs) * bucketMs;
    const counted = this.#reports.filter(({ atMs }) => atMs >= from);
    if (counted.length === 0) throw new Error('an Envoy is silent');
    const requests = counted.reduce((sum, report) => sum + report.requests, 0);
    const active = counted.reduce((sum, report) => sum + report.active, 0) / counted.length;
    return { requests, errors: 0, active, latencyMs: new Map() };
  }

  get service(): Service | undefined {
    return this.#simulation.store.find('Service', 'default', this.name);
  }

  get #now(): number {
    return this.#simulation.clock.monotonic();
  }

  #begin(): void {
    this.#ends.push(this.#now + this.#simulation.random.int(1, maxRequestMs));
  }

  #mayPass(): boolean {
    const { service } = this;
    const asleep = service?.status?.conditions?.find(({ type }) => type === asleepCondition);
    if (service === undefined || asleep?.status === 'True') return false;
    return this.#simulation.all('Pod').some((pod: Pod) => {
      return isActive(pod) && isReady(pod) && selects(service, pod.metadata.labels ?? {});
    });
  }

  #tell(): void {
    const { service } = this;
    if (service === undefined) return;
    this.#toldMs = this.#now;
    const lastTransitionTime = rfc3339(this.#simulation.clock.now());
    this.#simulation.store.editStatus(
      service,
      (draft) => {
        const others = (draft.status?.conditions ?? []).filter(({ type }) => type !== heldCondition);
        const held = { type: heldCondition, status: 'True', reason: 'NoReadyPod', message: '', lastTransitionTime };
        draft.status = { ...draft.status, conditions: [...others, held] };
      },
      'xds-lb',
    );
  }
}

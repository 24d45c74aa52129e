import type { Clock } from '@gantry/runtime/clock.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import type { ContainerStats, NodeStats } from '../runtime/runtime.ts';
import { type CpuRate, cpuRate } from './rate.ts';
import type { PodUsage, StatsSource } from './source.ts';

/** How often counters are read, in milliseconds: as often as the kubelet does. */
export const defaultSampleMs = 10_000;
/** Bound of one reading of all counters, in milliseconds. */
const readMs = 8_000;
/** A reading that took longer was made at no time that is known well enough for a rate. */
const slowMs = 2_000;

/** The last reading of something, and its use of processors since the reading before. */
export interface Sample<Reading> {
  readonly reading: Reading;
  /** When it was read, by the monotonic clock. */
  readonly monotonicMs: number;
  /** Undefined for a first reading, and where the two make no sense together. */
  readonly rate: CpuRate | undefined;
}

/** The last readings of a node. */
export interface Samples {
  readonly node: Sample<NodeStats> | undefined;
  /** By the containers' ids. */
  readonly containers: ReadonlyMap<string, Sample<ContainerStats>>;
  /** By the pods' uids; empty where the driver knows containers alone. */
  readonly pods: ReadonlyMap<string, Sample<PodUsage>>;
}

/** Reads the counters of a node and its containers every ten seconds, so that every question gets a rate at once. */
export class Sampler implements AsyncDisposable {
  readonly #stats: StatsSource;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #everyMs: number;
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;
  #samples: Samples = { node: undefined, containers: new Map(), pods: new Map() };

  /** @param everyMs How often counters are read. */
  constructor(
    { stats, clock, log }: { readonly stats: StatsSource; readonly clock: Clock; readonly log: Logger },
    everyMs = defaultSampleMs,
  ) {
    this.#stats = stats;
    this.#everyMs = everyMs;
    this.#clock = clock;
    this.#log = log;
    this.#done = this.#run();
  }

  get latest(): Samples {
    return this.#samples;
  }

  /** Reads once. What cannot be read is missing until it can. */
  async sample(): Promise<void> {
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(readMs)]);
    const before = this.#samples;
    const monotonicMs = this.#clock.monotonic();
    const [node, containers, pods] = await Promise.allSettled([
      this.#stats.node(signal),
      this.#stats.containers(signal),
      this.#stats.pods?.(signal) ?? [],
    ]);
    if (this.#stop.signal.aborted) return;
    const isSlow = this.#clock.monotonic() - monotonicMs > slowMs;
    for (const result of [node, containers, pods]) {
      if (result.status === 'rejected') this.#log.debug({ error: result.reason }, 'statistics could not be read');
    }
    const machine = !isSlow && node.status === 'fulfilled' && areNumbers(node.value) ? node.value : undefined;
    const cpuCount = machine?.cpuCount ?? Number.POSITIVE_INFINITY;
    const next = <R extends { readonly cpuUsageNs: number }>(reading: R, last: Sample<R> | undefined): Sample<R> => {
      const rate =
        last &&
        cpuRate(
          { monotonicMs: last.monotonicMs, cpuUsageNs: last.reading.cpuUsageNs },
          { monotonicMs, cpuUsageNs: reading.cpuUsageNs },
          cpuCount,
        );
      return { reading, monotonicMs, rate };
    };
    const read = !isSlow && containers.status === 'fulfilled' ? containers.value.filter(areNumbers) : [];
    const readPods = !isSlow && pods.status === 'fulfilled' ? pods.value.filter(areNumbers) : [];
    this.#samples = {
      node: machine && next(machine, before.node),
      containers: new Map(
        read.map((reading) => [reading.containerId, next(reading, before.containers.get(reading.containerId))]),
      ),
      pods: new Map(readPods.map((reading) => [reading.uid, next(reading, before.pods.get(reading.uid))])),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await this.sample();
      await this.#clock.sleep(this.#everyMs, this.#stop.signal).catch(() => {});
    }
  }
}

/** A driver may read nonsense: a figure that is no number, or is below zero, makes the whole reading none. */
function areNumbers(reading: object): boolean {
  return Object.values(reading).every(
    (figure) => typeof figure !== 'number' || (Number.isFinite(figure) && figure >= 0),
  );
}

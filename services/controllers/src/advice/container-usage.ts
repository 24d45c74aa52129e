import { bucketsTo, DecayingHistogram } from './histogram.ts';

const hourMs = 3_600_000;
/** Samples lose half of their weight in this time, and of memory the peak of each such window counts: the figures of Kubernetes' Vertical Pod Autoscaler. */
export const dayMs = 24 * hourMs;
/** Processors, from a hundredth to a thousand. */
const cpuBuckets = bucketsTo(1_000, 0.01);
/** Bytes, from ten million to a million million. */
const memoryBuckets = bucketsTo(1e12, 1e7);
/** The weight of a sample of a container that asks for no processors. */
const leastCpuWeight = 0.1;
/** A container that ran out of memory needs this much more than it had, or this many bytes more. */
const outOfMemory = { factor: 1.2, bytes: 100 * 1024 ** 2 } as const;
/** Pods of a workload whose present window is remembered. */
const maxWindows = 4_096;

/** The peak of the memory of one pod's container in its present window. */
interface Window {
  readonly endMs: number;
  peakBytes: number;
  /** When the peak was added to the histogram. */
  addedMs: number;
}

/** Use of one container at one time. */
export interface UsageSample {
  readonly pod: string;
  /** By the clock of the api. */
  readonly atMs: number;
  /** Undefined where nobody measured it. */
  readonly cpuCores: number | undefined;
  readonly memoryBytes: number | undefined;
  /** Processors that it asks for: the sample counts for more the more that is. */
  readonly requestedCores: number;
}

/** The parts of a history that outlast a process. */
export interface UsageRecord {
  readonly cpu: string;
  readonly memory: string;
  readonly sinceMs: number;
  readonly untilMs: number;
  readonly samples: number;
  readonly outOfMemory: number;
}

/** Use of one container in all pods of a workload, as far as it was seen. */
export class ContainerUsage {
  readonly cpu = new DecayingHistogram(cpuBuckets, dayMs);
  readonly memory = new DecayingHistogram(memoryBuckets, dayMs);
  readonly #windows = new Map<string, Window>();
  /** The latest sample of each pod, so that none counts twice. */
  readonly #latest = new Map<string, number>();
  /** When it ran out of memory, by pod, so that none counts twice. */
  readonly #kills = new Map<string, number>();
  /** Samples up to this time are in the record that this goes on from. */
  readonly #knownMs: number;
  #sinceMs = 0;
  #untilMs = 0;
  #samples = 0;
  #outOfMemory = 0;

  constructor(record?: UsageRecord) {
    this.#knownMs = record?.untilMs ?? 0;
    if (record === undefined) return;
    this.cpu.read(record.cpu);
    this.memory.read(record.memory);
    this.#sinceMs = record.sinceMs;
    this.#untilMs = record.untilMs;
    this.#samples = record.samples;
    this.#outOfMemory = record.outOfMemory;
  }

  /** Adds a sample, unless it is known. True where it was added. */
  add(sample: UsageSample): boolean {
    const { pod, atMs, cpuCores, memoryBytes, requestedCores } = sample;
    if (atMs <= (this.#latest.get(pod) ?? this.#knownMs)) return false;
    remember(this.#latest, pod, atMs);
    if (isAmount(cpuCores)) this.cpu.add(cpuCores, Math.max(leastCpuWeight, requestedCores), atMs);
    if (isAmount(memoryBytes)) this.#addMemory(pod, memoryBytes, atMs);
    if (this.#sinceMs === 0) this.#sinceMs = atMs;
    this.#untilMs = Math.max(this.#untilMs, atMs);
    this.#samples++;
    return true;
  }

  /** Notes that a pod's container was killed for want of memory: it needed more than it had. True where that was not known. */
  ranOut(pod: string, atMs: number, hadBytes: number): boolean {
    if (atMs <= (this.#kills.get(pod) ?? this.#knownMs)) return false;
    remember(this.#kills, pod, atMs);
    const had = Math.max(hadBytes, this.#windows.get(pod)?.peakBytes ?? 0);
    this.#addMemory(pod, Math.max(had * outOfMemory.factor, had + outOfMemory.bytes), atMs);
    this.#outOfMemory++;
    return true;
  }

  /** Forgets pods that are gone; what they used stays. */
  keepPods(names: ReadonlySet<string>): void {
    for (const map of [this.#windows, this.#latest, this.#kills]) {
      for (const name of map.keys()) if (!names.has(name)) map.delete(name);
    }
  }

  get record(): UsageRecord {
    return {
      cpu: this.cpu.toText(),
      memory: this.memory.toText(),
      sinceMs: this.#sinceMs,
      untilMs: this.#untilMs,
      samples: this.#samples,
      outOfMemory: this.#outOfMemory,
    };
  }

  /** The peak of each window counts once: a higher one takes the place of the one before it. */
  #addMemory(pod: string, bytes: number, atMs: number): void {
    const window = this.#windows.get(pod);
    if (window === undefined || atMs > window.endMs) {
      remember(this.#windows, pod, { endMs: atMs + dayMs, peakBytes: bytes, addedMs: atMs });
      this.memory.add(bytes, 1, atMs);
      return;
    }
    if (bytes <= window.peakBytes) return;
    this.memory.take(window.peakBytes, 1, window.addedMs);
    this.memory.add(bytes, 1, atMs);
    window.peakBytes = bytes;
    window.addedMs = atMs;
  }
}

function isAmount(value: number | undefined): value is number {
  return value !== undefined && Number.isFinite(value) && value >= 0;
}

/** Sets an entry of a map that forgets its oldest ones. */
function remember<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key);
  map.set(key, value);
  for (const oldest of map.keys()) {
    if (map.size <= maxWindows) return;
    map.delete(oldest);
  }
}

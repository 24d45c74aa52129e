import type { GpuDemand } from '@gantry/model/gpu.ts';
import { type DemandKind, PodClass } from './pod-class.ts';

/** Kinds that are told apart; the rarest go first. */
const maxKinds = 128;
/** Arrivals after which older ones count half, as the usual mix may change. */
const memoryPods = 32_768;

/**
 * Counts what kinds of GPU pods come, each once, whether it finds a node or not: what is likely to come next. Rare kinds
 * matter, so none is left out but beyond the bound; cpu and memory are averages, since exact amounts tell pods apart
 * that are alike to a GPU.
 */
export class DemandBook {
  readonly #kinds = new Map<string, DemandKind>();
  #weight = 0;
  /** GPU pods that have come. */
  total = 0;

  /** The kinds that have come. */
  kinds(): IterableIterator<DemandKind> {
    return this.#kinds.values();
  }

  /** A pod has come. */
  saw(podClass: PodClass): void {
    const { requests, nodeNames, gpu } = podClass.requirement;
    // Pods that are made for one node each say nothing about others.
    if (gpu === undefined || nodeNames !== undefined) return;
    const kind = this.#kindOf(podClass, gpu);
    kind.seen++;
    kind.cpuMilli += requests.get('cpu') ?? 0;
    kind.memoryBytes += requests.get('memory') ?? 0;
    this.total++;
    this.#weight++;
    if (this.#weight >= memoryPods) this.#fade();
  }

  #kindOf(podClass: PodClass, gpu: GpuDemand): DemandKind {
    if (podClass.kind !== undefined && podClass.kind.seen > 0) return podClass.kind;
    const key = `${gpu.devices} ${gpu.milliEach} ${podClass.requirement.staticKey}`;
    let kind = this.#kinds.get(key);
    if (kind === undefined) {
      if (this.#kinds.size >= maxKinds) this.#dropRarest();
      kind = { example: new PodClass(podClass.requirement), gpu, seen: 0, cpuMilli: 0, memoryBytes: 0 };
      this.#kinds.set(key, kind);
    }
    podClass.kind = kind;
    return kind;
  }

  #dropRarest(): void {
    const [key, kind] = [...this.#kinds].reduce((least, next) => (next[1].seen < least[1].seen ? next : least));
    this.#drop(key, kind);
  }

  #fade(): void {
    this.#weight = 0;
    for (const [key, kind] of this.#kinds) {
      kind.seen /= 2;
      kind.cpuMilli /= 2;
      kind.memoryBytes /= 2;
      if (kind.seen < 1) this.#drop(key, kind);
      else this.#weight += kind.seen;
    }
  }

  /** Classes that remember it see by its count that it is none any more. */
  #drop(key: string, kind: DemandKind): void {
    this.#kinds.delete(key);
    kind.seen = 0;
  }
}

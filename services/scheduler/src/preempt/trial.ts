import type { ClusterState } from '../state/cluster.ts';
import type { PodClass, PodRecord } from '../state/pod-class.ts';

/** Tries what a node would be like without some of its pods. */
export interface Trial {
  /** Takes a pod off. */
  takeOff(pod: PodRecord): void;
  /** Puts a pod back that was taken off. */
  putBack(pod: PodRecord): void;
  /** True where the node would take the pod that room is sought for. */
  fits(): boolean;
}

/** A trial by doing: pods are really taken off. They must all be put back before anybody else looks. */
export function trialByDoing(node: number, cluster: ClusterState, fits: (node: number) => boolean): Trial {
  return {
    takeOff: (pod) => cluster.displace(pod),
    putBack: (pod) => cluster.place(pod, node),
    fits: () => fits(node),
  };
}

/** A trial by sums, for classes for which nothing but the amounts on the node can change by pods that leave it. */
export class TrialBySums implements Trial {
  readonly #dimensions: Int32Array;
  /** By how much each dimension is short for the pod. */
  readonly #short: Float64Array;

  constructor(node: number, { dimensions, amounts }: PodClass, { nodes }: ClusterState) {
    this.#dimensions = dimensions;
    this.#short = amounts.map(
      (amount, at) => nodes.requested[dimensions[at]!]![node]! + amount - nodes.allocatable[dimensions[at]!]![node]!,
    );
  }

  takeOff(pod: PodRecord): void {
    this.#add(pod, -1);
  }

  putBack(pod: PodRecord): void {
    this.#add(pod, 1);
  }

  fits(): boolean {
    for (let at = 0; at < this.#short.length; at++) if (this.#short[at]! > 0) return false;
    return true;
  }

  #add({ class: { dimensions, amounts } }: PodRecord, sign: 1 | -1): void {
    for (let at = 0; at < this.#short.length; at++) {
      const own = dimensions.indexOf(this.#dimensions[at]!);
      if (own >= 0) this.#short[at] = this.#short[at]! + sign * amounts[own]!;
    }
  }
}

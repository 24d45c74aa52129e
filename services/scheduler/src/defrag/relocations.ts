import { nodeEmptying } from '../filter/node-emptying.ts';
import { judgesOf, refusals } from '../solve/diagnosis.ts';
import type { ClusterState } from '../state/cluster.ts';
import type { PodClass, PodRecord } from '../state/pod-class.ts';

/** A pod that is to come in the place of one that is evicted, and where it is to go. */
export interface Expectation {
  readonly podClass: PodClass;
  readonly node: number;
  /** Resolves with the node that it got, which is another one where this one took it no more. */
  readonly placed: Promise<number>;
}

interface Open extends Expectation {
  readonly resolve: (node: number) => void;
}

/**
 * Steers pods that are made in the place of evicted ones. Who makes them knows nothing of the plan: the first pod that asks
 * for exactly what the evicted one did is taken for it. Nodes that are being emptied take no pods, unless one fits nowhere else.
 */
export class Relocations {
  readonly #cluster: ClusterState;
  readonly #expected: Open[] = [];
  readonly #onReopened: (node: number) => void;

  /** @param onReopened Told of each node that takes pods again. */
  constructor(cluster: ClusterState, onReopened: (node: number) => void) {
    this.#cluster = cluster;
    this.#onReopened = onReopened;
  }

  /** A node takes no pods until it is opened again. */
  close(node: number): void {
    this.#cluster.setEmptying(node, true);
  }

  /** A node takes pods again. */
  open(node: number): void {
    if (!this.#cluster.emptying.has(node)) return;
    this.#cluster.setEmptying(node, false);
    this.#onReopened(node);
  }

  /** The next pod of a class is to get a node. */
  expect(podClass: PodClass, node: number): Expectation {
    const { promise, resolve } = Promise.withResolvers<number>();
    const expected = { podClass, node, placed: promise, resolve };
    this.#expected.push(expected);
    return expected;
  }

  /** Nobody waits for the pod any more. */
  forget(expected: Expectation): void {
    const at = this.#expected.indexOf(expected as Open);
    if (at >= 0) this.#expected.splice(at, 1);
  }

  /** Gives the first of some pods of a class, which have no node, the nodes that were meant for such. How many got one. */
  place(podClass: PodClass, pods: readonly PodRecord[]): number {
    if (this.#expected.length === 0) return 0;
    let placed = 0;
    for (const { node } of this.#expectedOf(podClass)) {
      const pod = pods[placed];
      if (pod === undefined) break;
      if (refusals(podClass, this.#cluster)(node) !== undefined) continue;
      this.#cluster.place(pod, node, []);
      placed++;
    }
    return placed;
  }

  /** A pod got a node. */
  placed({ class: podClass, node }: PodRecord): void {
    if (this.#expected.length === 0) return;
    const expected = this.#expectedOf(podClass);
    const met = expected.find((each) => each.node === node) ?? expected[0];
    if (met === undefined) return;
    this.forget(met);
    met.resolve(node);
  }

  /** Opens the nodes being emptied that are all that a class lacks. True where there were any. */
  reopenFor(podClass: PodClass): boolean {
    if (this.#cluster.emptying.size === 0) return false;
    const judges = judgesOf(podClass, this.#cluster);
    const lacking = [...this.#cluster.emptying].filter((node) =>
      judges.every((judge) => {
        const refusal = judge(node);
        return refusal === undefined || refusal.filter.name === nodeEmptying.name;
      }),
    );
    for (const node of lacking) this.open(node);
    return lacking.length > 0;
  }

  #expectedOf({ requirement }: PodClass): Open[] {
    return this.#expected.filter(({ podClass }) => podClass.requirement.key === requirement.key);
  }
}

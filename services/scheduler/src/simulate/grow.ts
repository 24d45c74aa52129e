import type { Solver } from '../solve/solver.ts';
import type { ClusterState } from '../state/cluster.ts';
import type { PodClass, PodRecord } from '../state/pod-class.ts';
import { planShape } from './filling.ts';
import type { Fits } from './fit.ts';
import { planNodes } from './plan-nodes.ts';
import type { Allowance, MadeNode, NodeMaker, Shape } from './shapes.ts';
import type { WaitingSet } from './waiting.ts';

/** A node that was added, and the pods that it was added for. */
export interface Added {
  readonly made: MadeNode;
  readonly pods: PodRecord[];
}

/** Parts of the search for nodes. */
export interface GrowParts {
  readonly cluster: ClusterState;
  readonly solver: Solver;
  readonly maker: NodeMaker;
  readonly fits: Fits;
  readonly allowance: Allowance;
}

interface Remaining {
  readonly set: WaitingSet;
  readonly price: number;
  pods: PodRecord[];
}

/**
 * Adds nodes for pods. First by amounts alone (plan-nodes.ts); pods with rules about others then go where the scheduler puts them on
 * all nodes. For those that still have none, nodes are added one by one, each tried with all rules. Whatever was added can be taken back.
 */
export class Grower {
  readonly added: Added[] = [];
  readonly #parts: GrowParts;
  readonly #shapes: readonly Shape[];
  /** Pods that were placed on nodes which were there. */
  readonly #elsewhere: PodRecord[] = [];

  constructor(parts: GrowParts, shapes: readonly Shape[]) {
    this.#parts = parts;
    this.#shapes = shapes;
  }

  /** Gives nodes to as many pods as possible; returns to how many. */
  *grow(sets: readonly WaitingSet[]): Generator<void, number> {
    const { fits } = this.#parts;
    const remaining = sets
      .map((set): Remaining => {
        const price = fits.price(set.podClass, this.#shapes);
        return { set, price: Number.isFinite(price) ? price : 0, pods: set.pods.filter(({ node }) => node < 0) };
      })
      .filter(({ pods }) => pods.length > 0);
    const before = countOf(remaining);
    yield* this.#plan(remaining);
    const special = remaining.filter(({ set }) => !fits.isPlain(set.podClass));
    for (const each of special) {
      this.#solve(each);
      yield;
    }
    for (let best = this.#best(remaining); best !== undefined; best = this.#best(remaining)) {
      this.#add(best, remaining);
      for (const each of special) this.#solve(each);
      yield;
    }
    for (const added of this.added.filter(({ pods }) => pods.length === 0)) this.#close(added);
    return before - countOf(remaining);
  }

  /** Takes back all that was done. */
  undo(): void {
    for (const pod of this.#elsewhere.splice(0)) this.#parts.cluster.displace(pod);
    while (this.added.length > 0) this.#close(this.added.at(-1)!);
  }

  /** Adds nodes by amounts; pods that ask for nothing else are on them afterwards. */
  *#plan(remaining: readonly Remaining[]): Generator<void> {
    const { fits, allowance, cluster } = this.#parts;
    const classes = remaining.map(({ set }) => set.podClass);
    const dimensions = [...new Set(classes.flatMap((podClass) => [...podClass.dimensions]))];
    const items = remaining.map(({ set, pods }) => ({
      count: pods.length,
      amounts: amountsOf(set.podClass, dimensions),
    }));
    const shapes = this.#shapes.map((shape) => {
      const most = Int32Array.from(classes, (podClass) => Math.min(fits.most(podClass, shape), 2 ** 31 - 1));
      return planShape(shape, fits.free(shape, dimensions), most);
    });
    for (const { shape, counts } of yield* planNodes(items, shapes, allowance)) {
      // The plan has counted it already.
      const added = this.#open(shape.shape);
      for (const [at, count] of counts.entries()) {
        const each = remaining[at]!;
        if (count === 0 || !fits.isPlain(each.set.podClass)) continue;
        added.pods.push(...each.pods.slice(0, count));
        each.pods = each.pods.slice(count);
      }
      for (const pod of added.pods) cluster.place(pod, added.made.index, []);
      yield;
    }
  }

  #open(shape: Shape): Added {
    const added: Added = { made: this.#parts.maker.make(shape), pods: [] };
    this.added.push(added);
    return added;
  }

  #close(added: Added): void {
    const { cluster, maker, allowance } = this.#parts;
    for (const pod of added.pods.splice(0)) cluster.displace(pod);
    maker.remove(added.made);
    allowance.take(added.made.shape, -1);
    this.added.splice(this.added.indexOf(added), 1);
  }

  /** The shape whose next node would take pods that are worth most for what it costs; of equals that of the smallest group. */
  #best(remaining: readonly Remaining[]): Shape | undefined {
    let best: { readonly shape: Shape; readonly ratio: number; readonly size: number } | undefined;
    for (const shape of this.#shapes) {
      const ratio = this.#try(shape, remaining) / shape.cost;
      if (ratio === 0) continue;
      const size = shape.groupSize + this.added.filter(({ made }) => made.shape === shape).length;
      const isEqual = best !== undefined && Math.abs(ratio / best.ratio - 1) < 1e-9;
      if (best === undefined || (isEqual ? size < best.size : ratio > best.ratio)) best = { shape, ratio, size };
    }
    return best?.shape;
  }

  /** Worth of the pods that an added node of a shape would take. */
  #try(shape: Shape, remaining: readonly Remaining[]): number {
    const { cluster, maker, fits, allowance } = this.#parts;
    const isOpen = remaining.some(({ set, pods }) => pods.length > 0 && fits.most(set.podClass, shape) > 0);
    if (!isOpen || allowance.roomFor(shape) === 0) return 0;
    const made = maker.make(shape);
    const taken = this.#fill(made, remaining);
    for (const pod of taken.flat()) cluster.displace(pod);
    maker.remove(made);
    return taken.reduce((sum, pods, at) => sum + pods.length * remaining[at]!.price, 0);
  }

  #add(shape: Shape, remaining: readonly Remaining[]): void {
    this.#parts.allowance.take(shape, 1);
    const added = this.#open(shape);
    for (const [at, pods] of this.#fill(added.made, remaining).entries()) {
      added.pods.push(...pods);
      remaining[at]!.pods = remaining[at]!.pods.slice(pods.length);
    }
  }

  /** Puts remaining pods on a node, the dearest first; returns those of each set that it took. */
  #fill({ shape, index }: MadeNode, remaining: readonly Remaining[]): PodRecord[][] {
    const { cluster, fits } = this.#parts;
    const taken = remaining.map((): PodRecord[] => []);
    const byPrice = [...remaining.keys()].sort((a, b) => remaining[b]!.price - remaining[a]!.price);
    for (const at of byPrice) {
      const { set, pods } = remaining[at]!;
      const takes = fits.test(set, shape);
      for (const pod of pods) {
        if (!takes(index)) break;
        cluster.place(pod, index, []);
        taken[at]!.push(pod);
      }
    }
    return taken;
  }

  /** Pods with rules about others go where the scheduler puts them. */
  #solve(each: Remaining): void {
    if (each.pods.length === 0) return;
    const { solver } = this.#parts;
    const { podClass, profile } = each.set;
    // A pod's use of volumes affects the next pod of its class.
    const batches = podClass.requirement.claims.length > 0 ? each.pods.map((pod) => [pod]) : [each.pods];
    for (const batch of batches) solver.solve(podClass, batch, profile);
    const nodes = new Map(this.added.map((added) => [added.made.index, added]));
    for (const pod of each.pods) if (pod.node >= 0) (nodes.get(pod.node)?.pods ?? this.#elsewhere).push(pod);
    each.pods = each.pods.filter(({ node }) => node < 0);
  }
}

function amountsOf({ dimensions, amounts }: PodClass, wanted: readonly number[]): Float64Array {
  return Float64Array.from(wanted, (dimension) => amounts[dimensions.indexOf(dimension)] ?? 0);
}

function countOf(remaining: readonly Remaining[]): number {
  return remaining.reduce((sum, { pods }) => sum + pods.length, 0);
}

import { fits } from '../filter/node-resources.ts';
import { type Judge, looksBeyondNode, refusals } from '../solve/diagnosis.ts';
import type { ClusterState } from '../state/cluster.ts';
import type { PodClass } from '../state/pod-class.ts';
import type { NodeMaker, Shape } from './shapes.ts';
import type { WaitingSet } from './waiting.ts';

/** How a class fits the empty nodes of a shape. */
interface ShapeFit {
  /** Pods that one takes by their amounts; 0 where it takes none. */
  readonly most: number;
  /** Why it takes none; undefined where it takes some. */
  readonly reason: string | undefined;
}

/** Answers that are asked for again and again while nodes of shapes are tried, found once. */
export class Fits {
  readonly #cluster: ClusterState;
  readonly #plain = new Map<PodClass, boolean>();
  readonly #byShape: ReadonlyMap<Shape, ReadonlyMap<PodClass, ShapeFit>>;
  /** Room of an empty node of a shape, by dimension. */
  readonly #free: ReadonlyMap<Shape, readonly number[]>;

  /** Probes each shape with one empty node, which is gone again afterwards. */
  constructor(cluster: ClusterState, maker: NodeMaker, shapes: readonly Shape[], classes: Iterable<PodClass>) {
    this.#cluster = cluster;
    const all = new Set(classes);
    // All of them first: a resource that only a shape has is known from then on.
    const probes = shapes.map((shape) => maker.make(shape));
    this.#byShape = new Map(
      probes.map(({ shape, index }) => {
        return [shape, new Map([...all].map((podClass) => [podClass, fitOf(podClass, cluster, index)]))];
      }),
    );
    const { nodes } = cluster;
    this.#free = new Map(
      probes.map(({ shape, index }) => {
        return [
          shape,
          nodes.dimensions.map((_, at) => Math.max(0, nodes.allocatable[at]![index]! - nodes.requested[at]![index]!)),
        ];
      }),
    );
    for (const probe of probes) maker.remove(probe);
  }

  /** True for pods that ask for nothing but room on nodes that are open to them. */
  isPlain(podClass: PodClass): boolean {
    const known = this.#plain.get(podClass);
    if (known !== undefined) return known;
    const { hostPorts, gpu, claims } = podClass.requirement;
    const isPlain =
      hostPorts.length + claims.length === 0 && gpu === undefined && !looksBeyondNode(podClass, this.#cluster);
    this.#plain.set(podClass, isPlain);
    return isPlain;
  }

  /** Pods of a class that an empty node of a shape takes by their amounts. */
  most(podClass: PodClass, shape: Shape): number {
    return this.#byShape.get(shape)?.get(podClass)?.most ?? 0;
  }

  /** Room of an empty node of a shape, of some dimensions. */
  free(shape: Shape, dimensions: readonly number[]): Float64Array {
    return Float64Array.from(dimensions, (dimension) => this.#free.get(shape)![dimension] ?? 0);
  }

  /** Why an empty node of a shape takes no pod of a class; undefined where it takes some. */
  reason(podClass: PodClass, shape: Shape): string | undefined {
    return this.#byShape.get(shape)?.get(podClass)?.reason;
  }

  /** Says whether a node of a shape has room for one more pod of a set now; what it says is good until pods of others are placed. */
  test({ podClass }: WaitingSet, shape: Shape): (node: number) => boolean {
    if (this.most(podClass, shape) === 0) return () => false;
    const { nodes } = this.#cluster;
    if (this.isPlain(podClass)) return (node) => fits(podClass, nodes, node);
    // The rules are about the pods around, which have just changed.
    return (node) => fits(podClass, nodes, node) && refusals(podClass, this.#cluster)(node) === undefined;
  }

  /** The cheapest that a pod can be had for: its part of a node that runs nothing but pods like it. */
  price(podClass: PodClass, shapes: readonly Shape[]): number {
    return Math.min(
      ...shapes.map((shape) => {
        const most = this.most(podClass, shape);
        return most === 0 ? Number.POSITIVE_INFINITY : shape.cost / most;
      }),
    );
  }
}

function fitOf(podClass: PodClass, cluster: ClusterState, node: number): ShapeFit {
  const { dimensions, amounts } = podClass;
  const { nodes } = cluster;
  const judge: Judge = refusals(podClass, cluster);
  const refusal = judge(node);
  // Rules about other pods may turn once those have nodes.
  const isFinal = refusal !== undefined && !isAboutOthers(refusal.filter.name);
  if (isFinal) return { most: 0, reason: refusal.reasons.join(', ') };
  const by = [...dimensions].map((dimension, at) => {
    const free = nodes.allocatable[dimension]![node]! - nodes.requested[dimension]![node]!;
    return amounts[at]! > 0 ? Math.floor(free / amounts[at]!) : Number.POSITIVE_INFINITY;
  });
  return { most: Math.max(0, Math.min(...by)), reason: refusal?.reasons.join(', ') };
}

function isAboutOthers(plugin: string): boolean {
  return plugin === 'PodTopologySpread' || plugin === 'InterPodAffinity';
}

import type { NodeTemplate, SimulationLimits } from '@gantry/client/placement-messages.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import { compileNode } from '../compile/node.ts';
import type { PodCompiler } from '../compile/pod.ts';
import type { NodeInfo, PodInfo } from '../requirement.ts';
import type { ClusterState } from '../state/cluster.ts';
import type { PodRecord } from '../state/pod-class.ts';

const hostnameLabel = 'kubernetes.io/hostname';
const maxShapes = 1_000;

/** A shape of nodes that could be added. */
export interface Shape {
  readonly id: string;
  readonly info: NodeInfo;
  /** Pods that run on each from its start. */
  readonly pods: readonly PodInfo[];
  readonly cost: number;
  readonly coming: number;
  /** Nodes that may be added, at most. */
  readonly most: number;
  readonly groupSize: number;
}

/** The shapes of a request. @throws GantryError (BadRequest) for ids that are missing or taken, and for too many. */
export function shapesOf(templates: readonly NodeTemplate[], compiler: PodCompiler): Shape[] {
  if (templates.length > maxShapes) {
    throw new GantryError(
      'BadRequest',
      `templates: Too many: ${templates.length}: must have at most ${maxShapes} items`,
    );
  }
  const ids = new Set<string>();
  return templates.map((template, index) => {
    const { id, node, pods = [], cost = 0, coming = 0, most = 0, groupSize = 0 } = template;
    if (!id || ids.has(id))
      throw new GantryError(
        'BadRequest',
        `templates[${index}].id: ${id ? `Duplicate value: "${id}"` : 'Required value'}`,
      );
    if (!node) throw new GantryError('BadRequest', `templates[${index}].node: Required value`);
    ids.add(id);
    const info = compileNode(node);
    const own = pods.map((pod) => compiler.compile(pod));
    return { id, info, pods: own, cost: cost > 0 ? cost : 1, coming, most, groupSize };
  });
}

/** A node of a shape on a copy of the cluster. */
export interface MadeNode {
  readonly shape: Shape;
  readonly name: string;
  readonly index: number;
  /** Its pods of its shape. */
  readonly own: readonly PodRecord[];
}

/** Makes nodes of shapes and takes them away. Names are never used twice. */
export class NodeMaker {
  readonly #cluster: ClusterState;
  #made = 0;

  constructor(cluster: ClusterState) {
    this.#cluster = cluster;
  }

  make(shape: Shape): MadeNode {
    const name = `${shape.id}/${this.#made++}`;
    const labels = { ...shape.info.labels, [hostnameLabel]: name };
    this.#cluster.setNode({ ...shape.info, name, labels });
    const index = this.#cluster.slotOf(name);
    const own = shape.pods.map((info, at) => {
      const pod = this.#cluster.admit({ ...info, uid: `${name}/${at}` });
      this.#cluster.place(pod, index, []);
      return pod;
    });
    return { shape, name, index, own };
  }

  /** Takes a node away on which nothing is left but its own pods. */
  remove({ name, own }: MadeNode): void {
    for (const pod of own) this.#cluster.dismiss(pod);
    this.#cluster.removeNode(name);
  }
}

/** Bounds of all added nodes together, and what is left of them. */
export class Allowance {
  #nodes: number;
  #cpuMilli: number;
  #memoryBytes: number;
  readonly #left: Map<Shape, number>;

  constructor(shapes: readonly Shape[], limits: SimulationLimits = {}) {
    this.#nodes = limits.nodes ?? Number.POSITIVE_INFINITY;
    this.#cpuMilli = limits.cpuMilli ?? Number.POSITIVE_INFINITY;
    this.#memoryBytes = limits.memoryBytes ?? Number.POSITIVE_INFINITY;
    this.#left = new Map(shapes.map((shape) => [shape, shape.most]));
  }

  /** Why no node of a shape may be added; undefined where one may. */
  problem(shape: Shape): string | undefined {
    if (this.#left.get(shape)! <= 0) return 'max node group size reached';
    return this.roomFor(shape) > 0 ? undefined : 'max cluster limit reached';
  }

  /** Nodes of a shape that may be added. */
  roomFor(shape: Shape): number {
    const { allocatable } = shape.info;
    const by = (left: number, amount = 0): number =>
      amount > 0 ? Math.floor(left / amount) : Number.POSITIVE_INFINITY;
    return Math.max(
      0,
      Math.min(
        this.#left.get(shape)!,
        this.#nodes,
        by(this.#cpuMilli, allocatable.get('cpu')),
        by(this.#memoryBytes, allocatable.get('memory')),
      ),
    );
  }

  take(shape: Shape, count: 1 | -1): void {
    this.#left.set(shape, this.#left.get(shape)! - count);
    this.#nodes -= count;
    this.#cpuMilli -= count * (shape.info.allocatable.get('cpu') ?? 0);
    this.#memoryBytes -= count * (shape.info.allocatable.get('memory') ?? 0);
  }
}

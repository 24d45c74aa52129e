import type {
  AddedNode,
  SimulatedPlacement,
  SimulateRequest,
  SimulateResponse,
  UnplacedPods,
} from '@gantry/client/placement-messages.ts';
import { PodCompiler } from '../compile/pod.ts';
import type { Scheduler } from '../scheduler.ts';
import { diagnose } from '../solve/diagnosis.ts';
import { Solver } from '../solve/solver.ts';
import type { ClusterState } from '../state/cluster.ts';
import type { PodRecord } from '../state/pod-class.ts';
import { emptyNodes } from './empty.ts';
import { Fits } from './fit.ts';
import { forkCluster } from './fork.ts';
import { Grower } from './grow.ts';
import { Allowance, NodeMaker, type Shape, shapesOf } from './shapes.ts';
import { type Waiting, type WaitingSet, type WaitingUnit, waitingOn } from './waiting.ts';

/**
 * Says where waiting pods would go with other nodes, which nodes to add for those that find none, and which nodes could be
 * emptied. All of it happens on a copy of the cluster, by the filters and scores that place pods. It pauses now and then, so that
 * whoever runs it may do something else meanwhile.
 * @throws GantryError (BadRequest) where the request makes no sense.
 */
export function* simulate(scheduler: Scheduler, request: SimulateRequest): Generator<void, SimulateResponse> {
  const compiler = new PodCompiler();
  const { podUids = [], headroom = [], absentNodes = [], emptied = [], limits } = request;
  const shapes = shapesOf(request.templates ?? [], compiler);
  const fork = forkCluster(scheduler.cluster, new Set(absentNodes));
  const { cluster } = fork;
  const waiting = waitingOn(cluster, scheduler, podUids, headroom, compiler);
  yield;
  const maker = new NodeMaker(cluster);
  const classes = setsIn(waiting).map(({ podClass }) => podClass);
  const fits = new Fits(cluster, maker, shapes, classes);
  const coming = new Map<number, string>();
  for (const shape of shapes) {
    for (let count = 0; count < shape.coming; count++) coming.set(maker.make(shape).index, shape.id);
  }
  const solver = new Solver(cluster, scheduler.options.seed);
  const allowance = new Allowance(shapes, limits);
  const grower = yield* placeAll(waiting, shapes, { cluster, solver, maker, fits, allowance });
  const report = new Report(waiting, grower, coming, cluster);
  const unplaced = unplacedIn(waiting, shapes, fits, allowance, cluster, report);
  const placed = new Set(setsIn(waiting).flatMap(({ pods }) => pods.filter(({ node }) => node >= 0)));
  // Nodes that are added are no places for pods of nodes that go.
  const answer = { placements: report.placements(), added: report.added(), unplaced };
  if (emptied.length === 0) return answer;
  for (const { made } of grower.added) cluster.setEmptying(made.index, true);
  const profile = scheduler.options.profiles['default-scheduler'] ?? Object.values(scheduler.options.profiles)[0]!;
  const outcomes = yield* emptyNodes(emptied, { cluster, solver, profile, pods: fork.pods, placed });
  return { ...answer, emptied: outcomes };
}

type Parts = ConstructorParameters<typeof Grower>[0];

/** Places what waits, those of a higher priority first: on nodes that there are or come, then on nodes that are added. */
function* placeAll({ units, batchOf }: Waiting, shapes: readonly Shape[], parts: Parts): Generator<void, Grower> {
  const grower = new Grower(parts, shapes);
  const open: WaitingSet[] = [];
  const flush = function* (): Generator<void> {
    const sets = open.splice(0).filter(({ pods }) => pods.some(({ node }) => node < 0));
    if (sets.length === 0) return;
    const own = new Grower(parts, shapes);
    yield* own.grow(sets);
    grower.added.push(...own.added);
  };
  let level: unknown;
  for (const unit of units) {
    const [first] = unit.sets as [WaitingSet];
    const isMade = batchOf.has(first.pods[0]?.uid ?? '');
    const next = isMade ? 'headroom' : first.podClass.requirement.priority;
    if (next !== level) yield* flush();
    level = next;
    if (unit.least > 1) {
      yield* flush();
      yield* placeGang(unit, shapes, grower, parts);
    } else {
      placeExisting(unit.sets, parts);
      open.push(...unit.sets);
    }
    yield;
  }
  yield* flush();
  return grower;
}

function placeExisting(sets: readonly WaitingSet[], { solver }: Parts): number {
  let placed = 0;
  for (const { podClass, pods, profile } of sets) {
    // A pod's use of volumes affects the next pod of its class.
    const batches = podClass.requirement.claims.length > 0 ? pods.map((pod) => [pod]) : [pods];
    for (const batch of batches) placed += solver.solve(podClass, batch, profile);
  }
  return placed;
}

/** Places a gang, or nothing of it. */
function* placeGang(
  { sets, least }: WaitingUnit,
  shapes: readonly Shape[],
  grower: Grower,
  parts: Parts,
): Generator<void> {
  const all = sets.flatMap(({ pods }) => pods);
  if (all.length < least) return;
  const own = new Grower(parts, shapes);
  const placed = placeExisting(sets, parts);
  const grown = placed < all.length ? yield* own.grow(sets) : 0;
  if (placed + grown >= least) {
    grower.added.push(...own.added);
    return;
  }
  own.undo();
  for (const pod of all) if (pod.node >= 0) parts.cluster.displace(pod);
}

function setsIn({ units }: Waiting): WaitingSet[] {
  return units.flatMap(({ sets }) => sets);
}

/** Turns records into names. */
class Report {
  readonly #waiting: Waiting;
  readonly #grower: Grower;
  readonly #coming: ReadonlyMap<number, string>;
  readonly #cluster: ClusterState;

  constructor(waiting: Waiting, grower: Grower, coming: ReadonlyMap<number, string>, cluster: ClusterState) {
    this.#waiting = waiting;
    this.#grower = grower;
    this.#coming = coming;
    this.#cluster = cluster;
  }

  /** The pod's uid, or the batch of a pod that is made up. */
  idOf({ uid }: PodRecord): string {
    return this.#waiting.batchOf.get(uid) ?? uid;
  }

  placements(): SimulatedPlacement[] {
    const added = new Set(this.#grower.added.map(({ made }) => made.index));
    const there = setsIn(this.#waiting)
      .flatMap(({ pods }) => pods)
      .filter(({ node }) => node >= 0 && !added.has(node));
    return this.#counted(there.map((pod) => [this.idOf(pod), this.#nameOf(pod.node)]));
  }

  added(): AddedNode[] {
    const pods = Map.groupBy(
      setsIn(this.#waiting).flatMap((set) => set.pods),
      ({ node }) => node,
    );
    return this.#grower.added.map(({ made }) => {
      const own = pods.get(made.index) ?? [];
      const { batchOf } = this.#waiting;
      const spare = own
        .filter(({ uid }) => batchOf.has(uid))
        .map((pod): [string, string] => [this.idOf(pod), made.shape.id]);
      return {
        templateId: made.shape.id,
        podUids: own.filter(({ uid }) => !batchOf.has(uid)).map(({ uid }) => uid),
        headroom: this.#counted(spare),
      };
    });
  }

  #nameOf(node: number): string {
    return this.#coming.get(node) ?? this.#cluster.nodes.names[node]!;
  }

  #counted(pairs: readonly (readonly [string, string])[]): SimulatedPlacement[] {
    const counts = new Map<string, { id: string; nodeName: string; count: number }>();
    for (const [id, nodeName] of pairs) {
      const key = `${id}\n${nodeName}`;
      const known = counts.get(key);
      if (known === undefined) counts.set(key, { id, nodeName, count: 1 });
      else known.count++;
    }
    return [...counts.values()];
  }
}

/** Pods without a node, with what each shape has against them. */
function unplacedIn(
  waiting: Waiting,
  shapes: readonly Shape[],
  fits: Fits,
  allowance: Allowance,
  cluster: ClusterState,
  report: Report,
): UnplacedPods[] {
  return setsIn(waiting).flatMap(({ podClass, pods }) => {
    const left = pods.filter(({ node }) => node < 0);
    if (left.length === 0) return [];
    const own = shapes.map((shape) => {
      const reason = fits.reason(podClass, shape) ?? allowance.problem(shape) ?? 'too few pods of the group fit';
      return { templateId: shape.id, reason };
    });
    const refusals = own.length > 0 ? own : [{ templateId: '', reason: diagnose(podClass, cluster).message }];
    return [{ ids: left.map((pod) => report.idOf(pod)), refusals }];
  });
}

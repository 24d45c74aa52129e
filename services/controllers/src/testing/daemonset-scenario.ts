import type { DaemonSet } from '@gantry/model/gen/gantry.apps.v1.ts';
import type { Node, Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { isReady } from '@gantry/model/ready.ts';
import { keyOf } from '../core/action.ts';
import { controllerOf } from '../core/owners.ts';
import { boundsOf, surges } from '../daemonset/bounds.ts';
import { eligibilityOf } from '../daemonset/eligibility.ts';
import { targetNodeOf } from '../daemonset/template.ts';
import { aDaemonSet, aNode } from './objects.ts';
import { podsOf, type Scenario } from './scenario.ts';
import type { Simulation } from './simulation.ts';
import { users } from './users.ts';
import { Violation } from './violation.ts';

const controller = 'daemonset-controller';
const nodeNames = ['n1', 'n2', 'n3', 'n4', 'n5'];
const imageOf = (pod: Pod): string => pod.spec.containers[0]?.image ?? '';
const isOver = ({ status }: Pod): boolean => status?.phase === 'Failed' || status?.phase === 'Succeeded';

export const daemonSets: Scenario = {
  name: controller,
  steps: 600,
  quietSteps: 200,
  setUp: (simulation) => {
    const { random } = simulation;
    for (const name of nodeNames) simulation.create(aNode(name));
    const rollingUpdate = random.pick([
      { maxUnavailable: 1, maxSurge: 0 },
      { maxUnavailable: '50%', maxSurge: 0 },
      { maxUnavailable: 0, maxSurge: 1 },
      { maxUnavailable: 0, maxSurge: '50%' },
    ])!;
    const set = aDaemonSet(rollingUpdate);
    set.spec.minReadySeconds = random.pick([0, 0, 5])!;
    simulation.create(set);
    // Pods that fail all the time are hardly ever there to be replaced.
    simulation.players.failing &&= random.chance(0.3);
    simulation.players.startChance = random.pick([0.1, 0.3])!;
    watch(simulation);
  },
  act: (simulation) => {
    const { random } = simulation;
    const [set] = simulation.all('DaemonSet');
    const pod = (): Pod | undefined => random.pick(simulation.all('Pod'));
    if (random.chance(0.006)) roll(simulation, set!, `agent:${random.int(1, 3)}`);
    if (random.chance(0.01))
      setStrategy(simulation, set!, random.pick(['RollingUpdate', 'RollingUpdate', 'OnDelete'])!);
    if (random.chance(0.005)) taint(simulation, random.pick(simulation.all('Node')));
    if (random.chance(0.001)) users.remove(simulation, random.pick(simulation.all('Node')));
    if (random.chance(0.02)) bringBack(simulation);
    if (random.chance(0.004)) users.setLabel(simulation, pod(), 'app', random.pick(['agent', 'other'])!);
    if (random.chance(0.004)) users.remove(simulation, pod());
  },
  check,
};

function roll(simulation: Simulation, set: DaemonSet, image: string): void {
  const edit = (draft: DaemonSet): void => {
    const container = draft.spec.template!.spec!.containers[0]!;
    if (container.image === image) return;
    container.image = image;
    // The api counts templates here.
    const name = 'deprecated.daemonset.template.generation';
    const generation = Number(draft.metadata.annotations?.[name] ?? 1) + 1;
    draft.metadata.annotations = { ...draft.metadata.annotations, [name]: String(generation) };
  };
  simulation.store.edit(set, edit, 'user');
}

function setStrategy(simulation: Simulation, set: DaemonSet, type: string): void {
  const edit = (draft: DaemonSet): void => {
    draft.spec.updateStrategy!.type = type;
  };
  simulation.store.edit(set, edit, 'user');
}

function taint(simulation: Simulation, node: Node | undefined): void {
  if (node === undefined) return;
  const { random } = simulation;
  const taints = [[], [], [{ key: 'users', effect: random.pick(['NoSchedule', 'NoExecute'])! }]];
  const edit = (draft: Node): void => {
    const others = (draft.spec?.taints ?? []).filter(({ key }) => key !== 'users');
    draft.spec = { ...draft.spec, taints: [...others, ...random.pick(taints)!] };
  };
  simulation.store.edit(node, edit, 'user');
}

function bringBack(simulation: Simulation): void {
  const there = new Set(simulation.all('Node').map(({ metadata }) => metadata.name));
  const name = nodeNames.find((each) => !there.has(each));
  if (name !== undefined) simulation.create(aNode(name));
}

/** Holds the controller to its bounds at every write. */
function watch(simulation: Simulation): void {
  const { store } = simulation;
  /** Pods that found their set after they were made, and nodes that had one: they may have two for a moment. */
  const adopted = new Set<string>();
  const doubled = new Set<string>();
  /** Nodes that lost a pod that served to the next template, and have not had another one ready since. */
  const replacing = new Set<string>();
  store.onChange(({ object, old, type, by }) => {
    if (object.kind !== 'Pod' || type !== 'put') return;
    const name = targetNodeOf(object) ?? '';
    if (old !== undefined && !controllerOf(old) && controllerOf(object)) {
      adopted.add(object.metadata.uid!);
      doubled.add(name);
    }
    if (isReady(object) && object.metadata.deletionTimestamp === undefined) replacing.delete(name);
    if (old === undefined && by === controller) created(simulation, object, adopted);
  });
  store.onDeletion((object, _options, by) => {
    if (object.kind !== 'Pod' || by !== controller || object.metadata.deletionTimestamp !== undefined) return;
    const set = store.all('DaemonSet').find(({ metadata }) => metadata.uid === controllerOf(object)?.uid);
    const name = targetNodeOf(object) ?? '';
    if (set === undefined || doubled.has(name) || !runsInView(simulation, set, name)) return;
    if (!servedInView(simulation, set, object)) return;
    // A node that surged loses one of its two pods, whichever is older, once pods are replaced on deletion.
    const viewed = seen<DaemonSet>(simulation, set, 'DaemonSet', set.metadata.name);
    if (viewed?.spec.updateStrategy?.type !== 'RollingUpdate') return;
    replaced(simulation, set, object, replacing);
  });
}

/** The state of an object in the view that the controller's latest plan was made from. */
function seen<T extends Node | Pod | DaemonSet>(
  simulation: Simulation,
  set: DaemonSet,
  kind: T['kind'],
  name: string,
): T | undefined {
  const revision = simulation.decidedAt(controller, keyOf(set), kind);
  const own = simulation.store.changesOf(kind).filter(({ object }) => object.metadata.name === name);
  const last = own.findLast((change) => change.revision <= revision);
  return last?.type === 'put' ? (last.object as T) : undefined;
}

function runsInView(simulation: Simulation, set: DaemonSet, name: string): boolean {
  const node = seen<Node>(simulation, set, 'Node', name);
  return node !== undefined && eligibilityOf(set)(node) === 'runs';
}

function servedInView(simulation: Simulation, set: DaemonSet, { metadata }: Pod): boolean {
  const pod = seen<Pod>(simulation, set, 'Pod', metadata.name);
  // The time since when a pod has been ready cannot be told from outside: clocks step.
  return pod !== undefined && isReady(pod) && !isOver(pod) && !set.spec.minReadySeconds;
}

/** The set as it is while it rolls: users switch that off and on. */
function rolling(set: DaemonSet): DaemonSet {
  return { ...set, spec: { ...set.spec, updateStrategy: { ...set.spec.updateStrategy, type: 'RollingUpdate' } } };
}

/** A node has one pod, those on their way out among them; or two where it surges, without these. */
function created(simulation: Simulation, pod: Pod, adopted: ReadonlySet<string>): void {
  const { uid } = controllerOf(pod)!;
  const set = simulation.all('DaemonSet').find(({ metadata }) => metadata.uid === uid);
  if (set === undefined) return;
  const isSurging = surges(rolling(set));
  const there = simulation
    .all('Pod')
    .filter((other) => controllerOf(other)?.uid === uid && targetNodeOf(other) === targetNodeOf(pod))
    .filter((other) => !isOver(other) && !adopted.has(other.metadata.uid!))
    .filter(({ metadata }) => !isSurging || metadata.deletionTimestamp === undefined);
  if (there.length > (isSurging ? 2 : 1)) throw new Violation(`${there.length} pods for node ${targetNodeOf(pod)}`);
}

/** A pod that served was taken away: by a surge only for one that served as well, and else on no more nodes at a time than the bound says. */
function replaced(simulation: Simulation, set: DaemonSet, pod: Pod, replacing: Set<string>): void {
  const name = targetNodeOf(pod)!;
  const bounds = boundsOf(rolling(set), nodeNames.length);
  if (bounds.maxSurge > 0) {
    const successors = simulation.store
      .changesOf('Pod')
      .map(({ object }) => object as Pod)
      .filter((other) => other.metadata.uid !== pod.metadata.uid && targetNodeOf(other) === name && isReady(other));
    if (successors.length === 0)
      throw new Violation(`${pod.metadata.name} is taken from ${name} before another one serves`);
    return;
  }
  replacing.add(name);
  const counted = [...replacing].filter((each) => runsInView(simulation, set, each));
  if (counted.length > bounds.maxUnavailable) {
    throw new Violation(`${counted.join()} are without a pod at once, at most ${bounds.maxUnavailable}`);
  }
}

/** Every node that should have a pod has one that is ready, of the present template; no other has more than it may keep. */
function check(simulation: Simulation): string[] {
  const [set] = simulation.all('DaemonSet');
  const judge = eligibilityOf(set!);
  const image = set!.spec.template!.spec!.containers[0]!.image;
  const pods = podsOf(simulation, set!);
  const rolls = set!.spec.updateStrategy?.type === 'RollingUpdate';
  const nodes = simulation.all('Node');
  const faults = nodes.flatMap((node) => {
    const { name } = node.metadata;
    const here = pods.filter((pod) => targetNodeOf(pod) === name);
    const verdict = judge(node);
    if (verdict === 'refuses') return here.length === 0 ? [] : [`${name} has a pod that it must not have`];
    if (verdict === 'keeps') return here.length <= 1 ? [] : [`${name} has ${here.length} pods`];
    if (here.length !== 1 || !isReady(here[0]!))
      return [`${name} has ${here.length} pods, ${here.filter(isReady).length} ready`];
    return rolls && imageOf(here[0]!) !== image ? [`${name} runs ${imageOf(here[0]!)} and not ${image}`] : [];
  });
  const desired = nodes.filter((node) => judge(node) === 'runs').length;
  const { desiredNumberScheduled, numberAvailable = 0, observedGeneration } = set!.status!;
  const homeless = pods.filter((pod) => !nodes.some(({ metadata }) => metadata.name === targetNodeOf(pod)));
  const revisions = simulation.all('ControllerRevision').map(({ revision }) => revision);
  return [
    ...faults,
    ...(homeless.length === 0 ? [] : ['there are pods of nodes that are gone']),
    ...(desiredNumberScheduled === desired && numberAvailable === desired
      ? []
      : [`the status says ${numberAvailable} of ${desiredNumberScheduled}, and it is ${desired}`]),
    ...(observedGeneration === set!.metadata.generation ? [] : ['the status is of an older spec']),
    ...(revisions.length <= 3 && new Set(revisions).size === revisions.length ? [] : [`revisions ${revisions.join()}`]),
  ];
}

import type { EmptiedNode, SimulateRequest, SimulateResponse } from '@gantry/client/placement-messages.ts';
import type { ProviderNode } from '@gantry/cloud-provider/provider.ts';
import { podRequests } from '@gantry/model/amounts.ts';
import type { ConfigMap, Node, Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { isReady } from '@gantry/model/ready.ts';
import type { Action, View } from '../core/action.ts';
import type { Call, CallAnswer, Consulted } from '../core/consult.ts';
import { controllerOf } from '../core/owners.ts';
import { type Candidate, candidatesIn } from './candidates.ts';
import { chosen } from './expand.ts';
import { headroomIn, provisioned } from './headroom.ts';
import { healthProblem } from './health.ts';
import { Memory } from './memory.ts';
import { notesAnnotation } from './notes.ts';
import { pendingPods } from './pending.ts';
import { groupAnnotation, type Picture, pictureOf } from './picture.ts';
import { regretsAnnotation } from './regrets.ts';
import { draining, providerNode, removalSteps } from './removal.ts';
import { removalsAnnotation } from './removals-log.ts';
import { repairsFor } from './repair.ts';
import { isIdle, nodesToRemove, ripeOf, silentToRemove, softTaints, unneededOf } from './scale-down.ts';
import { growthOf, type Increase, increasesIn, minSizeIncreases } from './scale-up.ts';
import type { ClusterAutoscalerSettings } from './settings.ts';
import { statusName, statusNamespace, statusText, statusWrite } from './status.ts';
import { isMarkedLeaving, markedLeaving, unmarked } from './taints.ts';
import { failedToGrow, failedToRemove, grew, leaves, regretted, removed, timedOut } from './told.ts';

/** Milliseconds between looks while nodes come or go. */
const busyMs = 2_000;
/** Milliseconds between the beginnings of two rounds, at least. */
const shortestMs = 1_000;
/** Nodes that the provider is asked about one by one in one round, at most. */
const mostDoubtful = 20;
/** Nodes that are told their group in one round, at most. */
const mostNamed = 50;

/** The state that a round has come to. */
type Stage =
  | { readonly type: 'rest'; readonly untilMs: number }
  | { readonly type: 'observing'; readonly id: string }
  | ({ readonly type: 'thinking'; readonly id: string } & Thought)
  | {
      readonly type: 'acting';
      readonly id: string;
      readonly thought: Thought;
      readonly increases: readonly Increase[];
      readonly response: SimulateResponse;
    };

/** All that a round goes by. */
interface Thought {
  readonly picture: Picture;
  readonly problem: string | undefined;
  readonly pending: ReadonlyMap<string, Pod>;
  readonly candidates: readonly Candidate[];
  readonly held: ReadonlyMap<string, string>;
  readonly calls: readonly Call[];
}

/**
 * One round after another: it looks at the provider and the cluster, asks the scheduler what would happen with other nodes, and adds
 * or removes some. What it asks for is heard when it goes on. A round that is not heard of is begun anew: nothing is
 * taken for done but what the provider and the nodes say.
 */
export class Round {
  readonly #settings: ClusterAutoscalerSettings;
  readonly #random: () => number;
  readonly #memory: Memory;
  #stage: Stage = { type: 'rest', untilMs: Number.NEGATIVE_INFINITY };
  #heard: Consulted | undefined;
  #rounds = 0;
  #begunMs = Number.NEGATIVE_INFINITY;
  /** Pods that the last round looked at, by uid. */
  #considered: ReadonlySet<string> = new Set();

  constructor(settings: ClusterAutoscalerSettings, random: () => number) {
    this.#settings = settings;
    this.#random = random;
    this.#memory = new Memory(settings);
  }

  hear(consulted: Consulted): void {
    this.#heard = consulted;
  }

  /** The next actions. @param nowMs By the clock that never steps. */
  next(view: View, nowMs: number, wallMs: number): Action[] {
    const stage = this.#stage;
    if (stage.type === 'rest') {
      const waitMs = this.#waitMs(stage.untilMs, view, nowMs, wallMs);
      return waitMs > 0 ? [{ type: 'requeue', afterMs: waitMs }] : this.#observe(view, nowMs);
    }
    const heard = this.#heard?.id === stage.id ? this.#heard.answers : undefined;
    this.#heard = undefined;
    // The plan was not carried out to its end.
    if (heard === undefined) return this.#observe(view, nowMs);
    if (stage.type === 'observing') return this.#think(heard[0]!, view, nowMs, wallMs);
    return stage.type === 'thinking'
      ? this.#act(stage, heard, view, nowMs, wallMs)
      : this.#settle(stage, heard, view, nowMs);
  }

  #waitMs(untilMs: number, view: View, nowMs: number, wallMs: number): number {
    const earliestMs = this.#begunMs + shortestMs;
    if (nowMs < earliestMs) return earliestMs - nowMs;
    if (nowMs >= untilMs) return 0;
    const pending = pendingPods(view, this.#settings, wallMs);
    return pending.some(({ metadata }) => !this.#considered.has(metadata.uid!)) ? 0 : untilMs - nowMs;
  }

  #ask(stage: (id: string) => Stage, calls: readonly Call[], before: readonly Action[] = []): Action[] {
    const id = `${++this.#rounds}`;
    this.#stage = stage(id);
    return [...before, { type: 'consult', consultation: { id, calls } }, { type: 'requeue', afterMs: 0 }];
  }

  #observe(view: View, nowMs: number): Action[] {
    this.#begunMs = nowMs;
    const { group: defaults } = this.#settings;
    return this.#ask((id) => ({ type: 'observing', id }), [{ type: 'observe', defaults, doubtful: doubtfulIn(view) }]);
  }

  /** Looks at what the provider says, goes on with what is under way, and asks what would happen with other nodes. */
  #think(answer: CallAnswer, view: View, nowMs: number, wallMs: number): Action[] {
    const memory = this.#memory;
    if (answer.type !== 'observed') return this.#rest(nowMs, this.#settings.scanIntervalMs);
    const { snapshot } = answer;
    if (!memory.hasAdopted) {
      memory.notes.adopt(statusIn(view));
      memory.removals.adopt(statusIn(view), wallMs, nowMs);
      memory.regrets.adopt(statusIn(view), wallMs, nowMs);
      memory.hasAdopted = true;
    }
    memory.notes.settle(new Map(snapshot.groups.map(({ id, targetSize }) => [id, targetSize])), nowMs);
    const picture = pictureOf(snapshot, view, memory.notes, memory, this.#settings.startupTaints, nowMs);
    const problem = healthProblem(picture, this.#settings);
    const removal = removalSteps(picture, view, this.#settings, memory, nowMs);
    for (const { node } of removal.given) memory.unremovable.restart(node.metadata.uid!, nowMs);
    if (removal.given.length > 0) memory.lastFailureMs = nowMs;
    const repairs = repairsFor(picture, memory, nowMs);
    for (const { group, code, message } of repairs.failed)
      memory.backoff.failed(group.snapshot.id, code, message, nowMs);
    const pending = problem === undefined ? pendingPods(view, this.#settings, wallMs) : [];
    this.#considered = new Set(pending.map(({ metadata }) => metadata.uid!));
    const headroom = problem === undefined ? headroomIn(view) : [];
    const names = namesOf(picture);
    // A node is written once in a round.
    const mayShrink = this.#settings.scaleDownEnabled && problem === undefined && names.length === 0;
    const candidates = mayShrink
      ? candidatesIn(picture, view, this.#settings, memory.unneeded, memory.unremovable, nowMs)
      : [];
    const growth = growthOf(picture, pending, headroom, view, this.#settings, memory.backoff, nowMs);
    const isAsked = pending.length + headroom.length + candidates.length > 0;
    const simulations = isAsked
      ? growth.requests.map((request) => simulation(request, draining(picture, view), candidates))
      : [];
    const calls = [...removal.calls, ...repairs.calls, ...simulations];
    const before = [
      ...removal.actions,
      ...removal.given.map(({ node, reason }) => failedToRemove(node, reason)),
      ...removal.gone.map(removed),
      ...repairs.failed.flatMap(({ message }) => timedOut(statusIn(view), message)),
      ...names,
    ];
    const thought: Thought = {
      ...{ picture, problem, candidates, calls, held: growth.held },
      pending: new Map(pending.map((pod) => [pod.metadata.uid!, pod])),
    };
    return this.#ask((id) => ({ type: 'thinking', id, ...thought }), calls, before);
  }

  /** Adds nodes, or else removes some. */
  #act(
    thought: Thought & { readonly id: string },
    answers: readonly CallAnswer[],
    view: View,
    nowMs: number,
    wallMs: number,
  ): Action[] {
    const { picture, pending, held, calls } = thought;
    const options = calls.flatMap((call, at) => {
      const answer = answers[at]!;
      return call.type === 'simulate' && answer.type === 'simulated'
        ? [{ request: call.request, response: answer.response }]
        : [];
    });
    const requested = (uid: string): ReadonlyMap<string, number> => podRequests(pending.get(uid)!.spec);
    const option = chosen(options, this.#settings.expander, requested, this.#random);
    const response = option?.response ?? {};
    const untold = [
      ...this.#memory.untold.tell(response, pending, held),
      ...(option === undefined ? [] : provisioned(view, response, wallMs)),
    ];
    const wanted = thought.problem === undefined ? increasesIn(picture, response) : [];
    untold.push(...this.#regret(wanted, response, thought, view, wallMs, nowMs));
    const least = this.#settings.enforceNodeGroupMinSize && wanted.length === 0 ? minSizeIncreases(picture) : [];
    const increases = [...wanted, ...least];
    if (increases.length > 0) {
      const kept = wanted.length > 0 ? this.#keep(picture) : [];
      if (kept.length > 0) return [...kept, ...untold, ...this.#rest(nowMs, shortestMs)];
      return [...untold, ...this.#grow(thought, increases, response, view, nowMs)];
    }
    // Nobody knows what could go where no simulation was heard of.
    const isKnown = option !== undefined || thought.candidates.length === 0;
    const shrunk = isKnown ? this.#shrink(thought, response, view, nowMs, wallMs) : [];
    return [...untold, ...shrunk, ...this.#status(thought, view, nowMs), ...this.#restAfter(picture, nowMs)];
  }

  /** Notes which removals proved wrong now that groups must grow. */
  #regret(
    wanted: readonly Increase[],
    { added = [] }: SimulateResponse,
    { picture, pending }: Thought,
    view: View,
    wallMs: number,
    nowMs: number,
  ): Action[] {
    const { regrets } = this.#memory;
    const groups = new Map(picture.groups.map(({ snapshot }) => [snapshot.id, snapshot.options.scaleDownUnneededMs]));
    const growing = new Set(wanted.map(({ group }) => group.snapshot.id));
    const helped = new Set(
      added.filter(({ templateId }) => growing.has(templateId)).flatMap(({ podUids = [] }) => podUids),
    );
    const pods = [...pending.values()].filter(({ metadata }) => helped.has(metadata.uid!));
    const owners = new Set(pods.flatMap((pod) => controllerOf(pod)?.uid ?? []));
    const unneededMs = (id: string): number => groups.get(id) ?? 0;
    const found = regrets.grew(growing, owners, unneededMs, wallMs, nowMs);
    return found.flatMap((id) => regretted(statusIn(view), id, regrets.patience(id, unneededMs(id), nowMs)));
  }

  /** Nodes that were to go and are needed after all stay, where their machines still run. */
  #keep({ groups }: Picture): Action[] {
    const nodes = groups.flatMap((group) => group.nodes.map(({ node }) => node));
    const staying = nodes.filter(({ metadata }) => !this.#memory.asked.has(metadata.uid!)).filter(isMarkedLeaving);
    return staying.map((node): Action => ({ type: 'update', object: unmarked(node) }));
  }

  /** Writes down what is to grow, and asks for it. */
  #grow(
    thought: Thought,
    increases: readonly Increase[],
    response: SimulateResponse,
    view: View,
    nowMs: number,
  ): Action[] {
    const { notes, missing } = this.#memory;
    for (const { group, count } of increases) {
      const { id, targetSize } = group.snapshot;
      notes.write(id, { from: targetSize, to: targetSize + count });
      missing.restart(id, nowMs);
    }
    const calls = increases.map(({ group, count }): Call => {
      return { type: 'increase', group: group.snapshot.id, from: group.snapshot.targetSize, count };
    });
    const stage = (id: string): Stage => ({ type: 'acting', id, thought, increases, response });
    return this.#ask(stage, calls, this.#status(thought, view, nowMs));
  }

  /** Hears whether groups grow. */
  #settle(
    { thought, increases, response }: Extract<Stage, { readonly type: 'acting' }>,
    answers: readonly CallAnswer[],
    view: View,
    nowMs: number,
  ): Action[] {
    const memory = this.#memory;
    const status = statusIn(view);
    const grown = increases.filter((_, at) => answers[at]!.type === 'done');
    if (grown.length > 0) memory.lastAddMs = nowMs;
    const failures = increases.flatMap((increase, at) => {
      const answer = answers[at]!;
      if (answer.type !== 'failed') return [];
      const { id } = increase.group.snapshot;
      if (!answer.isInDoubt) memory.notes.refused(id);
      // A target size that has changed is nobody's fault.
      if (answer.reason !== 'Conflict') memory.backoff.failed(id, answer.reason, answer.message, nowMs);
      return failedToGrow(status, increase, answer.message);
    });
    const told = [...grew(grown, response, thought.pending, status), ...failures];
    return [...told, ...this.#status(thought, view, nowMs), ...this.#rest(nowMs, busyMs)];
  }

  /** Marks nodes that are not needed any more. */
  #shrink(
    thought: Thought,
    { emptied = [], placements = [] }: SimulateResponse,
    view: View,
    nowMs: number,
    wallMs: number,
  ): Action[] {
    const { picture, candidates } = thought;
    const memory = this.#memory;
    const found = unneededOf(candidates, emptied, memory.unneeded, nowMs);
    const isComing = picture.groups.some(({ coming }) => coming > 0);
    // Pods and headroom may have been promised room on nodes that do not come.
    const sure = isComing ? found.filter((candidate) => isIdle(candidate, placements)) : found;
    const times = memory.removals.timesMs(nowMs);
    const going = memory.isCoolingDown(this.#settings, nowMs)
      ? []
      : nodesToRemove(ripeOf(sure, memory.unneeded, memory.regrets, nowMs), picture, this.#settings, times, nowMs);
    for (const { group, moving } of going) {
      const owners = moving.flatMap((pod) => controllerOf(pod)?.uid ?? []);
      memory.regrets.removed(group.snapshot.id, owners, wallMs, nowMs);
    }
    if (going.length > 0) {
      memory.lastDeleteMs = nowMs;
      memory.removals.add(going.length, wallMs, nowMs);
    }
    const silent =
      this.#settings.scaleDownEnabled && thought.problem === undefined
        ? silentToRemove(picture, this.#settings, memory.silent, nowMs)
        : [];
    const status = statusIn(view);
    return [
      ...silent.map((node): Action => ({ type: 'update', object: markedLeaving(node, wallMs) })),
      ...going.flatMap((candidate): Action[] => [
        { type: 'update', object: markedLeaving(candidate.member.node, wallMs) },
        ...leaves(candidate, status),
      ]),
      ...softTaints(found, [...going.map(({ member }) => member.node), ...silent], picture, this.#settings, wallMs),
    ];
  }

  #status({ picture, problem, candidates }: Thought, view: View, nowMs: number): Action[] {
    const { notes, removals, regrets, backoff, unneeded } = this.#memory;
    const counts = new Map<string, number>();
    for (const { group, member } of candidates) {
      const { id } = group.snapshot;
      if (unneeded.ageMs(member.node.metadata.uid!, nowMs) !== undefined) counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    const ids = picture.groups.filter(({ coming, snapshot }) => coming > 0 || notes.has(snapshot.id));
    const growing = new Set(ids.map(({ snapshot }) => snapshot.id));
    const text = statusText(picture, { problem, growing, candidates: counts, backoff, regrets, nowMs });
    removals.timesMs(nowMs);
    return statusWrite(statusIn(view), text, {
      [notesAnnotation]: notes.text,
      [removalsAnnotation]: removals.text,
      [regretsAnnotation]: regrets.text,
    });
  }

  #restAfter({ groups }: Picture, nowMs: number): Action[] {
    const isBusy = groups.some(({ coming, nodes }) => coming > 0 || nodes.some(({ isLeaving }) => isLeaving));
    const { scanIntervalMs } = this.#settings;
    return this.#rest(nowMs, isBusy || !this.#memory.notes.isEmpty ? Math.min(busyMs, scanIntervalMs) : scanIntervalMs);
  }

  #rest(nowMs: number, afterMs: number): Action[] {
    this.#stage = { type: 'rest', untilMs: nowMs + afterMs };
    return [{ type: 'requeue', afterMs }];
  }
}

/** Nodes whose machines may be gone, as many as are asked about in a round. */
function doubtfulIn(view: View): ProviderNode[] {
  const silent = [...view.list('Node')].filter((node) => node.spec?.providerID && !isReady(node));
  return silent.slice(0, mostDoubtful).map(providerNode);
}

function simulation(request: SimulateRequest, marked: readonly EmptiedNode[], candidates: readonly Candidate[]): Call {
  const emptied = candidates.map(({ member, moving }) => {
    return { nodeName: member.node.metadata.name, podUids: moving.map(({ metadata }) => metadata.uid!) };
  });
  return { type: 'simulate', request: { ...request, emptied: [...marked, ...emptied] } };
}

function statusIn(view: View): ConfigMap | undefined {
  return view.get('ConfigMap', statusNamespace, statusName);
}

/** Writes on nodes that have registered which group they are of. */
function namesOf({ groups }: Picture): Action[] {
  const unnamed = groups.flatMap(({ snapshot, nodes }) =>
    nodes
      .filter(({ node }) => node.metadata.annotations?.[groupAnnotation] !== snapshot.id)
      .map(({ node }) => ({ node, id: snapshot.id })),
  );
  return unnamed.slice(0, mostNamed).map(({ node, id }): Action => ({ type: 'update', object: named(node, id) }));
}

function named(node: Node, id: string): Node {
  const annotations = { ...node.metadata.annotations, [groupAnnotation]: id };
  return { ...node, metadata: { ...node.metadata, annotations } };
}

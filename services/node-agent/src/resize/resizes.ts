import { type Amounts, amountsOf } from '@gantry/model/amounts.ts';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { pendingReasons, resizeConditions } from '@gantry/model/kinds/pod/allocated.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { toGantryError } from '@gantry/runtime/errors.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import type { RecordPodEvent } from '../pods/events.ts';
import { keys } from '../pods/labels.ts';
import { podKey, podUid } from '../pods/spec.ts';
import type { ObservedContainer, ObservedSandbox } from '../runtime/runtime.ts';
import { compareWaiting, judgeResize, type Refusal } from './judge.ts';
import { resizeEvents, resizeMessage } from './messages.ts';
import {
  type Allocation,
  allocationOf,
  effectiveShare,
  type Share,
  sameAllocation,
  sameShare,
  shareOf,
  withAllocation,
} from './shares.ts';
import type { ResizeRecords } from './state-file.ts';

/** The stage of a pod's resize. */
export interface ResizeState {
  /** A resize that the spec asks for and that was not begun. */
  readonly pending: (Refusal & { readonly generation: number }) | undefined;
  /** A resize that is being carried out. */
  readonly underWay:
    | {
        readonly generation: number;
        readonly error: string | undefined;
        /** All was done but for containers that restart. */
        readonly isApplied: boolean;
      }
    | undefined;
  /** The shares by which running containers are held, by container id. */
  readonly inForce: ReadonlyMap<string, Share>;
  /** The share by which the pod as a whole is held, while that is not the one that is set aside for it. */
  readonly whole: Share | undefined;
}

/** A pod that was never resized. */
export const noResize: ResizeState = { pending: undefined, underWay: undefined, inForce: new Map(), whole: undefined };

/** Dependencies of resizes. */
export interface ResizesDeps {
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Logger;
  readonly records: ResizeRecords;
  readonly recordEvent: RecordPodEvent;
  readonly allocatable: Readonly<Record<string, string>>;
  /** Makes the worker of a pod decide again. */
  readonly wake: (uid: string) => void;
}

interface Entry {
  /** The pod as the api has it. */
  wanted: Pod;
  /** The same with what is set aside for it. */
  pod: Pod;
  allocated: Allocation;
  inForce: Map<string, Share>;
  whole: Share | undefined;
  pending: (Refusal & { readonly generation: number; readonly sinceMs: number }) | undefined;
  underWay: { generation: number; error: string | undefined; isApplied: boolean } | undefined;
  /** It ended: nothing is set aside for it. */
  isOver: boolean;
}

/**
 * The resources that are set aside for the node's pods. A pod keeps what it was started with until the node has room for what it is resized to;
 * those that wait are judged anew whenever room may have come.
 */
export class PodResizes {
  readonly #deps: ResizesDeps;
  readonly #allocatable: Amounts;
  readonly #entries = new Map<string, Entry>();
  /** All pods of the node are known: until then nobody can tell how much room there is. */
  #isReady = false;

  constructor(deps: ResizesDeps) {
    this.#deps = deps;
    this.#allocatable = amountsOf(deps.allocatable);
  }

  /** Takes note of a pod as it is, and tells what is set aside for it and how its resize stands. */
  look(wanted: Pod, sandboxes: readonly ObservedSandbox[]): { readonly pod: Pod; readonly resize: ResizeState } {
    const uid = podUid(wanted);
    const running = sandboxes
      .filter(({ ready }) => ready)
      .flatMap(({ containers }) => containers)
      .filter(isRunning);
    const known = this.#entries.get(uid);
    const entry = known ?? this.#admit(wanted, running);
    const isNews = known === undefined || entry.wanted.metadata.generation !== wanted.metadata.generation;
    if (known === undefined || entry.wanted !== wanted) {
      entry.wanted = wanted;
      entry.pod = withAllocation(wanted, entry.allocated);
    }
    this.#noteInForce(entry, running);
    if (isNews && !entry.isOver) this.#newGeneration(entry);
    this.#noteCompletion(uid, entry, running);
    const { pending, underWay, inForce, whole, pod } = entry;
    return { pod, resize: { pending, underWay, inForce, whole } };
  }

  /** The pod with what is set aside for it. */
  allocated(wanted: Pod): Pod {
    const entry = this.#entries.get(podUid(wanted));
    if (entry === undefined) return wanted;
    return entry.wanted === wanted ? entry.pod : withAllocation(wanted, entry.allocated);
  }

  /** The shares by which the running containers of a pod are held, by container id. */
  inForceOf(uid: string): ReadonlyMap<string, Share> {
    return this.#entries.get(uid)?.inForce ?? new Map();
  }

  /** A container is held by another share now. */
  applied(uid: string, containerId: string, share: Share): void {
    const entry = this.#entries.get(uid);
    if (entry === undefined) return;
    entry.inForce.set(containerId, share);
    this.#write(uid, entry);
  }

  /** All of a resize was carried out that needs no restart of a container. */
  finished(uid: string, generation: number): void {
    const entry = this.#entries.get(uid);
    if (entry?.underWay?.generation !== generation) return;
    entry.underWay.isApplied = true;
    entry.underWay.error = undefined;
    entry.whole = undefined;
  }

  /** A resize could not be carried out; it is tried again. */
  failed(uid: string, message: string): void {
    const entry = this.#entries.get(uid);
    if (entry?.underWay === undefined || entry.underWay.error === message) return;
    entry.underWay.error = message;
    const text = resizeMessage('Pod resize error', entry.pod, entry.underWay.generation, message);
    this.#deps.recordEvent(entry.pod, 'Warning', resizeEvents.error, text);
  }

  /** A pod is over: what it had is there for others. */
  release(uid: string): void {
    const entry = this.#entries.get(uid);
    if (entry === undefined || entry.isOver) return;
    entry.isOver = true;
    entry.pending = undefined;
    entry.underWay = undefined;
    this.retry();
  }

  /** A pod is gone. */
  forget(uid: string): void {
    this.release(uid);
    this.#entries.delete(uid);
  }

  /** All pods of the node are known from now on. */
  start(): void {
    this.#isReady = true;
    this.retry();
  }

  /** Judges anew all resizes that wait for room. */
  retry(): void {
    if (!this.#isReady) return;
    const waiting = [...this.#entries]
      .filter(([, { pending }]) => pending?.reason === pendingReasons.deferred)
      .map(([uid, { wanted, pod, pending }]) => ({ uid, wanted, allocated: pod, sinceMs: pending!.sinceMs }))
      .sort(compareWaiting);
    for (const { uid } of waiting) this.#judge(uid, this.#entries.get(uid)!);
  }

  #admit(wanted: Pod, running: readonly ObservedContainer[]): Entry {
    const uid = podUid(wanted);
    const record = this.#deps.records.read(uid);
    const started = Object.fromEntries(
      running.flatMap((container) => {
        const share = ownShareAtStart(container);
        return share === undefined ? [] : [[container.name, share] as const];
      }),
    );
    const inSpec = allocationOf(wanted);
    const allocated = record?.allocated ?? { ...inSpec, containers: { ...inSpec.containers, ...started } };
    const { underWay } = record ?? {};
    const entry: Entry = {
      wanted,
      allocated,
      pod: withAllocation(wanted, allocated),
      inForce: new Map(Object.entries(record?.inForce ?? {})),
      whole: record?.whole,
      pending: undefined,
      underWay: underWay === undefined ? undefined : { generation: underWay, error: undefined, isApplied: false },
      isOver: wanted.status?.phase === 'Succeeded' || wanted.status?.phase === 'Failed',
    };
    this.#entries.set(uid, entry);
    return entry;
  }

  /** Containers are held by what they were made with until they are resized. */
  #noteInForce(entry: Entry, running: readonly ObservedContainer[]): void {
    for (const container of running) {
      if (entry.inForce.has(container.id)) continue;
      entry.inForce.set(container.id, shareAtStart(container, entry.pod) ?? effectiveOf(entry.pod, container.name));
    }
    if (entry.inForce.size <= running.length) return;
    const ids = new Set(running.map(({ id }) => id));
    for (const id of entry.inForce.keys()) if (!ids.has(id)) entry.inForce.delete(id);
  }

  #newGeneration(entry: Entry): void {
    if (sameAllocation(entry.allocated, allocationOf(entry.wanted))) {
      entry.pending = undefined;
      return;
    }
    const generation = entry.wanted.metadata.generation ?? 0;
    const told = entry.wanted.status?.conditions?.find(({ type }) => type === resizeConditions.pending);
    const sinceMs = entry.pending?.sinceMs ?? (Date.parse(told?.lastTransitionTime ?? '') || this.#deps.clock.now());
    entry.pending ??= { reason: pendingReasons.deferred, message: told?.message ?? '', generation, sinceMs };
    entry.pending = { ...entry.pending, reason: pendingReasons.deferred, generation };
    this.retry();
  }

  #judge(uid: string, entry: Entry): void {
    const { wanted, pod } = entry;
    const others = [...this.#entries]
      .filter(([other, { isOver }]) => other !== uid && !isOver)
      .map(([, each]) => each.pod);
    const refusal = judgeResize(wanted, pod, others, this.#allocatable);
    if (refusal === undefined) this.#begin(uid, entry);
    else this.#refuse(entry, refusal);
  }

  #begin(uid: string, entry: Entry): void {
    const { wanted } = entry;
    const generation = wanted.metadata.generation ?? 0;
    entry.whole ??= entry.allocated.pod;
    entry.allocated = allocationOf(wanted);
    entry.pod = wanted;
    entry.pending = undefined;
    entry.underWay = { generation, error: undefined, isApplied: false };
    this.#write(uid, entry);
    const text = resizeMessage('Pod resize started', wanted, generation);
    this.#deps.recordEvent(wanted, 'Normal', resizeEvents.started, text);
    this.#deps.wake(uid);
  }

  #refuse(entry: Entry, { reason, message }: Refusal): void {
    const { wanted, pending } = entry;
    const generation = wanted.metadata.generation ?? 0;
    const told = wanted.status?.conditions?.find(({ type }) => type === resizeConditions.pending);
    const isKnown =
      (pending?.reason === reason && pending.message === message) ||
      (told?.reason === reason && told.message === message && told.observedGeneration === generation);
    entry.pending = { reason, message, generation, sinceMs: pending?.sinceMs ?? this.#deps.clock.now() };
    if (isKnown) return;
    const event = reason === pendingReasons.infeasible ? resizeEvents.infeasible : resizeEvents.deferred;
    const text = resizeMessage(`Pod resize ${reason}`, wanted, generation, message);
    this.#deps.recordEvent(wanted, 'Warning', event, text);
    this.#deps.wake(podUid(wanted));
  }

  #noteCompletion(uid: string, entry: Entry, running: readonly ObservedContainer[]): void {
    const { underWay, pod } = entry;
    if (underWay === undefined || !underWay.isApplied) return;
    const isDone = running.every(({ id, name }) => sameShare(entry.inForce.get(id)!, effectiveOf(pod, name)));
    if (!isDone) return;
    entry.underWay = undefined;
    this.#write(uid, entry);
    const text = resizeMessage('Pod resize completed', pod, underWay.generation);
    this.#deps.recordEvent(pod, 'Normal', resizeEvents.completed, text);
    // The pod may have given up room that others wait for.
    this.retry();
  }

  #write(uid: string, { allocated, inForce, whole, underWay, pod }: Entry): void {
    try {
      const record = { allocated, inForce: Object.fromEntries(inForce), ...(whole && { whole }) };
      this.#deps.records.write(uid, underWay === undefined ? record : { ...record, underWay: underWay.generation });
    } catch (error) {
      this.#deps.log.error({ error: toGantryError(error), pod: podKey(pod) }, 'a resize could not be written down');
    }
  }
}

function isRunning({ state }: ObservedContainer): boolean {
  return state.kind === 'running';
}

/** The share that a container was made with, by its annotation; undefined for one of an agent that wrote none. */
function ownShareAtStart({ annotations }: ObservedContainer): Share | undefined {
  const text = annotations[keys.share];
  return text === undefined ? undefined : (JSON.parse(text) as Share);
}

function shareAtStart(container: ObservedContainer, { spec }: Pod): Share | undefined {
  const share = ownShareAtStart(container);
  return share && { ...share, limits: { ...shareOf(spec.resources).limits, ...share.limits } };
}

function effectiveOf(pod: Pod, name: string): Share {
  const container = [...(pod.spec.initContainers ?? []), ...pod.spec.containers].find((each) => each.name === name);
  return container === undefined ? { requests: {}, limits: {} } : effectiveShare(pod, container);
}

import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import type { Action } from '../pods/action.ts';
import type { Rejection } from '../pods/admission.ts';
import { containerHash, keys } from '../pods/labels.ts';
import { newMemory, type PodMemory, retryWaits } from '../pods/memory.ts';
import { began, ended, exitsNoted, type Outcome } from '../pods/memory-update.ts';
import { plannedContainers } from '../pods/spec.ts';
import { step } from '../pods/step.ts';
import type { PodView, ProbeVerdict } from '../pods/view.ts';
import { noResize, type ResizeState } from '../resize/resizes.ts';
import type { ContainerState, ObservedContainer, ObservedSandbox } from '../runtime/runtime.ts';

/** A pod with one main container, or with what is given. */
export function podOf(spec: Partial<NonNullable<Pod['spec']>> = {}, metadata: Partial<Pod['metadata']> = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'default', uid: 'uid-1', ...metadata },
    spec: { nodeName: 'node-1', containers: [{ name: 'web', image: 'busybox' }], ...spec },
  } as Pod;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** One pod and a runtime that exists in memory only: carries out what the state machine asks for, one action at a time. */
export class PodWorld {
  pod: Pod;
  removed = false;
  rejection: Rejection | undefined;
  resize: ResizeState = noResize;
  nowMs = Date.parse('2026-01-01T00:00:00Z');
  memory: PodMemory;
  sandboxes: Mutable<ObservedSandbox>[] = [];
  verdicts = new Map<string, ProbeVerdict>();
  underWay: Action[] = [];
  /** Every container start, in order, as name/attempt. */
  readonly starts: string[] = [];
  #ids = 0;

  /** How far the wall clock was stepped from the monotonic one, in milliseconds. */
  #steppedMs = 0;

  constructor(pod: Pod) {
    this.pod = pod;
    this.memory = newMemory(this.nowMs);
  }

  get monotonicMs(): number {
    return this.nowMs - this.#steppedMs;
  }

  /** Steps the wall clock alone. */
  stepWall(ms: number): void {
    this.nowMs += ms;
    this.#steppedMs += ms;
  }

  view(): PodView {
    this.memory = exitsNoted(this.memory, this.sandboxes, this.monotonicMs);
    return {
      pod: this.pod,
      previous: this.pod.status,
      removed: this.removed,
      sandboxes: structuredClone(this.sandboxes),
      memory: this.memory,
      verdict: (id) => this.verdicts.get(id),
      terminationMessage: () => '',
      rejection: this.rejection,
      resize: this.resize,
      nowMs: this.nowMs,
      monotonicMs: this.monotonicMs,
    };
  }

  /** Asks for the next actions and puts them under way. */
  decide(): readonly Action[] {
    const { actions } = step(this.view());
    for (const action of actions) {
      if (action.kind === 'abort') continue;
      this.underWay = this.underWay.filter(
        (other) =>
          !(
            action.kind === 'stopContainer' &&
            other.kind === 'stopContainer' &&
            other.containerId === action.containerId
          ),
      );
      this.memory = began(this.memory, action, this.monotonicMs);
      this.underWay.push(action);
    }
    return actions;
  }

  /** Brings one action that is under way to its end. */
  finish(action: Action, outcome: Outcome['kind'] = 'done'): void {
    this.underWay = this.underWay.filter((other) => other !== action);
    if (outcome === 'done') this.carryOut(action);
    const result: Outcome =
      outcome === 'failed'
        ? { kind: 'failed', reason: 'Error', message: 'it failed', waits: retryWaits.create }
        : { kind: outcome };
    this.memory = ended(this.memory, action, result, this.monotonicMs);
  }

  /** Decides and carries out until there is nothing more to do now. Throws when that never comes. */
  settle(): void {
    for (let turn = 0; turn < 200; turn++) {
      const actions = this.decide();
      if (this.underWay.length === 0 && actions.length === 0) return;
      for (const action of [...this.underWay]) this.finish(action);
    }
    throw new Error('the pod never settles');
  }

  /** The effect of an action on the runtime. */
  carryOut(action: Action): void {
    switch (action.kind) {
      case 'startSandbox':
        this.sandboxes.push(this.#sandbox(action.attempt));
        return;
      case 'stopSandbox':
        this.killSandbox(action.sandboxId);
        return;
      case 'removeSandbox':
        this.sandboxes = this.sandboxes.filter(({ id }) => id !== action.sandboxId);
        return;
      case 'startContainer':
        this.#startContainer(action);
        return;
      case 'stopContainer':
        this.exit(action.containerId, 143);
        return;
      case 'removeContainer':
        for (const sandbox of this.sandboxes) {
          sandbox.containers = sandbox.containers.filter(({ id }) => id !== action.containerId);
        }
        return;
      default:
    }
  }

  containers(): ObservedContainer[] {
    return this.sandboxes.flatMap((sandbox) => sandbox.containers);
  }

  running(): ObservedContainer[] {
    return this.containers().filter(({ state }) => state.kind === 'running');
  }

  /** The newest instance of a container. */
  newest(name: string): ObservedContainer | undefined {
    return this.containers().findLast((container) => container.name === name);
  }

  exit(id: string, exitCode: number): void {
    this.#replace(id, (container) => {
      if (container.state.kind !== 'running') return container.state;
      const { startedAtMs } = container.state;
      return {
        kind: 'exited',
        exitCode,
        reason: exitCode === 0 ? 'Completed' : 'Error',
        message: '',
        startedAtMs,
        finishedAtMs: this.nowMs,
      };
    });
  }

  killSandbox(id: string): void {
    const sandbox = this.sandboxes.find((candidate) => candidate.id === id);
    if (sandbox === undefined) return;
    for (const container of sandbox.containers) this.exit(container.id, 137);
    sandbox.ready = false;
    sandbox.ips = [];
  }

  /** The agent's process was killed and another one started: what was under way is forgotten. */
  restartAgent(): void {
    this.underWay = [];
    this.memory = newMemory(this.nowMs);
    this.verdicts.clear();
  }

  #sandbox(attempt: number): Mutable<ObservedSandbox> {
    return {
      id: `s${++this.#ids}`,
      podUid: this.pod.metadata.uid ?? '',
      namespace: this.pod.metadata.namespace ?? '',
      name: this.pod.metadata.name ?? '',
      attempt,
      ready: true,
      createdAtMs: this.nowMs,
      ips: ['10.244.0.5'],
      labels: {},
      annotations: {},
      containers: [],
    };
  }

  #startContainer(action: Extract<Action, { kind: 'startContainer' }>): void {
    this.starts.push(`${action.name}/${action.attempt}`);
    const running: ContainerState = { kind: 'running', startedAtMs: this.nowMs };
    if (action.createdId !== undefined) {
      this.#replace(action.createdId, () => running);
      return;
    }
    const sandbox = this.sandboxes.find(({ id }) => id === action.sandboxId);
    if (!sandbox?.ready) return;
    const planned = plannedContainers(this.pod).find(({ name }) => name === action.name)!;
    const container: ObservedContainer = {
      id: `c${++this.#ids}`,
      sandboxId: sandbox.id,
      name: action.name,
      attempt: action.attempt,
      image: planned.spec.image ?? '',
      imageId: 'sha256:1',
      createdAtMs: this.nowMs,
      state: running,
      logPath: '/dev/null',
      labels: { [keys.containerHash]: containerHash(planned.spec), [keys.role]: planned.role },
      annotations: action.delayMs === undefined ? {} : { [keys.restartDelayMs]: String(action.delayMs) },
    };
    sandbox.containers = [...sandbox.containers, container];
  }

  #replace(id: string, stateOf: (container: ObservedContainer) => ContainerState): void {
    for (const sandbox of this.sandboxes) {
      sandbox.containers = sandbox.containers.map((c) => (c.id === id ? { ...c, state: stateOf(c) } : c));
    }
  }
}

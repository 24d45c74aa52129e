import type { Pod, PodStatus } from '@gantry/model/gen/gantry.core.v1.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { toGantryError } from '@gantry/runtime/errors.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import { contain } from '../contain.ts';
import type { PodResizes } from '../resize/resizes.ts';
import type { ObservedSandbox } from '../runtime/runtime.ts';
import { type Action, keyOf } from './action.ts';
import type { Rejection } from './admission.ts';
import { newMemory, type PodMemory, retryWaits } from './memory.ts';
import { began, ended, exitsNoted, type Outcome } from './memory-update.ts';
import { podKey, podUid } from './spec.ts';
import { type NodeFacts, statusOf } from './status.ts';
import { step } from './step.ts';
import { isGone } from './step-end.ts';
import type { PodView } from './view.ts';

/** Timers take at most 2^31 milliseconds; deciding once an hour for nothing harms nobody. */
const longestSleepMs = 3_600_000;

/** The pod and the sandboxes that an action concerns. */
export interface ActionContext {
  readonly pod: Pod;
  /** As of the last observation. */
  readonly sandboxes: readonly ObservedSandbox[];
}

/** Dependencies of a worker. */
export interface WorkerDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly node: NodeFacts;
  /** Carries an action out. Never rejects for what can go wrong with a pod. */
  readonly execute: (action: Action, context: ActionContext, signal: AbortSignal) => Promise<Outcome>;
  /** Sandboxes of a pod as of the last observation; undefined before the first. */
  readonly sandboxesOf: (uid: string) => readonly ObservedSandbox[] | undefined;
  /** Resolves after an observation that began after the call. */
  readonly refresh: () => Promise<unknown>;
  /** Tells what is set aside for a pod, and how its resize stands. */
  readonly resizes: Pick<PodResizes, 'look' | 'allocated'>;
  readonly verdict: PodView['verdict'];
  readonly terminationMessage: PodView['terminationMessage'];
  /** The node's refusal to run a pod; undefined if it runs it. */
  readonly rejectionOf: (pod: Pod) => Rejection | undefined;
  /** Called before each decision, to probe the running containers. */
  readonly onObserved: (view: PodView) => void;
  /** Called after each decision, to report the status. */
  readonly onDecided: (view: PodView, status: PodStatus, before: PodStatus | undefined, gone: boolean) => void;
  /** Called when a decision threw: the pod stays as it is until the next attempt. */
  readonly onDecisionFailed: (pod: Pod, message: string) => void;
}

/** Decisions that threw, in a row. */
interface DecisionFailure {
  readonly failures: number;
  /** On the monotonic clock. */
  readonly retryAtMs: number;
}

/** The control loop of one pod: observes, decides, carries the actions out, and observes again. */
export class PodWorker implements AsyncDisposable {
  readonly uid: string;
  readonly #deps: WorkerDeps;
  readonly #stop = new AbortController();
  readonly #controllers = new Map<string, AbortController>();
  readonly #running = new Set<Promise<void>>();
  #pod: Pod;
  #removed = false;
  #memory: PodMemory;
  #status: PodStatus | undefined;
  #timer: AbortController | undefined;
  #failure: DecisionFailure | undefined;
  #woken = false;
  #finished = false;

  constructor(pod: Pod, deps: WorkerDeps) {
    this.uid = podUid(pod);
    this.#pod = pod;
    this.#deps = deps;
    this.#memory = newMemory(deps.clock.now());
    this.#status = pod.status?.containerStatuses === undefined ? undefined : pod.status;
  }

  /** The pod with the resources that are set aside for it. */
  get pod(): Pod {
    return this.#deps.resizes.allocated(this.#pod);
  }

  /** The status as it was worked out last. */
  get status(): PodStatus | undefined {
    return this.#status;
  }

  /** The pod's object is gone and nothing of it is left on the node. */
  get isFinished(): boolean {
    return this.#finished;
  }

  /** The pod's object changed. */
  update(pod: Pod): void {
    this.#pod = pod;
    this.wake();
  }

  /** The pod's object is gone. */
  remove(): void {
    this.#removed = true;
    this.wake();
  }

  /** Ends the pod as failed, with the reason Evicted. */
  evict(message: string): void {
    this.#memory = { ...this.#memory, eviction: { message } };
    this.wake();
  }

  /** Tries again without back-off, because a missing ConfigMap or Secret may exist now. */
  retryConfig(): void {
    const troubles = [...this.#memory.troubles].filter(
      ([, { reason }]) => reason !== 'CreateContainerConfigError' && reason !== 'FailedMount',
    );
    if (troubles.length === this.#memory.troubles.size) return;
    this.#memory = { ...this.#memory, troubles: new Map(troubles) };
    this.wake();
  }

  /** Decides again soon; any number of calls makes one decision. After a decision that threw, not before its backoff is over. */
  wake(): void {
    if (this.#woken || this.#stop.signal.aborted || this.#backsOff()) return;
    this.#woken = true;
    queueMicrotask(() => {
      this.#woken = false;
      if (!this.#stop.signal.aborted) this.#decideContained();
    });
  }

  #backsOff(): boolean {
    return this.#failure !== undefined && this.#failure.retryAtMs > this.#deps.clock.monotonic();
  }

  /** Decides. An exception costs this pod a wait, and nobody else anything. */
  #decideContained(): void {
    const { clock, log } = this.#deps;
    try {
      this.#decide();
      this.#failure = undefined;
    } catch (error) {
      const failures = (this.#failure?.failures ?? 0) + 1;
      const { initialMs, maxMs } = retryWaits.create;
      const waitMs = Math.min(maxMs, initialMs * 2 ** Math.min(failures - 1, 20));
      this.#failure = { failures, retryAtMs: clock.monotonic() + waitMs };
      log.error({ error, pod: podKey(this.#pod), retryInMs: waitMs }, 'the decision about a pod failed');
      this.#sleep(waitMs);
      contain(log, 'the report of a failed decision', () =>
        this.#deps.onDecisionFailed(this.#pod, toGantryError(error).message),
      );
    }
  }

  /** Leaves the pod as it is: its containers go on running. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#timer?.abort();
    for (const controller of this.#controllers.values()) controller.abort();
    await Promise.all(this.#running);
  }

  #view(sandboxes: readonly ObservedSandbox[]): PodView {
    const { pod, resize } = this.#deps.resizes.look(this.#pod, sandboxes);
    return {
      pod,
      resize,
      previous: this.#status ?? this.#pod.status,
      removed: this.#removed,
      sandboxes,
      memory: this.#memory,
      verdict: this.#deps.verdict,
      terminationMessage: this.#deps.terminationMessage,
      rejection: this.#deps.rejectionOf(this.#pod),
      nowMs: this.#deps.clock.now(),
      monotonicMs: this.#deps.clock.monotonic(),
    };
  }

  #decide(): void {
    const sandboxes = this.#deps.sandboxesOf(this.uid);
    if (sandboxes === undefined) return;
    this.#memory = exitsNoted(this.#memory, sandboxes, this.#deps.clock.monotonic());
    const observed = this.#view(sandboxes);
    this.#deps.onObserved(observed);
    const decision = step(observed);
    for (const action of decision.actions) this.#begin(action, sandboxes);
    const view = this.#view(sandboxes);
    const before = this.#status;
    this.#status = statusOf(view, this.#deps.node);
    const gone = isGone(view);
    this.#finished = gone && this.#removed;
    this.#deps.onDecided(view, this.#status, before, gone);
    this.#wakeAt(decision.wakeAtMs);
  }

  #begin(action: Action, sandboxes: readonly ObservedSandbox[]): void {
    if (action.kind === 'abort') {
      this.#controllers.get(action.key)?.abort();
      return;
    }
    this.#memory = began(this.#memory, action, this.#deps.clock.monotonic());
    const key = keyOf(action);
    this.#controllers.get(key)?.abort();
    const controller = new AbortController();
    this.#controllers.set(key, controller);
    const run = this.#carryOut(action, controller, sandboxes)
      .catch((error: unknown) => this.#deps.log.error({ error, action: action.kind }, 'an action was lost'))
      .finally(() => this.#running.delete(run));
    this.#running.add(run);
  }

  async #carryOut(action: Action, controller: AbortController, sandboxes: readonly ObservedSandbox[]): Promise<void> {
    const { execute, refresh, clock, log } = this.#deps;
    let outcome: Outcome;
    try {
      outcome = await execute(action, { pod: this.pod, sandboxes }, controller.signal);
      // Only what is seen counts: nothing is decided on what the runtime looked like before this.
      if (changesRuntime(action)) await refresh();
    } catch (error) {
      log.error({ error, pod: podKey(this.#pod), action: action.kind }, 'an action failed in an unforeseen way');
      outcome = {
        kind: 'failed',
        reason: 'InternalError',
        message: toGantryError(error).message,
        waits: retryWaits.create,
      };
    }
    const key = keyOf(action);
    if (this.#controllers.get(key) !== controller) return;
    this.#controllers.delete(key);
    this.#memory = ended(this.#memory, action, outcome, clock.monotonic());
    this.wake();
  }

  #wakeAt(atMs: number): void {
    this.#timer?.abort();
    this.#timer = undefined;
    if (atMs !== Number.POSITIVE_INFINITY) this.#sleep(Math.max(1, atMs - this.#deps.clock.monotonic()));
  }

  #sleep(ms: number): void {
    this.#timer?.abort();
    const timer = new AbortController();
    this.#timer = timer;
    this.#deps.clock.sleep(Math.min(longestSleepMs, ms), timer.signal).then(
      () => this.wake(),
      () => {},
    );
  }
}

function changesRuntime(action: Action): boolean {
  return !['prepareVolumes', 'cleanUp', 'markFailed', 'resize'].includes(action.kind);
}

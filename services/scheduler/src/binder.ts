import type { CallOptions, ItemResult } from '@gantry/client/api.ts';
import type { Binding, EvictRequest, UnschedulablePod } from '@gantry/client/object-messages.ts';
import { isError, toGantryError } from '@gantry/runtime/errors.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import type { Placement, Waiting } from './decisions.ts';
import type { Eviction } from './preempt/nominations.ts';
import type { QueuedPod } from './queue/scheduling-queue.ts';
import type { PodRecord } from './state/pod-class.ts';

/** Most bindings that the api takes in one call. */
const maxBatch = 1_024;
/** Evictions under way at once. */
const maxEvictors = 16;

/** The calls that carry decisions out. */
export interface SchedulingCalls {
  bind(bindings: readonly Binding[], scheduler: string, options?: CallOptions): Promise<ItemResult[]>;
  reportUnschedulable(
    pods: readonly UnschedulablePod[],
    scheduler: string,
    options?: CallOptions,
  ): Promise<ItemResult[]>;
  evict(request: EvictRequest, options?: CallOptions): Promise<void>;
}

export interface BinderOptions {
  readonly calls: SchedulingCalls;
  /** Name under which the api records what is done. */
  readonly name: string;
  /** Batches of bindings under way at once; beyond, decisions wait. */
  readonly maxInFlight: number;
  readonly timeoutMs: number;
  readonly onBound: (entry: QueuedPod) => void;
  /** The api refused it, or did not answer: where the pod was bound all the same, its next state says so. */
  readonly onRefused: (entry: QueuedPod, result: Pick<ItemResult, 'reason' | 'message'>) => void;
  /** The api did not take an eviction. */
  readonly onEvictionRefused: (victim: PodRecord) => void;
  readonly log: Logger;
}

/** The part of the api's answer about a binding that matters here; code 0 means that it was taken. */
type Answer = Pick<ItemResult, 'code' | 'reason' | 'message'>;

/** Carries decisions out: binds in batches, a bounded number at a time, and says of pods that wait why. */
export class Binder {
  readonly #options: BinderOptions;
  readonly #underWay = new Set<Promise<void>>();
  readonly #evictions: Eviction[] = [];
  readonly #evictors = new Set<Promise<void>>();
  #reports: Waiting[] = [];
  /** At most one. */
  readonly #reporters = new Set<Promise<void>>();

  constructor(options: BinderOptions) {
    this.#options = options;
  }

  /** Batches under way. */
  get inFlight(): number {
    return this.#underWay.size;
  }

  /** Resolves when one more batch may be sent. */
  async ready(): Promise<void> {
    while (this.#underWay.size >= this.#options.maxInFlight) await Promise.race(this.#underWay);
  }

  /** Sends bindings. */
  bind(placements: readonly Placement[], signal: AbortSignal): void {
    for (const batch of batchesFor(placements)) this.#track(this.#underWay, this.#bindBatch(batch, signal));
  }

  /** Evicts pods, a bounded number at a time. */
  evict(evictions: readonly Eviction[], signal: AbortSignal): void {
    this.#evictions.push(...evictions);
    while (this.#evictors.size < maxEvictors && this.#evictions.length > 0) {
      this.#track(this.#evictors, this.#evictAll(signal));
    }
  }

  /** Tells why pods wait. One call is under way at a time; what is said meanwhile of the same pod replaces older words. */
  report(waiting: readonly Waiting[], signal: AbortSignal): void {
    this.#reports.push(...waiting);
    if (this.#reports.length === 0) return;
    if (this.#reporters.size === 0) this.#track(this.#reporters, this.#sendReports(signal));
  }

  /** Resolves when nothing is under way. */
  async settled(): Promise<void> {
    await Promise.all([...this.#underWay, ...this.#evictors, ...this.#reporters]);
  }

  /** Keeps a task among those under way until it ends. Nobody awaits it, so that its failure is logged here. */
  #track(underWay: Set<Promise<void>>, task: Promise<void>): void {
    const tracked = task
      .catch((error) => this.#options.log.error({ error }, 'carrying out decisions failed'))
      .finally(() => underWay.delete(tracked));
    underWay.add(tracked);
  }

  async #bindBatch(batch: readonly Placement[], signal: AbortSignal): Promise<void> {
    const { calls, name, timeoutMs, onBound, onRefused } = this.#options;
    const bindings = batch.map(({ entry: { pod }, nodeName, gang }) => {
      const { namespace, name: podName, uid, devices } = pod;
      const binding = { namespace, name: podName, uid, nodeName, gpuDevices: devices };
      return gang === undefined ? binding : { ...binding, gang };
    });
    const results = await this.#answersTo(batch, () => calls.bind(bindings, name, { signal, timeoutMs }), signal);
    for (const [index, { entry }] of batch.entries()) {
      const result = results[index] ?? { code: -1, reason: 'InternalError', message: 'the api gave no result' };
      this.#contained(entry.pod, () => (result.code === 0 ? onBound(entry) : onRefused(entry, result)));
    }
  }

  /** The api's answer for each binding of a batch; where there is none, a refusal of each that says why. */
  async #answersTo(
    batch: readonly Placement[],
    call: () => Promise<readonly Answer[]>,
    signal: AbortSignal,
  ): Promise<readonly Answer[]> {
    try {
      return await call();
    } catch (error) {
      const { reason, message } = toGantryError(error);
      if (!signal.aborted) this.#options.log.warn({ reason, pods: batch.length }, `binding failed: ${message}`);
      return batch.map(() => ({ code: -1, reason, message }));
    }
  }

  /** Tells the scheduler of an answer about one pod. An exception there costs that pod's answer alone. */
  #contained({ namespace, name }: PodRecord, tell: () => void): void {
    try {
      tell();
    } catch (error) {
      this.#options.log.error({ error, pod: `${namespace}/${name}` }, 'an answer about a pod could not be taken');
    }
  }

  async #evictAll(signal: AbortSignal): Promise<void> {
    const { calls, timeoutMs, onEvictionRefused, log } = this.#options;
    for (let next = this.#evictions.shift(); next !== undefined; next = this.#evictions.shift()) {
      const { victim, by, breaksBudget } = next;
      const { namespace, name, uid } = victim;
      try {
        const request = { namespace, name, uid, reason: 'PreemptionByScheduler', ignoreBudgets: breaksBudget };
        await calls.evict(request, { signal, timeoutMs });
        log.info({ pod: `${namespace}/${name}`, by: `${by.namespace}/${by.name}` }, 'evicted for a higher priority');
      } catch (error) {
        // A watch event says that the pod is gone, or will.
        if (isError(error, 'NotFound')) continue;
        this.#contained(victim, () => onEvictionRefused(victim));
        if (!signal.aborted) log.warn({ error, pod: `${namespace}/${name}` }, 'an eviction was refused');
      }
    }
  }

  async #sendReports(signal: AbortSignal): Promise<void> {
    const { calls, name, timeoutMs, log } = this.#options;
    while (this.#reports.length > 0 && !signal.aborted) {
      const batch = this.#reports.splice(0, maxBatch);
      const newest = new Map(batch.map((waiting) => [waiting.entry.pod.uid, waiting]));
      const pods = [...newest.values()].filter(({ entry }) => entry.place !== 'gone').map(unschedulablePod);
      try {
        if (pods.length > 0) await calls.reportUnschedulable(pods, name, { signal, timeoutMs });
      } catch (error) {
        if (signal.aborted) return;
        // Said again when the pod is tried the next time.
        for (const { entry } of batch) entry.reported = '';
        log.warn({ error, pods: pods.length }, 'could not report why pods wait');
      }
    }
  }
}

/** Batches that the api takes in one call; a gang, which stands in one piece, is never cut. */
function batchesFor(placements: readonly Placement[]): Placement[][] {
  const batches: Placement[][] = [];
  let open: Placement[] = [];
  for (let start = 0; start < placements.length; ) {
    const { gang } = placements[start]!;
    let end = start + 1;
    while (gang !== undefined && placements[end]?.gang === gang) end++;
    if (open.length === 0 || open.length + end - start > maxBatch) {
      open = [];
      batches.push(open);
    }
    open.push(...placements.slice(start, end));
    start = end;
  }
  return batches;
}

function unschedulablePod({ entry: { pod }, reason, message, nominatedNodeName }: Waiting): UnschedulablePod {
  return { namespace: pod.namespace, name: pod.name, uid: pod.uid, reason, message, nominatedNodeName };
}

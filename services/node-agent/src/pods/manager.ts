import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import { contain } from '../contain.ts';
import type { ObservedSandbox } from '../runtime/runtime.ts';
import { keys } from './labels.ts';
import type { Snapshot } from './observation.ts';
import type { PodListener } from './source.ts';
import { podUid } from './spec.ts';
import { PodWorker, type WorkerDeps } from './worker.ts';

/** One worker for each pod of the node, including pods that only the runtime still has. */
export class PodManager implements PodListener, AsyncDisposable {
  readonly #workers = new Map<string, PodWorker>();
  /** Uid by namespace/name, of pods that exist. */
  readonly #uids = new Map<string, string>();
  readonly #deps: WorkerDeps;
  readonly #latest: () => Snapshot | undefined;
  readonly #onForgotten: (uid: string) => void;
  readonly #log: Logger;
  #synced = false;
  #looked = false;

  /** @param onForgotten Called when nothing is left of a pod. */
  constructor(deps: WorkerDeps, latest: () => Snapshot | undefined, onForgotten: (uid: string) => void) {
    this.#deps = deps;
    this.#latest = latest;
    this.#onForgotten = onForgotten;
    this.#log = deps.log;
  }

  /** Workers of all pods with anything left on this node. */
  workers(): IterableIterator<PodWorker> {
    return this.#workers.values();
  }

  /** The worker of a pod that exists, by its name. */
  byName(namespace: string, name: string): PodWorker | undefined {
    return this.#workers.get(this.#uids.get(`${namespace}/${name}`) ?? '');
  }

  /** The worker of a pod by its uid. */
  get(uid: string): PodWorker | undefined {
    return this.#workers.get(uid);
  }

  put(pod: Pod): void {
    const uid = podUid(pod);
    const name = nameOf(pod);
    const namesake = this.#uids.get(name);
    if (namesake !== undefined && namesake !== uid) this.#workers.get(namesake)?.remove();
    this.#uids.set(name, uid);
    const worker = this.#workers.get(uid);
    if (worker === undefined) this.#add(pod);
    else worker.update(pod);
  }

  delete(pod: Pod): void {
    const uid = podUid(pod);
    if (this.#uids.get(nameOf(pod)) === uid) this.#uids.delete(nameOf(pod));
    this.#workers.get(uid)?.remove();
  }

  synced(): void {
    this.#synced = true;
    this.#adoptOrphans();
  }

  /** An observation ended: these pods changed. */
  observed(changed: ReadonlySet<string>): void {
    // The first observation concerns all pods: nothing was decided before it.
    for (const [uid, worker] of this.#workers) if (!this.#looked || changed.has(uid)) worker.wake();
    this.#looked = true;
    this.#adoptOrphans();
  }

  /** Drops the worker of a pod with nothing left on the node. Called after each decision. */
  forgetIfFinished(uid: string): void {
    const worker = this.#workers.get(uid);
    if (worker === undefined || !worker.isFinished) return;
    this.#workers.delete(uid);
    this.#onForgotten(uid);
    contain(this.#log, 'the end of a pod worker', () => worker[Symbol.asyncDispose]());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#workers.values()].map((worker) => worker[Symbol.asyncDispose]()));
  }

  /** Ends sandboxes without a pod, but only after the api has listed every pod. */
  #adoptOrphans(): void {
    if (!this.#synced) return;
    for (const [uid, sandboxes] of this.#latest()?.byPod ?? []) {
      const [newest] = sandboxes.toReversed();
      if (this.#workers.has(uid) || newest === undefined) continue;
      contain(this.#log, 'the adoption of an orphan', () => {
        this.#log.info({ namespace: newest.namespace, pod: newest.name, uid }, 'ending a pod that exists no more');
        this.#add(orphanOf(newest)).remove();
      });
    }
  }

  #add(pod: Pod): PodWorker {
    const worker = new PodWorker(pod, this.#deps);
    this.#workers.set(worker.uid, worker);
    worker.wake();
    return worker;
  }
}

function nameOf(pod: Pod): string {
  return `${pod.metadata.namespace}/${pod.metadata.name}`;
}

/** The parts of a pod that its sandbox records. */
function orphanOf(sandbox: ObservedSandbox): Pod {
  const grace = sandbox.annotations[keys.graceSeconds];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: sandbox.name, namespace: sandbox.namespace, uid: sandbox.podUid },
    spec: { containers: [], ...(grace === undefined ? {} : { terminationGracePeriodSeconds: Number(grace) }) },
  } as Pod;
}

import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import type { Change, TruthStore } from './store.ts';

/** A pod whose containers run. */
export interface RunningPod {
  readonly pod: Pod;
  readonly nodeName: string;
}

/**
 * The containers that truly run, whatever objects say: those of a pod that was taken from the api run on until its node hears of it, on
 * a node that is cut off for as long as the cut lasts.
 */
export class Containers {
  readonly #store: TruthStore;
  readonly #byUid = new Map<string, RunningPod>();
  readonly #watchers = new Set<(started: RunningPod) => void>();

  constructor(store: TruthStore) {
    this.#store = store;
    store.onChange((change) => this.#note(change));
  }

  /** Calls back before the containers of a pod start. */
  onStart(watcher: (started: RunningPod) => void): void {
    this.#watchers.add(watcher);
  }

  get running(): RunningPod[] {
    return [...this.#byUid.values()];
  }

  /** Ends the containers of pods that are gone, on a node that hears of it. */
  reap(nodeName: string): void {
    for (const [uid, running] of this.#byUid) {
      if (running.nodeName === nodeName && this.#store.byUid(uid) === undefined) this.#byUid.delete(uid);
    }
  }

  /** Ends all containers of a node that lost its power. */
  lose(nodeName: string): void {
    for (const [uid, running] of this.#byUid) if (running.nodeName === nodeName) this.#byUid.delete(uid);
  }

  /** Starts the containers of the pods that a node finds when its power is back. */
  boot(nodeName: string): void {
    for (const pod of this.#store.all('Pod')) {
      const { deletionTimestamp } = pod.metadata;
      const runs = pod.status?.phase === 'Running' && deletionTimestamp === undefined;
      if (pod.spec.nodeName === nodeName && runs) this.#start(pod, nodeName);
    }
  }

  #note({ type, object, by }: Change): void {
    if (object.kind !== 'Pod' || by !== 'kubelet') return;
    const { phase } = object.status ?? {};
    if (type === 'delete' || phase === 'Failed' || phase === 'Succeeded') this.#byUid.delete(object.metadata.uid!);
    else if (phase === 'Running') this.#start(object, object.spec.nodeName!);
  }

  #start(pod: Pod, nodeName: string): void {
    const uid = pod.metadata.uid!;
    if (this.#byUid.has(uid)) return;
    for (const watcher of this.#watchers) watcher({ pod, nodeName });
    this.#byUid.set(uid, { pod, nodeName });
  }
}

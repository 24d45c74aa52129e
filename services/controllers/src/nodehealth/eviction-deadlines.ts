import type { Pod, Taint } from '@gantry/model/gen/gantry.core.v1.ts';
import { tolerates } from '@gantry/model/taints.ts';

interface Sightings {
  readonly taints: Map<string, number>;
  readonly pods: Map<string, number>;
}

/**
 * Deadlines of pods on nodes with NoExecute taints. As in Kubernetes, the time of toleration runs from the moment at which
 * this process first saw the pod under the taint, by the monotonic clock: a step of the wall clock neither evicts a pod at
 * once nor never, a taint need not say when it was added, and a pod that lands on a tainted node has its whole time. A new
 * leader counts from its start.
 */
export class EvictionDeadlines {
  readonly #byNode = new Map<string, Sightings>();

  /** Uids of the pods that are to go at some time, by node. */
  readonly #waiting = new Map<string, ReadonlySet<string>>();

  /** True where pods of a node were seen under a taint, or are to go at some time. */
  knows(nodeName: string): boolean {
    return this.#byNode.has(nodeName) || this.#waiting.has(nodeName);
  }

  /** Forgets a node that is gone. */
  forget(nodeName: string): void {
    this.#byNode.delete(nodeName);
    this.#waiting.delete(nodeName);
  }

  /**
   * Notes which of a node's pods are to go at some time.
   * @returns Those of the given pods that were to go, and stay now.
   */
  schedule(nodeName: string, waiting: readonly Pod[], staying: readonly Pod[]): Pod[] {
    const before = this.#waiting.get(nodeName);
    if (waiting.length === 0) this.#waiting.delete(nodeName);
    else this.#waiting.set(nodeName, new Set(waiting.map(({ metadata }) => metadata.uid!)));
    return before === undefined ? [] : staying.filter(({ metadata }) => before.has(metadata.uid!));
  }

  /** Notes the NoExecute taints of a node and the pods on it, and forgets those that are not there any more. */
  note(nodeName: string, taints: readonly Taint[], pods: readonly Pod[], nowMs: number): void {
    if (taints.length === 0 || pods.length === 0) {
      this.#byNode.delete(nodeName);
      return;
    }
    const before = this.#byNode.get(nodeName);
    const since = (seen: ReadonlyMap<string, number> | undefined, ids: readonly string[]): Map<string, number> =>
      new Map(ids.map((id) => [id, seen?.get(id) ?? nowMs]));
    this.#byNode.set(nodeName, {
      taints: since(before?.taints, taints.map(idOf)),
      pods: since(
        before?.pods,
        pods.map(({ metadata }) => metadata.uid!),
      ),
    });
  }

  /** Time at which a pod under these taints, which were noted, must leave its node; infinite where it may stay. */
  of(pod: Pod, taints: readonly Taint[]): number {
    const seen = this.#byNode.get(pod.spec.nodeName ?? '');
    const podSinceMs = seen?.pods.get(pod.metadata.uid!) ?? Number.POSITIVE_INFINITY;
    const times = taints.map((taint) => {
      const sinceMs = Math.max(podSinceMs, seen?.taints.get(idOf(taint)) ?? Number.POSITIVE_INFINITY);
      return sinceMs + toleratedSeconds(pod, taint) * 1000;
    });
    return Math.min(...times);
  }
}

/** A taint that is taken away and added again is another one. */
function idOf({ key, value, effect, timeAdded }: Taint): string {
  return JSON.stringify([key, value ?? '', effect, timeAdded ?? '']);
}

/** Seconds that a pod stays under a taint: 0 without a toleration, the least of several; infinite where none has a time. */
function toleratedSeconds({ spec }: Pod, taint: Taint): number {
  const accepting = (spec.tolerations ?? []).filter((toleration) => tolerates(toleration, taint));
  if (accepting.length === 0) return 0;
  const seconds = accepting.flatMap(({ tolerationSeconds }) => tolerationSeconds ?? []);
  return Math.max(0, Math.min(...seconds));
}

import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { podUid } from '../pods/spec.ts';
import type { CheckOutcome } from '../probes/outcome.ts';
import type { ProbeKind } from '../probes/state.ts';
import type { Family, Sample } from './exposition.ts';

/** A count that may grow. */
type Counted = Sample & { value: number };

const words: Readonly<Record<ProbeKind, string>> = { startup: 'Startup', liveness: 'Liveness', readiness: 'Readiness' };
const results: Readonly<Record<CheckOutcome['result'], string>> = {
  success: 'successful',
  warning: 'successful',
  failure: 'failed',
  unknown: 'unknown',
};

/** Outcomes of probes, counted for the pods of the node. */
export class ProbeCounts {
  /** By pod, then by container, probe and result. */
  readonly #byPod = new Map<string, Map<string, Counted>>();

  add(pod: Pod, container: string, kind: ProbeKind, result: CheckOutcome['result']): void {
    const uid = podUid(pod);
    const counts = this.#byPod.get(uid) ?? new Map<string, Counted>();
    this.#byPod.set(uid, counts);
    const key = `${container} ${kind} ${result}`;
    const known = counts.get(key);
    if (known !== undefined) {
      known.value++;
      return;
    }
    const { name = '', namespace = '' } = pod.metadata;
    const labels = {
      ...{ container, namespace, pod: name, pod_uid: uid, probe_type: words[kind], result: results[result] },
    };
    counts.set(key, { labels, value: 1 });
  }

  /** The pod is no longer the node's. */
  forget(uid: string): void {
    this.#byPod.delete(uid);
  }

  families(): Family[] {
    const help = '[BETA] Cumulative number of a liveness, readiness or startup probe for a container by result.';
    const samples = [...this.#byPod.values()].flatMap((counts) => [...counts.values()]);
    return [{ name: 'prober_probe_total', help, type: 'counter', samples }];
  }
}

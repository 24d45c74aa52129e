/** What the server sets on pods. */
import type { Pod, Toleration } from '../../gen/gantry.core.v1.ts';
import { qosClassOf } from './qos.ts';

/**
 * Seconds that a pod stays on a node that is not ready or doesn't answer, where the pod says nothing. Kubernetes takes 300;
 * Gantry's own choice is 30, so that with its heartbeats the pods of a dead node run elsewhere in less than a minute.
 */
export const deadNodeTolerationSeconds = 30;

const deadNodeTaints = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];

/** Makes a new pod pending, whatever status it came with, and lets it ride out short failures of its node. */
export function preparePodForCreate(pod: Pod): void {
  pod.status = { phase: 'Pending', qosClass: qosClassOf(pod) };
  addDeadNodeTolerations(pod);
}

/** The status is written by itself: an update keeps what is stored. Tolerations come back where a manifest doesn't name them. */
export function preparePodForUpdate(pod: Pod, stored: Pod): void {
  if (stored.status === undefined) delete pod.status;
  else pod.status = stored.status;
  addDeadNodeTolerations(pod);
}

function addDeadNodeTolerations({ spec }: Pod): void {
  const given = spec.tolerations ?? [];
  const added = deadNodeTaints.filter((key) => !given.some((toleration) => covers(toleration, key))).map(tolerate);
  if (added.length > 0) spec.tolerations = [...given, ...added];
}

/** True where the pod says itself what shall happen with the taint. */
function covers({ key, effect }: Toleration, taintKey: string): boolean {
  return (!key || key === taintKey) && (!effect || effect === 'NoExecute');
}

function tolerate(key: string): Toleration {
  return { key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: deadNodeTolerationSeconds };
}

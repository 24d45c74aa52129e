import type { Node } from '@gantry/model/gen/gantry.core.v1.ts';
import { isReady } from '@gantry/model/ready.ts';

/** Taints of a node that does not take pods yet; the controllers remove them some time after its agent is ready. */
const notYet: ReadonlySet<string> = new Set([
  'node.kubernetes.io/not-ready',
  'node.kubernetes.io/unreachable',
  'node.kubernetes.io/network-unavailable',
]);

/** True for a node that is ready and known to be: pods that are created now may be placed there. */
export function takesPods(node: Node): boolean {
  return isReady(node) && !(node.spec?.taints ?? []).some(({ key }) => notYet.has(key));
}

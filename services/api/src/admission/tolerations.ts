import { builtIn } from '@gantry/model/built-in.ts';
import type { Toleration } from '@gantry/model/gen/gantry.core.v1.ts';
import type { AdmissionStep } from './chain.ts';

const podKind = builtIn.kindOf('', 'Pod')!;

/**
 * Seconds that a pod stays on a node that is not ready or doesn't answer, where the pod says nothing. Kubernetes takes 300;
 * Gantry's own choice is 30, so that with its heartbeats the pods of a dead node run elsewhere in less than a minute.
 */
export const deadNodeTolerationSeconds = 30;

const deadNodeTaints = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];

/** DefaultTolerationSeconds: lets pods ride out short failures of their node. Tolerations come back where a manifest doesn't name them. */
export const tolerationStep: AdmissionStep = {
  name: 'DefaultTolerationSeconds',
  handles: ({ kind, operation, request: { subresource } }) =>
    kind === podKind && subresource === '' && (operation === 'CREATE' || operation === 'UPDATE'),
  mutate: ({ object }) => {
    const spec = object!.spec ?? {};
    const given = (spec.tolerations ?? []) as readonly Toleration[];
    const added = deadNodeTaints.filter((key) => !given.some((toleration) => covers(toleration, key))).map(tolerate);
    if (added.length > 0) spec.tolerations = [...given, ...added];
  },
};

/** True where the pod says itself what shall happen with the taint. */
function covers({ key, effect }: Toleration, taintKey: string): boolean {
  return (!key || key === taintKey) && (!effect || effect === 'NoExecute');
}

function tolerate(key: string): Toleration {
  return { key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: deadNodeTolerationSeconds };
}

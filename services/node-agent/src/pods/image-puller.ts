import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { referenceProblem } from '@gantry/model/image-reference.ts';
import { defaultPullPolicy } from '@gantry/model/kinds/pod/images.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { Semaphore } from '@gantry/runtime/semaphore.ts';
import type { ImageStatus, RegistryAuth, Runtime } from '../runtime/runtime.ts';
import type { RecordPodEvent } from './events.ts';
import type { PlannedContainer } from './spec.ts';

/** Images pulled at once. */
const maxPulls = 4;

/** How a container's image came to be on the node. */
export type ImageResult =
  | { readonly kind: 'present'; readonly image: ImageStatus }
  | { readonly kind: 'pulled'; readonly image: ImageStatus; readonly tookMs: number }
  /** The reference names no image. */
  | { readonly kind: 'invalidName'; readonly message: string }
  /** It is not on the node, and its policy forbids to fetch it. */
  | { readonly kind: 'neverPulled' };

/** Sees to it that images are on the node. */
export interface ImagePuller {
  ensure(pod: Pod, planned: PlannedContainer, signal: AbortSignal): Promise<ImageResult>;
}

/** The container's pull policy; where it has none, Always for :latest and IfNotPresent for everything else. */
export function pullPolicyOf(image: string, policy: string | undefined): 'Always' | 'IfNotPresent' | 'Never' {
  if (policy === 'Always' || policy === 'IfNotPresent' || policy === 'Never') return policy;
  return defaultPullPolicy(image);
}

/**
 * Pulls by policy. An image that cannot be fetched anew and is on the node is used as it is only where the policy allows that.
 * @param authFor Credentials for the image, from the pod's imagePullSecrets.
 */
export function imagePuller(deps: {
  readonly runtime: Runtime;
  readonly clock: Clock;
  readonly recordEvent: RecordPodEvent;
  readonly authFor: (pod: Pod, image: string) => Promise<RegistryAuth | undefined>;
}): ImagePuller {
  const slots = new Semaphore(maxPulls);
  return {
    async ensure(pod, planned, signal) {
      const ref = planned.spec.image ?? '';
      const problem = referenceProblem(ref);
      if (problem !== undefined) {
        const quoted = JSON.stringify(ref);
        const message = `Failed to apply default image tag ${quoted}: couldn't parse image name ${quoted}: ${problem}`;
        return { kind: 'invalidName', message };
      }
      const policy = pullPolicyOf(ref, planned.spec.imagePullPolicy);
      const known = policy === 'Always' ? undefined : await deps.runtime.images.status(ref, signal);
      if (known !== undefined) return { kind: 'present', image: known };
      if (policy === 'Never') return { kind: 'neverPulled' };
      deps.recordEvent(pod, 'Normal', 'Pulling', `Pulling image "${ref}"`, planned.name);
      const auth = await deps.authFor(pod, ref);
      const beganMs = deps.clock.monotonic();
      const image = await slots.run(() => deps.runtime.images.pull(ref, auth, signal), signal);
      return { kind: 'pulled', image, tookMs: Math.round(deps.clock.monotonic() - beganMs) };
    },
  };
}

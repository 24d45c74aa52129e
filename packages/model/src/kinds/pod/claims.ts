import type { Pod } from '../../gen/gantry.core.v1.ts';

/** Keys of the claims that a pod's volumes name, each as namespace/name; the claim of an ephemeral volume is named after the pod. */
export function claimsOf({ metadata, spec }: Pod): string[] {
  if (spec.volumes === undefined) return [];
  return spec.volumes.flatMap(({ name, persistentVolumeClaim, ephemeral }) => {
    const claim =
      persistentVolumeClaim?.claimName ?? (ephemeral === undefined ? undefined : `${metadata.name}-${name}`);
    return claim === undefined ? [] : [`${metadata.namespace ?? ''}/${claim}`];
  });
}

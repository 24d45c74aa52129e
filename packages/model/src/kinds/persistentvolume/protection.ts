import type { KubeObject } from '../../kind.ts';

/** Finalizers of volumes and claims: controllers take them off once nothing uses the object. */
export const volumeProtection = 'kubernetes.io/pv-protection';
export const claimProtection = 'kubernetes.io/pvc-protection';

/** Puts a finalizer on a new object, as Kubernetes' StorageObjectInUseProtection does at admission. */
export function protectInUse({ metadata }: KubeObject, finalizer: string): void {
  const { finalizers = [] } = metadata;
  if (!finalizers.includes(finalizer)) metadata.finalizers = [...finalizers, finalizer];
}

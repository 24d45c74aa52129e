/** Finalizers of volumes and claims: controllers take them off once nothing uses the object. */
export const volumeProtection = 'kubernetes.io/pv-protection';
export const claimProtection = 'kubernetes.io/pvc-protection';

import type { ClusterTrustBundle } from '../../gen/gantry.certificates.v1.ts';
import type { Kind } from '../../kind.ts';
import { validateBundle, validateBundleUpdate, validateNewBundle } from './validation.ts';

/** certificates.k8s.io/v1 ClusterTrustBundle. */
export const clusterTrustBundle: Kind<ClusterTrustBundle> = {
  kind: 'ClusterTrustBundle',
  group: 'certificates.k8s.io',
  version: 'v1',
  plural: 'clustertrustbundles',
  singular: 'clustertrustbundle',
  shortNames: [],
  namespaced: false,
  message: 'gantry.certificates.v1.ClusterTrustBundle',
  objectField: 'clusterTrustBundle',
  hasStatus: false,
  needsRevision: true,
  nameProblems: () => [],
  setDefaults: () => {},
  validate: validateBundle,
  validateCreate: validateNewBundle,
  validateUpdate: validateBundleUpdate,
  selectableFields: { 'spec.signerName': ({ spec }) => spec.signerName ?? '' },
  columns: [{ name: 'SIGNERNAME', cell: ({ spec }) => spec.signerName || '<none>' }],
};

import type { PodCertificateRequest } from '../../gen/gantry.certificates.v1.ts';
import { type Kind, usersMetadata } from '../../kind.ts';
import { sameJson } from '../../same-json.ts';
import { immutable } from '../../validation/causes.ts';
import { formatLabels } from '../cells.ts';
import { validateCertificateStatus } from './status.ts';
import { defaultSeconds, validatePodCertificateRequest } from './validation.ts';

/** certificates.k8s.io/v1 PodCertificateRequest. */
export const podCertificateRequest: Kind<PodCertificateRequest> = {
  kind: 'PodCertificateRequest',
  group: 'certificates.k8s.io',
  version: 'v1',
  plural: 'podcertificaterequests',
  singular: 'podcertificaterequest',
  shortNames: [],
  namespaced: true,
  message: 'gantry.certificates.v1.PodCertificateRequest',
  objectField: 'podCertificateRequest',
  hasStatus: true,
  statusKeeps: usersMetadata,
  needsRevision: true,
  setDefaults: ({ spec }) => {
    spec.maxExpirationSeconds ??= defaultSeconds;
  },
  prepareForCreate: (request) => {
    request.status = {};
  },
  validate: () => [],
  validateCreate: validatePodCertificateRequest,
  validateUpdate: ({ spec }, { spec: stored }) => (sameJson(spec, stored) ? [] : [immutable('spec', spec)]),
  validateStatus: validateCertificateStatus,
  selectableFields: {
    'spec.signerName': ({ spec }) => spec.signerName ?? '',
    'spec.podName': ({ spec }) => spec.podName ?? '',
    'spec.nodeName': ({ spec }) => spec.nodeName ?? '',
  },
  columns: [
    { name: 'PODNAME', cell: ({ spec }) => spec.podName ?? '' },
    { name: 'SERVICEACCOUNTNAME', cell: ({ spec }) => spec.serviceAccountName ?? '' },
    { name: 'NODENAME', cell: ({ spec }) => spec.nodeName ?? '' },
    { name: 'SIGNERNAME', cell: ({ spec }) => spec.signerName ?? '' },
    { name: 'STATE', cell: ({ status }) => status?.conditions?.[0]?.type ?? 'Pending' },
    {
      name: 'UNVERIFIEDUSERANNOTATIONS',
      wide: true,
      cell: ({ spec }) => formatLabels(spec.unverifiedUserAnnotations),
    },
  ],
};

import { formatAge, formatDuration } from '../../age.ts';
import type { CertificateSigningRequest } from '../../gen/gantry.certificates.v1.ts';
import { type Kind, usersMetadata } from '../../kind.ts';
import { setConditionTimes } from './conditions.ts';
import { validateApproval, validateRequest, validateRequestStatus, validateRequestUpdate } from './validation.ts';

/** certificates.k8s.io/v1 CertificateSigningRequest. */
export const certificateSigningRequest: Kind<CertificateSigningRequest> = {
  kind: 'CertificateSigningRequest',
  group: 'certificates.k8s.io',
  version: 'v1',
  plural: 'certificatesigningrequests',
  singular: 'certificatesigningrequest',
  shortNames: ['csr'],
  namespaced: false,
  message: 'gantry.certificates.v1.CertificateSigningRequest',
  objectField: 'certificateSigningRequest',
  hasStatus: true,
  subresources: {
    approval: {
      verbs: ['get', 'patch', 'update'],
      transfer: (object, wanted, nowMs) => {
        const conditions = structuredClone(wanted.status?.conditions ?? []);
        setConditionTimes(conditions, object.status?.conditions ?? [], nowMs);
        object.status = { ...object.status, conditions };
        for (const part of usersMetadata) object.metadata = { ...object.metadata, [part]: wanted.metadata[part] };
      },
      validate: validateApproval,
    },
  },
  setDefaults: () => {},
  prepareForCreate: (request) => {
    // Nobody makes a request that is approved already.
    request.status = {};
  },
  prepareForUpdate: (request, stored) => {
    request.spec = stored.spec;
  },
  noteRequester: ({ spec }, { name, uid, groups, extra = {} }) => {
    spec.username = name;
    if (uid) spec.uid = uid;
    else delete spec.uid;
    spec.groups = [...groups];
    const entries = Object.entries(extra).map(([key, values]) => [key, [...values]]);
    if (entries.length > 0) spec.extra = Object.fromEntries(entries);
    else delete spec.extra;
  },
  prepareForStatus: (request, stored, nowMs) => {
    const before = stored.status?.conditions ?? [];
    const conditions = request.status?.conditions ?? [];
    // An approval stays as it was given: whoever writes the status need not repeat it to the letter.
    for (const [index, { type }] of conditions.entries()) {
      const known = before.find((one) => one.type === type);
      if (known !== undefined && (type === 'Approved' || type === 'Denied')) conditions[index] = known;
    }
    setConditionTimes(conditions, before, nowMs);
  },
  validate: validateRequest,
  validateUpdate: validateRequestUpdate,
  validateStatus: validateRequestStatus,
  selectableFields: { 'spec.signerName': ({ spec }) => spec.signerName ?? '' },
  columns: [
    { name: 'NAME', cell: ({ metadata }) => metadata.name },
    { name: 'AGE', cell: ({ metadata }, nowMs) => formatAge(metadata.creationTimestamp, nowMs) },
    { name: 'SIGNERNAME', cell: ({ spec }) => spec.signerName ?? '' },
    { name: 'REQUESTOR', cell: ({ spec }) => spec.username ?? '' },
    {
      name: 'REQUESTEDDURATION',
      cell: ({ spec: { expirationSeconds: seconds } }) =>
        seconds === undefined ? '<none>' : formatDuration(seconds * 1000),
    },
    { name: 'CONDITION', cell: conditionOf },
  ],
  listsAllColumns: true,
};

/** Such as `Approved,Issued`; Pending where nobody has decided. */
function conditionOf({ status = {} }: CertificateSigningRequest): string {
  const types = ['Approved', 'Denied', 'Failed'].filter((type) => status.conditions?.some((one) => one.type === type));
  // Denial is what counts, whatever else was said.
  const decided = types.includes('Denied') ? types.filter((type) => type !== 'Approved') : types;
  const words = decided.length === 0 ? ['Pending'] : decided;
  return [...words, ...(status.certificate ? ['Issued'] : [])].join(',');
}

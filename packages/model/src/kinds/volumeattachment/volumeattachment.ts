import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { PersistentVolumeSpec } from '../../gen/gantry.core.v1.ts';
import type { VolumeAttachment, VolumeAttachmentSource, VolumeError } from '../../gen/gantry.storage.v1.ts';
import { canonicalJson } from '../../hash.ts';
import { type Kind, usersMetadata } from '../../kind.ts';
import {
  forbidden,
  immutable,
  invalidValue,
  invalidValues,
  notEnforced,
  required,
  tooLong,
} from '../../validation/causes.ts';
import { dnsSubdomainProblems } from '../../validation/names.ts';
import { validateAttacher } from '../csidriver/names.ts';
import { validateAccessModes, validateClassAndMode } from '../persistentvolume/modes.ts';

const maxMetadataBytes = 256 * 1024;
const maxMessageBytes = 1024;
const maxInt32 = 2 ** 31 - 1;

/** storage.k8s.io/v1 VolumeAttachment. */
export const volumeAttachment: Kind<VolumeAttachment> = {
  kind: 'VolumeAttachment',
  group: 'storage.k8s.io',
  version: 'v1',
  plural: 'volumeattachments',
  singular: 'volumeattachment',
  shortNames: [],
  namespaced: false,
  message: 'gantry.storage.v1.VolumeAttachment',
  objectField: 'volumeAttachment',
  hasStatus: true,
  statusKeeps: usersMetadata,
  needsRevision: true,
  setDefaults: () => {},
  prepareForCreate: (object) => {
    delete object.status;
  },
  validate: validateAttachment,
  validateUpdate: ({ spec }, { spec: stored }) =>
    canonicalJson(spec) === canonicalJson(stored) ? [] : [immutable('spec', spec)],
  validateStatus: validateAttachment,
  warnings: () => [notEnforced(volumeAttachment, 'no volume is attached by it')],
  selectableFields: {},
  columns: [
    { name: 'ATTACHER', cell: ({ spec }) => spec.attacher },
    { name: 'PV', cell: ({ spec }) => spec.source.persistentVolumeName ?? '' },
    { name: 'NODE', cell: ({ spec }) => spec.nodeName ?? '' },
    { name: 'ATTACHED', cell: ({ status }) => String(status?.attached ?? false) },
  ],
};

function validateAttachment({ spec, status = {} }: VolumeAttachment): FieldCause[] {
  const { attacher, source, nodeName = '' } = spec;
  const { attachmentMetadata = {}, attachError, detachError } = status;
  const bytes = Object.entries(attachmentMetadata).reduce(
    (sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value),
    0,
  );
  return [
    ...validateAttacher(attacher, 'spec.attacher'),
    ...validateSource(source, 'spec.source'),
    ...invalidValues('spec.nodeName', nodeName, dnsSubdomainProblems(nodeName)),
    ...(bytes > maxMetadataBytes ? [tooLong('status.attachmentMetadata', maxMetadataBytes)] : []),
    ...validateError(attachError, 'status.attachError'),
    ...validateError(detachError, 'status.detachError'),
  ];
}

function validateSource(
  { persistentVolumeName, inlineVolumeSpec }: VolumeAttachmentSource,
  path: string,
): FieldCause[] {
  const text = 'must specify exactly one of inlineVolumeSpec and persistentVolumeName';
  const field = `${path}.persistentVolumeName`;
  const causes = persistentVolumeName
    ? invalidValues(field, persistentVolumeName, dnsSubdomainProblems(persistentVolumeName))
    : [];
  if (persistentVolumeName !== undefined && inlineVolumeSpec !== undefined) return [forbidden(path, text), ...causes];
  if (persistentVolumeName === '') return [required(field, 'must specify non empty persistentVolumeName')];
  if (persistentVolumeName !== undefined) return causes;
  return inlineVolumeSpec === undefined
    ? [required(path, text)]
    : validateInline(inlineVolumeSpec, `${path}.inlineVolumeSpec`);
}

/** A volume of a pod's own has no claim, no capacity and no life after the pod. */
function validateInline(spec: PersistentVolumeSpec, path: string): FieldCause[] {
  const where = 'in the context of inline volumes';
  const { accessModes, persistentVolumeReclaimPolicy: policy = '', csi } = spec;
  const causes = (['claimRef', 'capacity', 'nodeAffinity'] as const)
    .filter((name) => spec[name] !== undefined)
    .map((name) => forbidden(`${path}.${name}`, `may not be specified ${where}`));
  if (csi === undefined) causes.push(required(`${path}.csi`, `has to be specified ${where}`));
  if (policy !== '' && policy !== 'Retain') {
    causes.push(forbidden(`${path}.persistentVolumeReclaimPolicy`, `may only be Retain ${where}`));
  }
  return [...causes, ...validateAccessModes(accessModes, `${path}.accessModes`), ...validateClassAndMode(spec, path)];
}

function validateError(error: VolumeError | undefined, path: string): FieldCause[] {
  if (error === undefined) return [];
  const { message = '', errorCode = 0 } = error;
  const causes = Buffer.byteLength(message) > maxMessageBytes ? [tooLong(`${path}.message`, maxMessageBytes)] : [];
  return errorCode < 0
    ? [...causes, invalidValue(`${path}.errorCode`, errorCode, `must be between 0 and ${maxInt32}, inclusive`)]
    : causes;
}

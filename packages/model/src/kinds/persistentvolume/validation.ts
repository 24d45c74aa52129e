import { isDeepStrictEqual } from 'node:util';
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { PersistentVolume, PersistentVolumeSpec } from '../../gen/gantry.core.v1.ts';
import { objectSchema } from '../../message-types.ts';
import { forbidden, immutable, invalidValue, notSupported, oneOf, required } from '../../validation/causes.ts';
import { validateNodeTerms } from '../pod/affinity.ts';
import { validateNoBacksteps } from '../pod/volumes/paths.ts';
import { validateAccessModes, validateClassAndMode, validateSize } from './modes.ts';

const reclaimPolicies = ['Delete', 'Recycle', 'Retain'];

/** Validates a volume. */
export function validateVolume({ spec }: PersistentVolume): FieldCause[] {
  const { persistentVolumeReclaimPolicy } = spec;
  return [
    ...validateAccessModes(spec.accessModes, 'spec.accessModes'),
    ...validateCapacity(spec.capacity ?? {}),
    ...oneOf('spec.persistentVolumeReclaimPolicy', persistentVolumeReclaimPolicy || undefined, reclaimPolicies),
    ...validateNodeAffinity(spec),
    ...validateSource(spec),
    ...validateClassAndMode(spec, 'spec'),
  ];
}

/** Validates the immutable fields of a volume: its source and its node affinity. */
export function validateVolumeUpdate({ spec }: PersistentVolume, { spec: stored }: PersistentVolume): FieldCause[] {
  const causes: FieldCause[] = [];
  if (!isDeepStrictEqual(sourceOf(spec), sourceOf(stored))) {
    const text = 'spec.persistentvolumesource is immutable after creation';
    causes.push(forbidden('spec.persistentvolumesource', text));
  }
  if (spec.volumeMode !== stored.volumeMode) causes.push(immutable('volumeMode', spec.volumeMode));
  if (stored.nodeAffinity !== undefined && !isDeepStrictEqual(spec.nodeAffinity, stored.nodeAffinity)) {
    causes.push(immutable('nodeAffinity', spec.nodeAffinity));
  }
  return causes;
}

function validateCapacity(capacity: Readonly<Record<string, string>>): FieldCause[] {
  const names = Object.keys(capacity);
  return [
    ...(names.length === 0 ? [required('spec.capacity')] : []),
    ...(names.join() === 'storage' ? [] : [notSupported('spec.capacity', capacity, ['storage'])]),
    ...names.flatMap((name) => validateSize(capacity[name]!, `spec.capacity[${name}]`)),
  ];
}

function validateNodeAffinity({ nodeAffinity, local }: PersistentVolumeSpec): FieldCause[] {
  if (nodeAffinity === undefined) {
    return local === undefined ? [] : [required('spec.nodeAffinity', 'Local volume requires node affinity')];
  }
  if (nodeAffinity.required === undefined) {
    return [required('spec.nodeAffinity.required', 'must specify required node constraints')];
  }
  return validateNodeTerms(nodeAffinity.required.nodeSelectorTerms, 'spec.nodeAffinity.required');
}

function validateSource(spec: PersistentVolumeSpec): FieldCause[] {
  const [first, ...more] = Object.keys(sourceOf(spec));
  if (first === undefined) return [required('spec', 'must specify a volume type')];
  const { hostPath, local, nfs } = spec;
  const causes = more.map((type) => forbidden(`spec.${type}`, 'may not specify more than 1 volume type'));
  if (hostPath !== undefined) causes.push(...validateNoBacksteps(hostPath.path, 'spec.hostPath.path'));
  if (local !== undefined) causes.push(...validateNoBacksteps(local.path, 'spec.local.path'));
  if (nfs !== undefined && !nfs.path.startsWith('/')) {
    causes.push(invalidValue('spec.nfs.path', nfs.path, 'must be an absolute path'));
  }
  return causes;
}

/** The fields that say where the volume is. */
function sourceOf(spec: PersistentVolumeSpec): Partial<PersistentVolumeSpec> {
  const sources = objectSchema('gantry.core.v1.PersistentVolumeSource').fields;
  return Object.fromEntries(Object.entries(spec).filter(([name, value]) => sources.has(name) && value !== undefined));
}

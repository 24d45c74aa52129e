/** Validation of the metadata of any object. */
import { isDeepStrictEqual } from 'node:util';
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { ManagedFieldsEntry, ObjectMeta, OwnerReference } from '../gen/gantry.meta.v1.ts';
import type { Kind } from '../kind.ts';
import {
  forbidden,
  immutable,
  invalidValue,
  invalidValues,
  nonNegative,
  notSupported,
  required,
  tooLong,
} from './causes.ts';
import { validateLabels } from './labels.ts';
import { dnsLabelProblems, dnsSubdomainProblems, qualifiedNameProblems } from './names.ts';

/** Bytes of all annotations of an object, keys and values together: Kubernetes' limit. */
export const maxAnnotationBytes = 256 * 1024;
const maxManagerChars = 128;
/** Finalizers of Kubernetes' own, the only ones without a domain. */
export const standardFinalizers = ['kubernetes', 'orphan', 'foregroundDeletion'];

/**
 * Validates an object's metadata. Names are DNS subdomains unless the kind says otherwise. That a
 * namespace is there at all is checked where requests come in, which may fill it in.
 */
export function validateMetadata(
  kind: Pick<Kind, 'namespaced' | 'nameProblems' | 'takesPlainFinalizers'>,
  metadata: ObjectMeta,
): FieldCause[] {
  return [
    ...validateNames(metadata, kind.nameProblems ?? dnsSubdomainProblems),
    ...validateNamespace(kind, metadata),
    ...nonNegative('metadata.generation', metadata.generation),
    ...validateLabels(metadata.labels, 'metadata.labels'),
    ...validateAnnotations(metadata.annotations, 'metadata.annotations'),
    ...validateOwners(metadata.ownerReferences ?? []),
    ...validateFinalizers(metadata.finalizers ?? [], kind.takesPlainFinalizers ?? false),
    ...(metadata.managedFields ?? []).flatMap((entry, index) =>
      validateManager(entry, `metadata.managedFields[${index}]`),
    ),
  ];
}

/** Validates the immutable fields of an object's metadata. Fields that a client left out are taken as unchanged. */
export function validateMetadataUpdate(metadata: ObjectMeta, stored: ObjectMeta): FieldCause[] {
  const fixed = [
    'name',
    'namespace',
    'uid',
    'creationTimestamp',
    'deletionTimestamp',
    'deletionGracePeriodSeconds',
  ] as const;
  return fixed.flatMap((key) =>
    metadata[key] === undefined || isDeepStrictEqual(metadata[key], stored[key])
      ? []
      : [immutable(`metadata.${key}`, metadata[key])],
  );
}

/** Annotations: keys are those of labels in any case, values are anything. */
export function validateAnnotations(
  annotations: Readonly<Record<string, string>> | undefined,
  field: string,
): FieldCause[] {
  const entries = Object.entries(annotations ?? {});
  const bytes = entries.reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value), 0);
  return [
    ...entries.flatMap(([key]) => invalidValues(field, key, qualifiedNameProblems(key.toLowerCase()))),
    ...(bytes > maxAnnotationBytes ? [tooLong(field, maxAnnotationBytes)] : []),
  ];
}

function validateNames({ name, generateName }: ObjectMeta, problemsOf: (name: string) => string[]): FieldCause[] {
  const causes: FieldCause[] = [];
  if (generateName) {
    // Characters follow, so it may end where a name may not.
    const start = generateName.replace(/(?<=.)-$/, 'a');
    causes.push(...invalidValues('metadata.generateName', generateName, problemsOf(start)));
  }
  if (name) causes.push(...invalidValues('metadata.name', name, problemsOf(name)));
  else if (!generateName) causes.push(required('metadata.name', 'name or generateName is required'));
  return causes;
}

function validateNamespace({ namespaced }: Pick<Kind, 'namespaced'>, { namespace }: ObjectMeta): FieldCause[] {
  if (!namespace) return [];
  return namespaced
    ? invalidValues('metadata.namespace', namespace, dnsLabelProblems(namespace))
    : [forbidden('metadata.namespace', 'not allowed on this type')];
}

function validateOwners(owners: readonly OwnerReference[]): FieldCause[] {
  const field = 'metadata.ownerReferences';
  const causes = owners.flatMap((owner, index) => validateOwner(owner, `${field}[${index}]`));
  const controllers = owners.filter(({ controller }) => controller === true).map(({ kind, name }) => `${kind}/${name}`);
  for (const other of controllers.slice(1)) {
    const text = `Only one reference can have Controller set to true. Found "true" in references for ${controllers[0]} and ${other}`;
    causes.push(invalidValue(field, owners, text));
  }
  return causes;
}

function validateOwner(owner: OwnerReference, field: string): FieldCause[] {
  const causes: FieldCause[] = [];
  for (const key of ['apiVersion', 'kind', 'name', 'uid'] as const) {
    if (!owner[key]) causes.push(required(`${field}.${key}`, 'must not be empty'));
  }
  if (owner.apiVersion && !/^[^/]*\/?[^/]+$/.test(owner.apiVersion)) {
    causes.push(invalidValue(`${field}.apiVersion`, owner.apiVersion, 'must be <group>/<version> or <version>'));
  }
  if (owner.apiVersion === 'v1' && owner.kind === 'Event') {
    causes.push(invalidValue(field, owner, '/v1, Kind=Event is disallowed from being an owner'));
  }
  return causes;
}

function validateFinalizers(finalizers: readonly string[], maybePlain: boolean): FieldCause[] {
  const field = 'metadata.finalizers';
  const causes = finalizers.flatMap((name, index) => validateFinalizer(name, `${field}[${index}]`, maybePlain));
  if (finalizers.includes('orphan') && finalizers.includes('foregroundDeletion')) {
    causes.push(invalidValue(field, finalizers, 'finalizer orphan and foregroundDeletion cannot be both set'));
  }
  return causes;
}

function validateFinalizer(name: string, field: string, maybePlain: boolean): FieldCause[] {
  const causes = invalidValues('metadata.finalizers', name, qualifiedNameProblems(name));
  if (maybePlain || name.includes('/') || standardFinalizers.includes(name)) return causes;
  const text = 'name is neither a standard finalizer name nor is it fully qualified';
  return [...causes, invalidValue(field, name, text)];
}

function validateManager({ operation, fieldsType, manager = '' }: ManagedFieldsEntry, field: string): FieldCause[] {
  const causes: FieldCause[] = [];
  if (operation !== 'Apply' && operation !== 'Update') {
    causes.push(invalidValue(`${field}.operation`, operation ?? '', 'must be `Apply` or `Update`'));
  }
  if (fieldsType && fieldsType !== 'FieldsV1')
    causes.push(notSupported(`${field}.fieldsType`, fieldsType, ['FieldsV1']));
  if (manager.length > maxManagerChars) causes.push(tooLong(`${field}.manager`, maxManagerChars));
  return causes;
}

/** Validation of environment variables, and of references to the pod's own fields and resources. */
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type {
  ConfigMapKeySelector,
  EnvFromSource,
  EnvVar,
  EnvVarSource,
  ObjectFieldSelector,
  ResourceFieldSelector,
  SecretKeySelector,
} from '../../../gen/gantry.core.v1.ts';
import { invalidValue, invalidValues, notSupported, required } from '../../../validation/causes.ts';
import {
  configKeyProblems,
  dnsSubdomainProblems,
  envNameProblems,
  qualifiedNameProblems,
} from '../../../validation/names.ts';

/** Fields that a variable may show. */
const envFields = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
];
/** Fields that a file may show. */
export const fileFields = [
  'metadata.annotations',
  'metadata.labels',
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
];
/** Every field that can be named at all; the rest are unknown. */
const knownFields = [...new Set([...envFields, ...fileFields])];
const resources = ['cpu', 'ephemeral-storage', 'memory']
  .flatMap((name) => [`limits.${name}`, `requests.${name}`])
  .sort();
const pages = ['limits.hugepages-', 'requests.hugepages-'];
const byteDivisors = ['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei'];

/** Variables that are named one by one. */
export function validateEnv(variables: readonly EnvVar[], path: string): FieldCause[] {
  return variables.flatMap(({ name, value, valueFrom }, index) => [
    ...invalidValues(`${path}[${index}].name`, name, envNameProblems(name)),
    ...(valueFrom === undefined ? [] : validateSource(valueFrom, value, `${path}[${index}].valueFrom`)),
  ]);
}

/** Variables that are taken from all keys of something. */
export function validateEnvFrom(sources: readonly EnvFromSource[], path: string): FieldCause[] {
  return sources.flatMap(({ prefix = '', configMapRef, secretRef }, index) => {
    const causes: FieldCause[] = [];
    const field = `${path}[${index}]`;
    if (prefix !== '') causes.push(...invalidValues(`${field}.prefix`, prefix, envNameProblems(prefix)));
    if (configMapRef !== undefined) causes.push(...validateReference(configMapRef, `${field}.configMapRef`));
    if (secretRef !== undefined) causes.push(...validateReference(secretRef, `${field}.secretRef`));
    if (configMapRef === undefined && secretRef === undefined) {
      causes.push(invalidValue(field, '', 'must specify one of: `configMapRef` or `secretRef`'));
    } else if (configMapRef !== undefined && secretRef !== undefined) {
      causes.push(invalidValue(field, '', 'may not have more than one field specified at a time'));
    }
    return causes;
  });
}

function validateSource(source: EnvVarSource, value: string | undefined, path: string): FieldCause[] {
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef } = source;
  const causes: FieldCause[] = [];
  if (fieldRef !== undefined) causes.push(...validateFieldRef(fieldRef, envFields, `${path}.fieldRef`));
  if (resourceFieldRef !== undefined) {
    causes.push(...validateResourceRef(resourceFieldRef, false, `${path}.resourceFieldRef`));
  }
  if (configMapKeyRef !== undefined) causes.push(...validateKeyRef(configMapKeyRef, `${path}.configMapKeyRef`));
  if (secretKeyRef !== undefined) causes.push(...validateKeyRef(secretKeyRef, `${path}.secretKeyRef`));
  const count = [fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef].filter(
    (each) => each !== undefined,
  ).length;
  if (count === 0) {
    const text =
      'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`';
    causes.push(invalidValue(path, '', text));
  } else if (value) {
    causes.push(invalidValue(path, '', 'may not be specified when `value` is not empty'));
  } else if (count > 1) {
    causes.push(invalidValue(path, '', 'may not have more than one field specified at a time'));
  }
  return causes;
}

/** A field of the pod by its path. @param supported The paths that may be named here; labels and annotations also by key. */
export function validateFieldRef(
  { fieldPath, apiVersion }: ObjectFieldSelector,
  supported: readonly string[],
  path: string,
): FieldCause[] {
  if (!apiVersion) return [required(`${path}.apiVersion`)];
  const subscript = /^([^[\]]*)\['(.*)'\]$/s.exec(fieldPath);
  if (subscript !== null) {
    const [, owner = '', key = ''] = subscript;
    if (owner === 'metadata.labels') return invalidValues(path, key, qualifiedNameProblems(key));
    if (owner === 'metadata.annotations') return invalidValues(path, key, qualifiedNameProblems(key.toLowerCase()));
    return [invalidValue(path, owner, 'does not support subscript')];
  }
  if (!knownFields.includes(fieldPath)) {
    const text = `error converting fieldPath: field label not supported: ${fieldPath}`;
    return [invalidValue(`${path}.fieldPath`, fieldPath, text)];
  }
  return supported.includes(fieldPath) ? [] : [notSupported(`${path}.fieldPath`, fieldPath, supported)];
}

/** A resource of a container. @param isFile True in a volume, which belongs to no container and must name one. */
export function validateResourceRef(
  { containerName, resource, divisor }: ResourceFieldSelector,
  isFile: boolean,
  path: string,
): FieldCause[] {
  if (isFile && !containerName) return [required(`${path}.containerName`)];
  const isPages = pages.some((prefix) => resource.startsWith(prefix));
  if (!resources.includes(resource) && !isPages) return [notSupported(`${path}.resource`, resource, resources)];
  if (divisor === undefined || divisor === '0') return [];
  const isCpu = resource.endsWith('.cpu');
  if ((isCpu ? ['1m', '1'] : byteDivisors).includes(divisor)) return [];
  const text = isCpu
    ? "only divisor's values 1m and 1 are supported with the cpu resource"
    : `only divisor's values ${byteDivisors.join(', ')} are supported with the ${resource.replace(/^\w+\./, '')} resource`;
  return [invalidValue(`${path}.divisor`, divisor, text)];
}

function validateReference({ name = '' }: { readonly name?: string }, path: string): FieldCause[] {
  return name === '' ? [required(`${path}.name`)] : invalidValues(`${path}.name`, name, dnsSubdomainProblems(name));
}

function validateKeyRef(reference: ConfigMapKeySelector | SecretKeySelector, path: string): FieldCause[] {
  return [
    ...validateReference(reference, path),
    ...invalidValues(`${path}.key`, reference.key, configKeyProblems(reference.key)),
  ];
}

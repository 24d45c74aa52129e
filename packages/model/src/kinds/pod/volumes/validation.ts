/** Validation of a pod's volumes. */
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type {
  ConfigMapVolumeSource,
  DownwardAPIVolumeFile,
  EmptyDirVolumeSource,
  HostPathVolumeSource,
  KeyToPath,
  ProjectedVolumeSource,
  SecretVolumeSource,
  Volume,
  VolumeProjection,
} from '../../../gen/gantry.core.v1.ts';
import { compareQuantities, parseQuantity, quantityProblem } from '../../../quantity.ts';
import { duplicates, forbidden, invalidValue, invalidValues, oneOf, required } from '../../../validation/causes.ts';
import { dnsLabelProblems } from '../../../validation/names.ts';
import { fileFields, validateFieldRef, validateResourceRef } from '../containers/env.ts';
import { pathsOf, validatePodCertificate, validateTrust } from './certificates.ts';
import { validateFilePath, validateInnerPath, validateNoBacksteps } from './paths.ts';

const hostPathTypes = [
  '',
  'BlockDevice',
  'CharDevice',
  'Directory',
  'DirectoryOrCreate',
  'File',
  'FileOrCreate',
  'Socket',
];
/** Highest permission bits: octal 0777. */
const maxMode = 0o777;
/** A token lives for ten minutes at least, and at most for as many seconds as 32 bits can count. */
const minTokenSeconds = 600;
const maxTokenSeconds = 2 ** 32;
const zero = parseQuantity('0');

/** Volumes: uniquely named, each with exactly one source. */
export function validateVolumes(volumes: readonly Volume[], path: string): FieldCause[] {
  return [
    ...volumes.flatMap((volume, index) => validateVolume(volume, `${path}[${index}]`)),
    ...duplicates(
      volumes.map(({ name }) => name),
      (index) => `${path}[${index}].name`,
    ),
  ];
}

function validateVolume({ name, ...sources }: Volume, path: string): FieldCause[] {
  const [first, ...more] = Object.entries(sources)
    .filter(([, source]) => source !== undefined)
    .map(([type]) => type);
  return [
    ...invalidValues(`${path}.name`, name, dnsLabelProblems(name)),
    ...(first === undefined ? [required(path, 'must specify a volume type')] : validateSource(sources, path)),
    ...more.map((type) => forbidden(`${path}.${type}`, 'may not specify more than 1 volume type')),
  ];
}

/** The sources that nodes know how to mount; of the others the schema says all. */
function validateSource(volume: Omit<Volume, 'name'>, path: string): FieldCause[] {
  const { emptyDir, hostPath, secret, configMap, downwardAPI, projected, persistentVolumeClaim, nfs, image } = volume;
  const causes: FieldCause[] = [];
  if (emptyDir !== undefined) causes.push(...validateEmptyDir(emptyDir, `${path}.emptyDir`));
  if (hostPath !== undefined) causes.push(...validateHostPath(hostPath, `${path}.hostPath`));
  if (secret !== undefined) causes.push(...validateSecret(secret, `${path}.secret`));
  if (configMap !== undefined) causes.push(...validateConfigMap(configMap, `${path}.configMap`));
  if (downwardAPI !== undefined) {
    causes.push(...validateMode(downwardAPI.defaultMode, `${path}.downwardAPI.defaultMode`));
    causes.push(...validateFiles(downwardAPI.items ?? [], `${path}.downwardAPI`));
  }
  if (projected !== undefined) causes.push(...validateProjected(projected, `${path}.projected`));
  if (persistentVolumeClaim !== undefined) {
    const { claimName } = persistentVolumeClaim;
    const field = `${path}.persistentVolumeClaim.claimName`;
    if (!claimName) causes.push(required(field));
  }
  if (nfs !== undefined && !nfs.path.startsWith('/')) {
    causes.push(invalidValue(`${path}.nfs.path`, nfs.path, 'must be an absolute path'));
  }
  if (image !== undefined) {
    if (!image.reference) causes.push(required(`${path}.image.reference`));
    causes.push(...oneOf(`${path}.image.pullPolicy`, image.pullPolicy, ['Always', 'IfNotPresent', 'Never']));
  }
  if (volume.ephemeral !== undefined && volume.ephemeral.volumeClaimTemplate === undefined) {
    causes.push(required(`${path}.ephemeral.volumeClaimTemplate`));
  }
  return causes;
}

function validateEmptyDir({ sizeLimit }: EmptyDirVolumeSource, path: string): FieldCause[] {
  if (sizeLimit === undefined) return [];
  const field = `${path}.sizeLimit`;
  const problem = quantityProblem(sizeLimit);
  if (problem !== undefined) return [invalidValue(field, sizeLimit, problem)];
  return compareQuantities(parseQuantity(sizeLimit), zero) < 0
    ? [forbidden(field, 'SizeLimit field must be a valid resource quantity')]
    : [];
}

function validateHostPath({ path: hostPath, type }: HostPathVolumeSource, path: string): FieldCause[] {
  return [...validateNoBacksteps(hostPath, `${path}.path`), ...oneOf(`${path}.type`, type, hostPathTypes)];
}

function validateSecret({ secretName, defaultMode, items = [] }: SecretVolumeSource, path: string): FieldCause[] {
  return [
    ...(secretName ? [] : [required(`${path}.secretName`)]),
    ...validateMode(defaultMode, `${path}.defaultMode`),
    ...validateItems(items, `${path}.items`),
  ];
}

function validateConfigMap({ name, defaultMode, items = [] }: ConfigMapVolumeSource, path: string): FieldCause[] {
  return [
    ...(name ? [] : [required(`${path}.name`)]),
    ...validateMode(defaultMode, `${path}.defaultMode`),
    ...validateItems(items, `${path}.items`),
  ];
}

function validateItems(items: readonly KeyToPath[], path: string): FieldCause[] {
  return items.flatMap(({ path: filePath, mode }, index) => [
    ...validateFilePath(filePath, `${path}[${index}].path`),
    ...validateMode(mode, `${path}[${index}].mode`),
  ]);
}

function validateFiles(files: readonly DownwardAPIVolumeFile[], path: string): FieldCause[] {
  return files.flatMap(({ path: filePath, fieldRef, resourceFieldRef, mode }) => {
    const causes = [...validateFilePath(filePath, `${path}.path`), ...validateMode(mode, `${path}.mode`)];
    if (fieldRef !== undefined) causes.push(...validateFieldRef(fieldRef, fileFields, `${path}.fieldRef`));
    if (fieldRef !== undefined && resourceFieldRef !== undefined) {
      causes.push(invalidValue(path, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously'));
    } else if (resourceFieldRef !== undefined) {
      causes.push(...validateResourceRef(resourceFieldRef, true, `${path}.resourceFieldRef`));
    } else if (fieldRef === undefined) {
      causes.push(required(path, 'one of fieldRef and resourceFieldRef is required'));
    }
    return causes;
  });
}

function validateProjected({ defaultMode, sources = [] }: ProjectedVolumeSource, path: string): FieldCause[] {
  return [
    ...validateMode(defaultMode, `${path}.defaultMode`),
    ...sources.flatMap((source, index) => validateProjection(source, `${path}.sources[${index}]`)),
    ...duplicatePaths(sources, `${path}.sources`),
  ];
}

function validateProjection(source: VolumeProjection, path: string): FieldCause[] {
  const { secret, configMap, downwardAPI, serviceAccountToken: token, clusterTrustBundle, podCertificate } = source;
  const [first, ...more] = Object.entries(source)
    .filter(([, each]) => each !== undefined)
    .map(([type]) => type);
  if (first === undefined) return [required(path, 'must specify a volume type')];
  const causes = more.map((type) => forbidden(`${path}.${type}`, 'may not specify more than 1 volume type per source'));
  for (const [type, each] of [['secret', secret] as const, ['configMap', configMap] as const]) {
    if (each === undefined) continue;
    if (!each.name) causes.push(required(`${path}.${type}.name`));
    causes.push(...validateItems(each.items ?? [], `${path}.${type}.items`));
  }
  if (downwardAPI !== undefined) causes.push(...validateFiles(downwardAPI.items ?? [], `${path}.downwardAPI`));
  if (token !== undefined) {
    const seconds = token.expirationSeconds;
    const field = `${path}.serviceAccountToken.expirationSeconds`;
    if (seconds !== undefined && seconds < minTokenSeconds) {
      causes.push(invalidValue(field, seconds, 'may not specify a duration less than 10 minutes'));
    } else if (seconds !== undefined && seconds > maxTokenSeconds) {
      causes.push(invalidValue(field, seconds, 'may not specify a duration larger than 2^32 seconds'));
    }
    causes.push(...validateInnerPath(token.path, `${path}.serviceAccountToken.path`));
  }
  if (clusterTrustBundle !== undefined) causes.push(...validateTrust(clusterTrustBundle, `${path}.clusterTrustBundle`));
  if (podCertificate !== undefined) causes.push(...validatePodCertificate(podCertificate, `${path}.podCertificate`));
  return causes;
}

/** Two sources can't both make the same file. */
function duplicatePaths(sources: readonly VolumeProjection[], path: string): FieldCause[] {
  const seen = new Set<string>();
  return sources.flatMap((source, index) => {
    const { secret, configMap, downwardAPI, serviceAccountToken, clusterTrustBundle, podCertificate } = source;
    const items = [...(secret?.items ?? []), ...(configMap?.items ?? []), ...(downwardAPI?.items ?? [])];
    const paths = items.map((item) => item.path);
    if (serviceAccountToken !== undefined) paths.push(serviceAccountToken.path);
    if (clusterTrustBundle !== undefined) paths.push(clusterTrustBundle.path);
    if (podCertificate !== undefined) paths.push(...pathsOf(podCertificate).map(([, path]) => path));
    return paths.flatMap((each) => {
      if (seen.size !== seen.add(each).size) return [];
      return [invalidValue(`${path}[${index}]`, each, 'conflicting duplicate paths')];
    });
  });
}

function validateMode(mode: number | undefined, field: string): FieldCause[] {
  return mode === undefined || (mode >= 0 && mode <= maxMode)
    ? []
    : [invalidValue(field, mode, 'must be a number between 0 and 0777 (octal), both inclusive')];
}

import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { ClusterTrustBundleProjection, PodCertificateProjection } from '../../../gen/gantry.core.v1.ts';
import { invalidValue, notSupported, required } from '../../../validation/causes.ts';
import { validateLabelSelector } from '../../../validation/labels.ts';
import { signerNameCauses } from '../../certificatesigningrequest/signer-name.ts';
import { bundleNameProblems } from '../../clustertrustbundle/validation.ts';
import { maxSecondsOf, minSeconds, validateWishes } from '../../podcertificaterequest/validation.ts';
import { validateInnerPath } from './paths.ts';

// Sources of projected volumes that show certificates.

const keyTypes = ['RSA3072', 'RSA4096', 'ECDSAP256', 'ECDSAP384', 'ECDSAP521', 'ED25519'];

/** Validates certificates of authorities. */
export function validateTrust(source: ClusterTrustBundleProjection, field: string): FieldCause[] {
  return [...validateChoice(source, field), ...validateInnerPath(source.path, `${field}.path`)];
}

function validateChoice(
  { name, signerName, labelSelector }: ClusterTrustBundleProjection,
  field: string,
): FieldCause[] {
  if (name !== undefined && signerName !== undefined) {
    return [invalidValue(field, null, 'only one of name and signerName may be used')];
  }
  if (name !== undefined) {
    const end = name.lastIndexOf(':');
    const problems = bundleNameProblems(name, end < 0 ? '' : name.slice(0, end).replaceAll(':', '/'));
    return [
      ...(name === '' ? [required(`${field}.name`, 'must be a valid object name')] : []),
      ...problems.map((each) => invalidValue(`${field}.name`, name, `not a valid clustertrustbundlename: ${each}`)),
      ...(labelSelector === undefined
        ? []
        : [invalidValue(`${field}.labelSelector`, labelSelector, 'labelSelector must be unset if name is specified')]),
    ];
  }
  if (signerName === undefined) return [required(field, 'either name or signerName must be specified')];
  return [
    ...signerNameCauses(`${field}.signerName`, signerName),
    ...validateLabelSelector(labelSelector, `${field}.labelSelector`),
  ];
}

/** Validates a key with its certificate. */
export function validatePodCertificate(source: PodCertificateProjection, field: string): FieldCause[] {
  const { signerName = '', keyType = '', maxExpirationSeconds: seconds, userAnnotations = {} } = source;
  const max = maxSecondsOf(signerName);
  const path = `${field}.maxExpirationSeconds`;
  const named = pathsOf(source);
  return [
    ...signerNameCauses(`${field}.signerName`, signerName),
    ...validateWishes(userAnnotations, `${field}.userAnnotations`),
    ...(keyTypes.includes(keyType) ? [] : [notSupported(`${field}.keyType`, keyType, keyTypes)]),
    ...(seconds !== undefined && seconds < minSeconds
      ? [invalidValue(path, seconds, `if provided, maxExpirationSeconds must be >= ${minSeconds}`)]
      : []),
    ...(seconds !== undefined && seconds > max
      ? [invalidValue(path, seconds, `if provided, maxExpirationSeconds must be <= ${max}`)]
      : []),
    ...named.flatMap(([name, value]) => validateInnerPath(value, `${field}.${name}`)),
    ...(named.length === 0
      ? [required(field, 'specify at least one of credentialBundlePath, keyPath, and certificateChainPath')]
      : []),
  ];
}

/** The files of a key with its certificate, each with the name of its field. */
export function pathsOf(source: PodCertificateProjection): [string, string][] {
  return (['credentialBundlePath', 'keyPath', 'certificateChainPath'] as const).flatMap((name) => {
    const path = source[name];
    return path ? [[name, path]] : [];
  });
}

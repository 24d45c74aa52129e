import type { KeyObject } from 'node:crypto';
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { PodCertificateRequest } from '../../gen/gantry.certificates.v1.ts';
import { invalidField, invalidValue, invalidValues, tooLong } from '../../validation/causes.ts';
import { validateAnnotations } from '../../validation/metadata.ts';
import { dnsSubdomainProblems } from '../../validation/names.ts';
import { readSignedRequest } from '../certificatesigningrequest/pem.ts';
import { signerNameCauses } from '../certificatesigningrequest/signer-name.ts';

/** Seconds of validity that may be asked for, as Kubernetes bounds them: its own signers issue for a day at most. */
export const defaultSeconds = 86_400;
export const minSeconds = 3_600;
const maxSeconds = 91 * 86_400;
const maxUidBytes = 128;
const maxRequestBytes = 10 * 1024;
const requestField = 'spec.stubPKCS10Request';
const curves = ['prime256v1', 'secp384r1', 'secp521r1'];

/** Validates a new request. */
export function validatePodCertificateRequest({ spec }: PodCertificateRequest): FieldCause[] {
  const { signerName = '', maxExpirationSeconds = defaultSeconds, unverifiedUserAnnotations } = spec;
  const max = maxSecondsOf(signerName);
  const isInRange = maxExpirationSeconds >= minSeconds && maxExpirationSeconds <= max;
  return [
    ...signerNameCauses('spec.signerName', signerName),
    ...validateWishes(unverifiedUserAnnotations ?? {}, 'spec.unverifiedUserAnnotations'),
    ...validateParty('pod', spec.podName, spec.podUID),
    ...validateParty('serviceAccount', spec.serviceAccountName, spec.serviceAccountUID),
    ...validateParty('node', spec.nodeName, spec.nodeUID),
    ...(isInRange
      ? []
      : [
          invalidValue(
            'spec.maxExpirationSeconds',
            maxExpirationSeconds,
            `must be in the range [${minSeconds}, ${max}]`,
          ),
        ]),
    ...validateKey(Buffer.from(spec.stubPKCS10Request ?? '', 'base64')),
  ];
}

/** Most seconds of validity of a signer's certificates. */
export function maxSecondsOf(signerName: string): number {
  return /^([^/]*\.)?kubernetes\.io\//.test(signerName) ? defaultSeconds : maxSeconds;
}

/** Validates what a pod's author wants of a signer. */
export function validateWishes(annotations: Readonly<Record<string, string>>, field: string): FieldCause[] {
  const plain = Object.keys(annotations).filter((key) => !key.includes('/'));
  return [
    ...plain.map((key) => invalidValue(field, key, "must be a domain-prefixed key (such as 'acme.io/foo')")),
    ...validateAnnotations(annotations, field),
  ];
}

function validateParty(party: 'pod' | 'serviceAccount' | 'node', name = '', uid = ''): FieldCause[] {
  const field = `spec.${party}UID`;
  return [
    ...invalidValues(`spec.${party}Name`, name, dnsSubdomainProblems(name)),
    ...(uid === '' ? [invalidValue(field, uid, 'must not be empty')] : []),
    ...(uid.length > maxUidBytes ? [tooLong(field, maxUidBytes)] : []),
  ];
}

function validateKey(der: Buffer): FieldCause[] {
  if (der.length === 0) {
    const problem = 'exactly one of (stubPKCS10Request) or (pkixPublicKey, proofOfPossession) must be set';
    return [invalidField('spec', problem)];
  }
  if (der.length > maxRequestBytes) return [tooLong(requestField, maxRequestBytes)];
  try {
    const { key, isSigned } = readSignedRequest(der);
    const causes = validateKeyType(key);
    return causes.length === 0 && !isSigned ? [invalidField(requestField, 'invalid signature')] : causes;
  } catch {
    return [invalidField(requestField, 'must be a valid PKCS#10 CSR')];
  }
}

function validateKeyType({ asymmetricKeyType, asymmetricKeyDetails = {} }: KeyObject): FieldCause[] {
  const { namedCurve = '', modulusLength = 0 } = asymmetricKeyDetails;
  switch (asymmetricKeyType) {
    case 'ed25519':
      return [];
    case 'ec': {
      const problem = 'elliptic public keys must use curve P256, P384, or P521';
      return curves.includes(namedCurve) ? [] : [invalidValue(requestField, `curve ${namedCurve}`, problem)];
    }
    case 'rsa': {
      const problem = 'RSA keys must have modulus size 3072 or 4096';
      const isFine = [3072, 4096].includes(modulusLength);
      return isFine ? [] : [invalidValue(requestField, `${modulusLength}-bit modulus`, problem)];
    }
    default:
      return [invalidField(requestField, 'unknown public key type; supported types are Ed25519, ECDSA, and RSA')];
  }
}

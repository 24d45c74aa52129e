import { X509Certificate } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type {
  CertificateSigningRequest,
  CertificateSigningRequestCondition,
} from '../../gen/gantry.certificates.v1.ts';
import { duplicate, duplicates, forbidden, invalidValue, notSupported, required } from '../../validation/causes.ts';
import { checkRequest } from './pem.ts';
import { signerNameCauses } from './signer-name.ts';

/** Uses of a key that a request may name, in the order in which Kubernetes lists them. */
const knownUsages = [
  ...['any', 'cert sign', 'client auth', 'code signing', 'content commitment', 'crl sign', 'data encipherment'],
  ...['decipher only', 'digital signature', 'email protection', 'encipher only', 'ipsec end system', 'ipsec tunnel'],
  ...['ipsec user', 'key agreement', 'key encipherment', 'microsoft sgc', 'netscape sgc', 'ocsp signing', 's/mime'],
  ...['server auth', 'signing', 'timestamping'],
];
/** Shortest validity that can be asked for, in seconds. */
const minSeconds = 600;
/** Conditions that are never taken back, and never other than True. */
const finalTypes = ['Approved', 'Denied', 'Failed'];
const conditionsField = 'status.conditions';

/** Validates a request. */
export function validateRequest({ spec, status = {} }: CertificateSigningRequest): FieldCause[] {
  const { request = '', usages = [], signerName = '', expirationSeconds } = spec;
  const problem = checkRequest(Buffer.from(request, 'base64'));
  return [
    ...(problem === undefined ? [] : [invalidValue('spec.request', request === '' ? null : request, problem)]),
    ...(usages.length === 0 ? [required('spec.usages')] : []),
    ...usages.flatMap((usage, index) =>
      knownUsages.includes(usage) ? [] : [notSupported(`spec.usages[${index}]`, usage, knownUsages)],
    ),
    ...duplicates(usages, (index) => `spec.usages[${index}]`),
    ...signerNameCauses('spec.signerName', signerName),
    ...(expirationSeconds !== undefined && expirationSeconds < minSeconds
      ? [
          invalidValue(
            'spec.expirationSeconds',
            expirationSeconds,
            `may not specify a duration less than ${minSeconds} seconds (10 minutes)`,
          ),
        ]
      : []),
    ...validateConditions(status.conditions ?? []),
    ...validateCertificate(status.certificate),
  ];
}

/** Validates the change of anything but the parts that have paths of their own. */
export function validateRequestUpdate(
  object: CertificateSigningRequest,
  stored: CertificateSigningRequest,
): FieldCause[] {
  return [...keptConditions(object, stored), ...keptApproval(object, stored), ...keptCertificate(object, stored)];
}

/** Validates a change of the status, which a signer makes: no approval, and no other certificate. */
export function validateRequestStatus(
  object: CertificateSigningRequest,
  stored: CertificateSigningRequest,
): FieldCause[] {
  const replaces = stored.status?.certificate && object.status?.certificate !== stored.status.certificate;
  return [
    ...validateRequest(object),
    ...keptConditions(object, stored),
    ...keptApproval(object, stored),
    ...(replaces ? [forbidden('status.certificate', 'updates may not modify existing certificate content')] : []),
  ];
}

/** Validates a change of the approval. */
export function validateApproval(object: CertificateSigningRequest, stored: CertificateSigningRequest): FieldCause[] {
  return [...keptConditions(object, stored), ...keptCertificate(object, stored)];
}

function validateConditions(conditions: readonly CertificateSigningRequestCondition[]): FieldCause[] {
  const seen = new Set<string>();
  return conditions.flatMap(({ type, status }, index) => {
    const path = `${conditionsField}[${index}]`;
    const causes: FieldCause[] = type ? [] : [required(`${path}.type`)];
    const allowed = finalTypes.includes(type) ? ['True'] : ['False', 'True', 'Unknown'];
    if (!status) causes.push(required(`${path}.status`));
    else if (!allowed.includes(status)) causes.push(notSupported(`${path}.status`, status, allowed));
    const opposite = { Approved: 'Denied', Denied: 'Approved' }[type];
    if (opposite !== undefined && seen.has(opposite)) {
      causes.push(invalidValue(conditionsField, type, 'Approved and Denied conditions are mutually exclusive'));
    }
    if (seen.size === seen.add(type).size) causes.push(duplicate(`${path}.type`, type));
    return causes;
  });
}

function validateCertificate(base64: string | undefined): FieldCause[] {
  if (!base64) return [];
  const refuse = (problem: string): FieldCause[] => [invalidValue('status.certificate', '<certificate data>', problem)];
  const text = Buffer.from(base64, 'base64').toString('utf8');
  const blocks = [...text.matchAll(/-----BEGIN ([^-]+)-----[\s\S]*?-----END \1-----/g)];
  const other = blocks.find(([, label]) => label !== 'CERTIFICATE');
  if (other !== undefined) return refuse(`only CERTIFICATE PEM blocks are allowed, found ${JSON.stringify(other[1])}`);
  if (blocks.length === 0) return refuse('must contain at least one CERTIFICATE PEM block');
  try {
    for (const [block] of blocks) new X509Certificate(block);
    return [];
  } catch (error) {
    return refuse((error as Error).message);
  }
}

function ofType({ status }: CertificateSigningRequest, type: string): CertificateSigningRequestCondition[] {
  return (status?.conditions ?? []).filter((one) => one.type === type);
}

function keptConditions(object: CertificateSigningRequest, stored: CertificateSigningRequest): FieldCause[] {
  return finalTypes
    .filter((type) => ofType(object, type).length < ofType(stored, type).length)
    .map((type) => forbidden(conditionsField, `updates may not remove a condition of type ${JSON.stringify(type)}`));
}

function keptApproval(object: CertificateSigningRequest, stored: CertificateSigningRequest): FieldCause[] {
  return ['Approved', 'Denied'].flatMap((type) => {
    const [wanted, had] = [ofType(object, type), ofType(stored, type)];
    if (wanted.length < had.length || isDeepStrictEqual(wanted, had)) return [];
    const verb = wanted.length > had.length ? 'add' : 'modify';
    return [forbidden(conditionsField, `updates may not ${verb} a condition of type ${JSON.stringify(type)}`)];
  });
}

function keptCertificate(object: CertificateSigningRequest, stored: CertificateSigningRequest): FieldCause[] {
  return (object.status?.certificate ?? '') === (stored.status?.certificate ?? '')
    ? []
    : [forbidden('status.certificate', 'updates may not set certificate content')];
}

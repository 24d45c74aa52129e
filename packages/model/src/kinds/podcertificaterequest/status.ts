import { X509Certificate } from 'node:crypto';
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { PodCertificateRequest, PodCertificateRequestStatus } from '../../gen/gantry.certificates.v1.ts';
import { sameJson } from '../../same-json.ts';
import { invalidField, invalidValue, notSupported, required, tooLong } from '../../validation/causes.ts';
import { validateConditions } from '../../validation/conditions.ts';
import { readSignedRequest } from '../certificatesigningrequest/pem.ts';
import { defaultSeconds } from './validation.ts';

/** Conditions that end a request; it has one of them at most. */
const finalTypes = ['Issued', 'Denied', 'Failed'];
const maxChainBytes = 100 * 1024;
const chainField = 'status.certificateChain';
const hourMs = 3_600_000;
/** Least time between the times of a certificate, in milliseconds. */
const marginMs = 600_000;

/** Validates what a signer says: a request ends once, with a certificate that fits it or with none. */
export function validateCertificateStatus(object: PodCertificateRequest, stored: PodCertificateRequest): FieldCause[] {
  const [status, before] = [object.status ?? {}, stored.status ?? {}];
  const conditions = validateFinal(status);
  if (conditions.length > 0) return conditions;
  if (endOf(before) !== undefined) {
    const problem = 'immutable after PodCertificateRequest is issued, denied, or failed';
    return sameJson(status, before) ? [] : [invalidField('status', problem)];
  }
  switch (endOf(status)) {
    case 'Issued':
      return validateIssued(stored, status);
    case undefined: {
      const problem = 'status is immutable unless transitioning to "Issued", "Denied", or "Failed"';
      return sameJson(status, before) ? [] : [invalidField('status', problem)];
    }
    default: {
      const { conditions: _, ...rest } = status;
      const isEmpty = Object.values(rest).every((value) => value === undefined || value === '');
      const problem = 'non-condition status fields must be empty when denying or failing the PodCertificateRequest';
      return isEmpty ? [] : [invalidField('status', problem)];
    }
  }
}

function endOf({ conditions = [] }: PodCertificateRequestStatus): string | undefined {
  return conditions.find(({ type, status }) => finalTypes.includes(type) && status === 'True')?.type;
}

function validateFinal({ conditions = [] }: PodCertificateRequestStatus): FieldCause[] {
  let known = 0;
  const causes = conditions.flatMap(({ type, status }, index): FieldCause[] => {
    const field = `status.conditions[${index}]`;
    if (!finalTypes.includes(type)) return [notSupported(`${field}.type`, type, finalTypes)];
    known++;
    const problem = 'There may be at most one condition with type "Issued", "Denied", or "Failed"';
    return [
      ...(known > 1 ? [invalidValue(`${field}.type`, type, problem)] : []),
      ...(status === 'True' ? [] : [notSupported(`${field}.status`, status, ['True'])]),
    ];
  });
  return [...causes, ...validateConditions(conditions, 'status.conditions')];
}

function validateIssued({ spec }: PodCertificateRequest, status: PodCertificateRequestStatus): FieldCause[] {
  const { certificateChain = '' } = status;
  if (certificateChain.length > maxChainBytes) return [tooLong(chainField, maxChainBytes)];
  const chain = readChain(certificateChain);
  if (typeof chain === 'string') return [invalidValue(chainField, certificateChain, chain)];
  const [leaf] = chain;
  const { key } = readSignedRequest(Buffer.from(spec.stubPKCS10Request ?? '', 'base64'));
  if (!leaf.publicKey.equals(key)) {
    return [invalidValue(chainField, certificateChain, 'leaf certificate was not issued to the requested public key')];
  }
  return validateTimes(status, leaf, spec.maxExpirationSeconds ?? defaultSeconds);
}

/** The certificates of a chain, or what is wrong with it. */
function readChain(pem: string): [X509Certificate, ...X509Certificate[]] | string {
  const blocks = [...pem.matchAll(/-----BEGIN ([^-]+)-----[\s\S]*?-----END \1-----/g)];
  if (blocks.length === 0) return 'issued certificate chain must contain at least one certificate';
  if (blocks.some(([, label]) => label !== 'CERTIFICATE')) {
    return 'issued certificate chain must consist entirely of CERTIFICATE PEM blocks';
  }
  const read: X509Certificate[] = [];
  try {
    for (const [block] of blocks) read.push(new X509Certificate(block));
  } catch {
    return `${read.length === 0 ? 'leaf' : 'intermediate'} certificate does not parse as valid X.509`;
  }
  return read as [X509Certificate];
}

function validateTimes(
  { notBefore, notAfter, beginRefreshAt }: PodCertificateRequestStatus,
  { validFromDate, validToDate }: X509Certificate,
  maxExpirationSeconds: number,
): FieldCause[] {
  const consistent = 'must be present and consistent with the issued certificate';
  const missing = [
    ...(notBefore ? [] : [required('status.notBefore', consistent)]),
    ...(notAfter ? [] : [required('status.notAfter', consistent)]),
    ...(beginRefreshAt
      ? []
      : [required('status.beginRefreshAt', 'must be present and in the range [notbefore+10min, notafter-10min]')]),
  ];
  if (missing.length > 0) return missing;
  const [from, to, refresh] = [notBefore, notAfter, beginRefreshAt].map((time) => Date.parse(time!)) as [
    number,
    number,
    number,
  ];
  const encoded = (name: string): string => `must be set to the ${name} time encoded in the leaf certificate`;
  if (from !== validFromDate.getTime()) return [invalidValue('status.notBefore', notBefore, encoded('NotBefore'))];
  if (to !== validToDate.getTime()) return [invalidValue('status.notAfter', notAfter, encoded('NotAfter'))];
  const lifetime = `${(to - from) / 1_000}s`;
  if (to - from < hourMs) return [invalidValue(chainField, lifetime, 'leaf certificate lifetime must be >= 1 hour')];
  if (to - from > maxExpirationSeconds * 1_000) {
    const problem = `leaf certificate lifetime must be <= spec.maxExpirationSeconds (${maxExpirationSeconds})`;
    return [invalidValue(chainField, lifetime, problem)];
  }
  const field = 'status.beginRefreshAt';
  if (refresh < from + marginMs)
    return [invalidValue(field, beginRefreshAt, 'must be at least 10 minutes after status.notBefore')];
  if (refresh > to - marginMs)
    return [invalidValue(field, beginRefreshAt, 'must be at least 10 minutes before status.notAfter')];
  return [];
}

import { X509Certificate } from 'node:crypto';
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { ClusterTrustBundle } from '../../gen/gantry.certificates.v1.ts';
import { immutable, invalidValue, invalidValues, tooLong } from '../../validation/causes.ts';
import { dnsSubdomainProblems } from '../../validation/names.ts';
import { signerNameCauses } from '../certificatesigningrequest/signer-name.ts';

const bundleField = 'spec.trustBundle';
/** Largest bundle in bytes, as Kubernetes bounds it. */
const maxBundleBytes = 1024 * 1024;

/** Validates everything but the certificates. */
export function validateBundle({ metadata, spec }: ClusterTrustBundle): FieldCause[] {
  const { signerName = '' } = spec;
  const name = metadata.name || metadata.generateName || '';
  return [
    ...invalidValues('metadata.name', name, bundleNameProblems(name, signerName)),
    ...(signerName === '' ? [] : signerNameCauses('spec.signerName', signerName)),
  ];
}

/** Validates the certificates of a new bundle. */
export function validateNewBundle({ spec }: ClusterTrustBundle): FieldCause[] {
  return validateCertificates(spec.trustBundle ?? '');
}

/** Validates a change: certificates that stay are not read again. */
export function validateBundleUpdate({ spec }: ClusterTrustBundle, { spec: stored }: ClusterTrustBundle): FieldCause[] {
  const { signerName = '', trustBundle = '' } = spec;
  return [
    ...(trustBundle === (stored.trustBundle ?? '') ? [] : validateCertificates(trustBundle)),
    ...(signerName === (stored.signerName ?? '') ? [] : [immutable('spec.signerName', signerName)]),
  ];
}

/** Problems of a bundle's name; `signerName` is empty for a bundle of no signer. */
export function bundleNameProblems(name: string, signerName: string): string[] {
  if (signerName === '') {
    const problem = 'ClusterTrustBundle without signer name must not have ":" in its name';
    return name.includes(':') ? [problem] : dnsSubdomainProblems(name);
  }
  const prefix = `${signerName.replaceAll('/', ':')}:`;
  if (name.startsWith(prefix)) return dnsSubdomainProblems(name.slice(prefix.length));
  return [`ClusterTrustBundle for signerName ${signerName} must be named with prefix ${prefix}`];
}

function validateCertificates(pem: string): FieldCause[] {
  if (Buffer.byteLength(pem) > maxBundleBytes) return [tooLong(bundleField, maxBundleBytes)];
  const blocks = [...pem.matchAll(/-----BEGIN ([^-]+)-----\n([\s\S]*?)-----END \1-----/g)];
  const wrong = (problem: string): FieldCause => invalidValue(bundleField, '<value omitted>', problem);
  const places = new Map<string, number[]>();
  const causes = blocks.flatMap(([block, label = '', content = ''], index) => {
    const read = readAuthority(block, label, content);
    if (typeof read === 'string') return [wrong(`entry ${index} ${read}`)];
    const identity = read.raw.toString('base64');
    places.set(identity, [...(places.get(identity) ?? []), index]);
    return [];
  });
  if (causes.length > 0) return causes;
  if (places.size === 0) return [wrong('at least one trust anchor must be provided')];
  const repeated = [...places.values()].filter(({ length }) => length > 1);
  return repeated.map((indexes) => wrong(`duplicate trust anchor (indices [${indexes.join(' ')}])`));
}

/** The certificate of a block, or what is wrong with it. */
function readAuthority(block: string, label: string, content: string): X509Certificate | string {
  if (label !== 'CERTIFICATE') return `has bad block type: ${label}`;
  if (content.includes(':')) return 'has PEM block headers';
  try {
    const certificate = new X509Certificate(block);
    return certificate.ca ? certificate : 'does not have the CA bit set';
  } catch {
    return 'does not parse as X.509';
  }
}

/** Certificate requests (PKCS #10): their making, what is in them, and their signing. */
// The x509 library needs its decorators' metadata before it is loaded.
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { certify, type KeyPair, newKeys, privatePem } from './authority.ts';

/** Facts of a request. The signature was checked when it was taken in. */
export interface RequestedName {
  /** Empty where the request has none. */
  readonly commonName: string;
  readonly organizations: readonly string[];
  readonly dns: readonly string[];
  readonly ips: readonly string[];
  /** Names of other sorts, such as mail addresses. */
  readonly others: readonly string[];
}

/** Makes a key, and a request for a certificate with it; a server names what it is reached under. */
export async function makeRequest(
  commonName: string,
  organizations: readonly string[],
  { dns = [], ips = [] }: { readonly dns?: readonly string[]; readonly ips?: readonly string[] } = {},
): Promise<{ readonly request: string; readonly key: string }> {
  const keys = await newKeys();
  const names = [
    ...dns.map((value) => ({ type: 'dns' as const, value })),
    ...ips.map((value) => ({ type: 'ip' as const, value })),
  ];
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: [...organizations.map((name) => ({ O: [name] })), { CN: [commonName] }],
    keys,
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
    extensions: names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : [],
  });
  return { request: `${request.toString('pem')}\n`, key: await privatePem(keys) };
}

/** The name that a request asks for. Throws where it cannot be read. */
export function readRequest(pem: string): RequestedName {
  const { subjectName, extensions } = new x509.Pkcs10CertificateRequest(pem);
  const names = extensions
    .filter((extension) => extension instanceof x509.SubjectAlternativeNameExtension)
    .flatMap((extension) => extension.names.items);
  const ofType = (type: string): string[] => names.filter((name) => name.type === type).map(({ value }) => value);
  return {
    commonName: subjectName.getField('CN')[0] ?? '',
    organizations: subjectName.getField('O'),
    dns: ofType('dns'),
    ips: ofType('ip'),
    others: names.filter(({ type }) => type !== 'dns' && type !== 'ip').map(({ value }) => value),
  };
}

/** The certificate for a request, in PEM: its name and key, and nothing else that it asks for. */
export async function signRequest(
  authority: KeyPair,
  pem: string,
  { use, lifetimeMs }: { readonly use: 'client' | 'server'; readonly lifetimeMs: number },
  nowMs: number,
): Promise<string> {
  const { commonName, organizations, dns, ips } = readRequest(pem);
  const { publicKey } = new x509.Pkcs10CertificateRequest(pem);
  const names = use === 'server' ? { dns, ips } : {};
  const subject = { commonName, organizations, ...names, uses: [use], lifetimeMs } as const;
  return `${(await certify(authority, publicKey, subject, nowMs)).toString('pem')}\n`;
}

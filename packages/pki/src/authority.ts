// The x509 library needs its decorators' metadata before it is loaded.
import 'reflect-metadata';
import { createPrivateKey, randomBytes, type webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import type { Subject } from './subject.ts';

/** A certificate and its private key, in PEM. */
export interface KeyPair {
  readonly cert: string;
  /** PKCS #8. */
  readonly key: string;
}

const dayMs = 24 * 3_600_000;
/** Validity as kubeadm gives it: 10 years for an authority, a year for what it issues. */
const authorityMs = 3_650 * dayMs;
const defaultLifetimeMs = 365 * dayMs;
/** Clocks of other machines may be behind. */
const backdateMs = 3_600_000;
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

const usages = { client: x509.ExtendedKeyUsage.clientAuth, server: x509.ExtendedKeyUsage.serverAuth } as const;

/** Makes a certificate authority. */
export async function createAuthority(commonName: string, nowMs: number): Promise<KeyPair> {
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: [{ CN: [commonName] }],
    ...validity(nowMs, authorityMs),
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign,
        true,
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return pairOf(certificate, keys);
}

/** Issues a certificate for a new key. */
export async function issue(authority: KeyPair, subject: Subject, nowMs: number): Promise<KeyPair> {
  const keys = await newKeys();
  return pairOf(await certify(authority, keys.publicKey, subject, nowMs), keys);
}

/** Issues a certificate for a key that somebody else holds. */
export async function certify(
  authority: KeyPair,
  publicKey: x509.PublicKeyType,
  { commonName, organizations = [], dns = [], ips = [], uses, lifetimeMs = defaultLifetimeMs }: Subject,
  nowMs: number,
): Promise<x509.X509Certificate> {
  const issuer = new x509.X509Certificate(authority.cert);
  const names = [
    ...dns.map((value) => ({ type: 'dns' as const, value })),
    ...ips.map((value) => ({ type: 'ip' as const, value })),
  ];
  return await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: [...organizations.map((name) => ({ O: [name] })), { CN: [commonName] }],
    // As it is encoded in the authority's own: some clients compare the bytes.
    issuer: issuer.subjectName,
    ...validity(nowMs, lifetimeMs),
    publicKey,
    signingKey: await importKey(authority.key),
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension(uses.map((use) => usages[use])),
      ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : []),
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
    ],
  });
}

function validity(nowMs: number, lifetimeMs: number): { readonly notBefore: Date; readonly notAfter: Date } {
  return { notBefore: new Date(nowMs - backdateMs), notAfter: new Date(nowMs + lifetimeMs) };
}

/** Makes a key pair of the kind that the cluster uses. */
export function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}

/** A key on the curve P-256, in PKCS #8 or SEC 1. */
function importKey(pem: string): Promise<webcrypto.CryptoKey> {
  const der = createPrivateKey(pem).export({ type: 'pkcs8', format: 'der' });
  return crypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign']);
}

async function pairOf(certificate: x509.X509Certificate, keys: webcrypto.CryptoKeyPair): Promise<KeyPair> {
  return { cert: `${certificate.toString('pem')}\n`, key: await privatePem(keys) };
}

/** The private key, as PKCS #8 in PEM. */
export async function privatePem({ privateKey }: webcrypto.CryptoKeyPair): Promise<string> {
  const der = Buffer.from(await crypto.subtle.exportKey('pkcs8', privateKey)).toString('base64');
  const lines = der.match(/.{1,64}/g)!.join('\n');
  return `-----BEGIN PRIVATE KEY-----\n${lines}\n-----END PRIVATE KEY-----\n`;
}

/** Positive, and with 128 random bits. */
function serialNumber(): string {
  return `00${randomBytes(16).toString('hex')}`;
}

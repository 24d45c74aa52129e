/** Proofs that somebody holds a key: certificate requests (PKCS #10) that name nobody. */
// The x509 library needs its decorators' metadata before it is loaded.
import 'reflect-metadata';
import type { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { privatePem } from './authority.ts';

type Algorithm = { readonly name: string; readonly hash?: string };

const rsa = (modulusLength: number) =>
  ({ name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', modulusLength, publicExponent: new Uint8Array([1, 0, 1]) }) as const;
const ecdsa = (namedCurve: string, hash: string) => ({ name: 'ECDSA', namedCurve, hash }) as const;

/** Algorithms by Kubernetes' names of key types. */
const algorithms: ReadonlyMap<string, Algorithm> = new Map<string, Algorithm>([
  ['RSA3072', rsa(3_072)],
  ['RSA4096', rsa(4_096)],
  ['ECDSAP256', ecdsa('P-256', 'SHA-256')],
  ['ECDSAP384', ecdsa('P-384', 'SHA-384')],
  ['ECDSAP521', ecdsa('P-521', 'SHA-512')],
  ['ED25519', { name: 'Ed25519' }],
]);

/** A new private key as PKCS #8 in PEM, and the request (DER) that proves it. Throws for an unknown type of key. */
export async function makeKeyAndProof(keyType: string): Promise<{ readonly key: string; readonly proof: Buffer }> {
  const algorithm = algorithms.get(keyType);
  if (algorithm === undefined) throw new Error(`unknown key type ${JSON.stringify(keyType)}`);
  const keys = (await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    keys,
    signingAlgorithm: algorithm as webcrypto.EcdsaParams,
  });
  return { key: await privatePem(keys), proof: Buffer.from(request.rawData) };
}

import 'reflect-metadata';
import { createPrivateKey, createPublicKey } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { describe, expect, it } from 'vitest';
import { makeKeyAndProof } from './proof.ts';

describe('a proof', () => {
  it.each([
    ['RSA3072', 'rsa'],
    ['ECDSAP256', 'ec'],
    ['ECDSAP384', 'ec'],
    ['ECDSAP521', 'ec'],
    ['ED25519', 'ed25519'],
  ])('of a key of type %s is signed with it, and names nobody', async (keyType, sort) => {
    const { key, proof } = await makeKeyAndProof(keyType);
    const request = new x509.Pkcs10CertificateRequest(proof);
    expect([await request.verify(), request.subject, request.extensions]).toEqual([true, '', []]);
    const held = createPrivateKey(key);
    expect(held.asymmetricKeyType).toBe(sort);
    const spki = createPublicKey(held).export({ type: 'spki', format: 'der' });
    expect(Buffer.from(request.publicKey.rawData).equals(spki)).toBe(true);
  });

  it('of an unknown type is not made', async () => {
    await expect(makeKeyAndProof('DSA')).rejects.toThrow('unknown key type "DSA"');
  });
});

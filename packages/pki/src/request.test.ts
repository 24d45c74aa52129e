import { createPrivateKey, X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { createAuthority } from './authority.ts';
import { makeRequest, readRequest, signRequest } from './request.ts';

const nowMs = Date.parse('2026-11-28T00:00:00Z');

test('a request becomes a certificate of its name, for its key, for as long as the signer says', async () => {
  const authority = await createAuthority('gantry', nowMs);
  const { request, key } = await makeRequest('ann', ['devs', 'ops']);
  expect(readRequest(request)).toEqual({
    commonName: 'ann',
    organizations: ['devs', 'ops'],
    dns: [],
    ips: [],
    others: [],
  });
  const cert = new X509Certificate(
    await signRequest(authority, request, { use: 'client', lifetimeMs: 600_000 }, nowMs),
  );
  expect(cert.verify(new X509Certificate(authority.cert).publicKey)).toBe(true);
  expect(cert.checkPrivateKey(createPrivateKey(key))).toBe(true);
  expect(cert.subject.split('\n').sort()).toEqual(['CN=ann', 'O=devs', 'O=ops']);
  expect([cert.ca, cert.keyUsage]).toEqual([false, ['1.3.6.1.5.5.7.3.2']]);
  expect(Date.parse(cert.validTo)).toBe(nowMs + 600_000);
});

test('what is no request is not read', () => {
  expect(() => readRequest('nothing')).toThrow();
});

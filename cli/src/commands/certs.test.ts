import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAuthority } from '@gantry/pki/authority.ts';
import { loadAuthority } from '@gantry/pki/files.ts';
import { pathsIn, readCertificates } from '@gantry/runtime/certificates.ts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { certs } from './certs.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gantry-certs-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('every part gets a certificate of one authority, once', async () => {
  const told: string[] = [];
  const output = { write: (text: string) => void told.push(text), note: () => {} };
  const authority = join(folder, 'authority');
  const run = (node: readonly string[]) =>
    certs(
      join(folder, 'certs'),
      { authority, host: ['gantry-api.default.svc', '10.0.0.5'], node, keep: false },
      output,
      AbortSignal.abort(),
    );
  await run(['worker-1']);
  const parts = ['admin', 'api', 'controllers', 'envoy', 'nats', 'node-worker-1', 'redis', 'scheduler', 'xds-lb'];
  expect((await readdir(join(folder, 'certs'))).sort()).toEqual(parts);
  expect(told).toHaveLength(parts.length);
  const { cert: ca } = await loadAuthority(authority, Date.now());
  for (const part of parts) expect(readCertificates(pathsIn(join(folder, 'certs', part))).ca).toBe(ca);
  const api = new X509Certificate(readCertificates(pathsIn(join(folder, 'certs/api'))).cert);
  expect(api.subject).toBe('CN=system:apiserver');
  expect(api.checkHost('gantry-api.default.svc')).toBe('gantry-api.default.svc');
  expect(api.checkIP('10.0.0.5')).toBe('10.0.0.5');
  // Again, with one node more.
  await run(['worker-1', 'worker-2']);
  expect(told.slice(parts.length)).toEqual([`${join(folder, 'certs/node-worker-2')}\n`]);
});

test('an authority that another tool made issues too', async () => {
  const { cert, key } = await createAuthority('other', Date.now());
  const sec1 = createPrivateKey(key).export({ type: 'sec1', format: 'pem' }) as string;
  await writeFile(join(folder, 'ca.crt'), cert);
  await writeFile(join(folder, 'ca.key'), sec1);
  expect(sec1).toContain('BEGIN EC PRIVATE KEY');
  await certs(
    join(folder, 'certs'),
    { authority: folder, host: [], node: [], keep: false },
    { write: () => {}, note: () => {} },
    AbortSignal.abort(),
  );
  const admin = new X509Certificate(readCertificates(pathsIn(join(folder, 'certs/admin'))).cert);
  expect(admin.verify(new X509Certificate(cert).publicKey)).toBe(true);
  expect(admin.issuer).toBe('CN=other');
});

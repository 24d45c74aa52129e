import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, get } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadAuthority, loadServer } from './files.ts';

const dayMs = 24 * 3_600_000;
const nowMs = Date.now();
const names = { commonName: 'gantry-api', dns: ['localhost', 'kubernetes.default.svc'], ips: ['127.0.0.1'] };

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gantry-pki-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('a server with an issued certificate is believed by who knows the authority, and by nobody else', async () => {
  const authority = await loadAuthority(folder, nowMs);
  const pair = await loadServer(folder, 'api', authority, names, nowMs);
  const server = createServer(pair, (_, response) => response.end('hello'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const ask = (ca?: string): Promise<number | string> =>
    new Promise((resolve) => {
      get({ host: '127.0.0.1', port, agent: false, ...(ca && { ca }) }, (response) => {
        response.resume();
        resolve(response.statusCode!);
      }).on('error', (error) => resolve((error as NodeJS.ErrnoException).code ?? error.message));
    });
  expect(await ask(authority.cert)).toBe(200);
  expect(await ask()).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE');
  server.close();
});

test('an authority and what it issued last over starts, in files of their owner alone', async () => {
  const first = await loadAuthority(folder, nowMs);
  const pair = await loadServer(folder, 'api', first, names, nowMs);
  expect(await loadAuthority(folder, nowMs + dayMs)).toEqual(first);
  expect(await loadServer(folder, 'api', first, names, nowMs + dayMs)).toEqual(pair);
  for (const file of ['ca.key', 'ca.crt', 'api.key', 'api.crt']) {
    expect((await stat(join(folder, file))).mode & 0o777).toBe(0o600);
  }
});

test.each([
  ['is about to end', async () => undefined, names, nowMs + 340 * dayMs],
  ['lacks a name', async () => undefined, { ...names, ips: ['127.0.0.1', '10.0.0.1'] }, nowMs],
  ['is damaged', () => writeFile(join(folder, 'api.crt'), 'no certificate'), names, nowMs],
  ['is of another authority', () => rm(join(folder, 'ca.key')), names, nowMs],
])('a certificate that %s is issued anew', async (_, change, wanted, laterMs) => {
  const before = await loadServer(folder, 'api', await loadAuthority(folder, nowMs), names, nowMs);
  await change();
  const authority = await loadAuthority(folder, laterMs);
  const after = await loadServer(folder, 'api', authority, wanted, laterMs);
  expect(after.cert).not.toBe(before.cert);
  const certificate = new X509Certificate(after.cert);
  expect(certificate.verify(new X509Certificate(authority.cert).publicKey)).toBe(true);
  for (const ip of wanted.ips) expect(certificate.subjectAltName).toContain(`IP Address:${ip}`);
  expect(await readFile(join(folder, 'api.crt'), 'utf8')).toBe(after.cert);
});

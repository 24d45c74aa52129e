import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, get } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { pathsIn, readCertificates, verifiedCertificate } from '@gantry/runtime/certificates.ts';
import { systemClock } from '@gantry/runtime/clock.ts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Authority, issueInto, keepCertificates, loadAuthority } from './files.ts';
import { nodeSubject, type Subject, serviceSubject } from './subject.ts';

const dayMs = 24 * 3_600_000;
const nowMs = Date.now();
const subject = serviceSubject('api', { dns: ['localhost', 'kubernetes.default.svc'], ips: ['127.0.0.1'] });

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gantry-pki-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Certificates of a subject, in a folder of its own. */
async function issued(authority: Authority, name: string, of: Subject) {
  await issueInto({ [join(folder, name)]: of }, authority, nowMs);
  return readCertificates(pathsIn(join(folder, name)));
}

test('both sides of a connection are believed by who knows the authority, and by nobody else', async () => {
  const authority = await loadAuthority(folder, nowMs);
  const other = await loadAuthority(join(folder, 'other'), nowMs);
  const server = createServer(
    { ...(await issued(authority, 'api', subject)), requestCert: true, rejectUnauthorized: false },
    ({ socket }, response) => response.end(JSON.stringify(verifiedCertificate(socket as TLSSocket) ?? 'nobody')),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const ask = (options: object): Promise<unknown> =>
    new Promise((resolve) => {
      get({ host: '127.0.0.1', port, agent: false, ...options }, (response) => {
        response.setEncoding('utf8').on('data', (text: string) => resolve(JSON.parse(text)));
      }).on('error', (error) => resolve((error as NodeJS.ErrnoException).code ?? error.message));
    });
  const { cert, key, ca } = await issued(authority, 'node', nodeSubject('node-1', []));
  expect(await ask({ ca, cert, key })).toMatchObject({
    commonName: 'system:node:node-1',
    organizations: expect.arrayContaining(['system:nodes']),
    notAfterMs: expect.closeTo(nowMs + 365 * dayMs, -4),
  });
  expect(await ask({ ca })).toBe('nobody');
  // Of another authority, and of ours for servers alone.
  const wrong = await issued(other, 'wrong', nodeSubject('node-1', []));
  expect(await ask({ ...wrong, ca })).toBe('nobody');
  const forServers = await issued(authority, 'server', { ...subject, uses: ['server'] });
  expect(await ask({ ...forServers, ca })).toBe('nobody');
  expect(await ask({ cert, key })).toBe('SELF_SIGNED_CERT_IN_CHAIN');
  server.close();
});

test('an authority and the certificates of it last over starts, in files of their owner alone', async () => {
  const first = await loadAuthority(folder, nowMs);
  const pair = await issued(first, 'api', subject);
  expect(await loadAuthority(folder, nowMs + dayMs)).toEqual(first);
  expect(await issueInto({ [join(folder, 'api')]: subject }, first, nowMs + 243 * dayMs)).toEqual([]);
  expect(readCertificates(pathsIn(join(folder, 'api')))).toEqual(pair);
  for (const file of ['ca.key', 'ca.crt', 'api/ca.crt', 'api/tls.key', 'api/tls.crt']) {
    expect((await stat(join(folder, file))).mode & 0o777).toBe(0o600);
  }
});

test.each([
  ['has two thirds of its life behind it', async () => undefined, subject, nowMs + 244 * dayMs],
  ['lacks a name', async () => undefined, { ...subject, ips: ['127.0.0.1', '10.0.0.1'] }, nowMs],
  ['is of another group', async () => undefined, { ...subject, organizations: ['others'] }, nowMs],
  ['is damaged', () => writeFile(join(folder, 'api/tls.crt'), 'no certificate'), subject, nowMs],
  ['lost its key', () => rm(join(folder, 'api/tls.key')), subject, nowMs],
  ['is of another authority', () => rm(join(folder, 'ca.key')), subject, nowMs],
])('a certificate that %s is issued anew', async (_, change, wanted, laterMs) => {
  const before = await issued(await loadAuthority(folder, nowMs), 'api', subject);
  await change();
  const authority = await loadAuthority(folder, laterMs);
  expect(await issueInto({ [join(folder, 'api')]: wanted }, authority, laterMs)).toEqual([join(folder, 'api')]);
  const after = readCertificates(pathsIn(join(folder, 'api')));
  expect(after.cert).not.toBe(before.cert);
  expect(after.ca).toBe(authority.cert);
  const certificate = new X509Certificate(after.cert);
  expect(certificate.verify(new X509Certificate(authority.cert).publicKey)).toBe(true);
  for (const ip of wanted.ips ?? []) expect(certificate.subjectAltName).toContain(`IP Address:${ip}`);
  expect(await readFile(join(folder, 'ca.crt'), 'utf8')).toBe(after.ca);
});

test('certificates in use are renewed in time, and a failure is told and made good', async () => {
  const authority = await loadAuthority(folder, nowMs);
  const path = join(folder, 'api');
  let wallMs = nowMs;
  const looks: (() => void)[] = [];
  const clock = {
    ...systemClock,
    now: () => wallMs,
    sleep: (_ms: number, signal?: AbortSignal) =>
      new Promise<void>((resolve, reject) => {
        looks.push(resolve);
        signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
      }),
  };
  const told = Promise.withResolvers<unknown>();
  const renewed = Promise.withResolvers<readonly string[]>();
  const kept = await keepCertificates({ [path]: subject }, authority, {
    clock,
    onRenewed: renewed.resolve,
    onError: told.resolve,
  });
  const before = readCertificates(pathsIn(path));
  wallMs = nowMs + 300 * dayMs;
  // A folder that cannot be written.
  await rm(path, { recursive: true });
  await writeFile(path, '');
  looks.pop()!();
  expect(await told.promise).toMatchObject({ code: expect.stringMatching(/EEXIST|ENOTDIR/) });
  await rm(path);
  while (looks.length === 0) await new Promise(setImmediate);
  looks.pop()!();
  expect(await renewed.promise).toEqual([path]);
  expect(readCertificates(pathsIn(path)).cert).not.toBe(before.cert);
  await kept[Symbol.asyncDispose]();
});

import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { issueInto, loadAuthority } from '@gantry/pki/files.ts';
import { adminSubject } from '@gantry/pki/subject.ts';
import { Metadata } from '@grpc/grpc-js';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { clusterToken, findCredentials, publishCluster } from './known-clusters.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gantry-clusters-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const presents = (token: string): Metadata => {
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${token}`);
  return metadata;
};

/** The administrator's certificate of a cluster. */
async function issueAdmin(name: string): Promise<{ path: string; cert: string | undefined }> {
  const pki = join(folder, name, 'pki');
  const path = join(pki, 'admin');
  await mkdir(join(folder, name), { recursive: true });
  await issueInto({ [path]: adminSubject }, await loadAuthority(pki, Date.now()), Date.now());
  return { path, cert: findCredentials('x', undefined, { GANTRY_CERTS: path })?.certificates?.current.cert };
}

test('commands of the same user find the certificate by the address, while the cluster runs, and for no other server', async () => {
  const env = { HOME: join(folder, 'home') };
  const { path, cert } = await issueAdmin('state');
  const found = (server: string) => findCredentials(server, undefined, env)?.certificates?.current.cert;
  expect(found('127.0.0.1:7443')).toBeUndefined();
  const published = await publishCluster('127.0.0.1:7443', path, env);
  expect(published.found).toBe(true);
  expect(found('localhost:7443')).toBe(cert);
  expect(found('10.0.0.1:7443,127.0.0.1:7443')).toBe(cert);
  expect(found('127.0.0.1:7444')).toBeUndefined();
  await published[Symbol.asyncDispose]();
  expect(found('127.0.0.1:7443')).toBeUndefined();
});

test('a cluster that took the address over keeps its link when the first one ends', async () => {
  const env = { HOME: folder };
  const first = await publishCluster('127.0.0.1:1', (await issueAdmin('first')).path, env);
  const second = await issueAdmin('second');
  await publishCluster('127.0.0.1:1', second.path, env);
  await first[Symbol.asyncDispose]();
  expect(findCredentials('127.0.0.1:1', undefined, env)?.certificates?.current.cert).toBe(second.cert);
});

test('a home that cannot be written is no obstacle, and a token that is named goes first', async () => {
  const nowhere = { XDG_CONFIG_HOME: '/dev/null/none' };
  expect((await publishCluster('127.0.0.1:1', '/x', nowhere)).found).toBe(false);
  const file = join(folder, 'given');
  await writeFile(file, 'a-token-of-the-operator\n');
  const env = { HOME: folder, GANTRY_TOKEN_FILE: file };
  expect((await clusterToken(folder, env)).path).toBe(file);
  expect(findCredentials('127.0.0.1:1', undefined, env)?.verify(presents('a-token-of-the-operator'))).toBe(true);
  expect(findCredentials('127.0.0.1:1', file, {})?.verify(presents('a-token-of-the-operator'))).toBe(true);
  expect(() => findCredentials('127.0.0.1:1', join(folder, 'missing'), {})).toThrow(/missing/);
});

test('a token of a state folder goes over TLS alone, to a server that the authority beside it vouches for', async () => {
  const env = { HOME: folder };
  await issueAdmin('state');
  const { path } = await clusterToken(join(folder, 'state'), env);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  const isSecure = (tokenFile: string) =>
    findCredentials('127.0.0.1:1', tokenFile, env)?.dial('x').transport._isSecure();
  expect(isSecure(path)).toBe(true);
  const elsewhere = join(folder, 'elsewhere');
  await writeFile(elsewhere, 'a-token-without-authority');
  expect(isSecure(elsewhere)).toBe(false);
});

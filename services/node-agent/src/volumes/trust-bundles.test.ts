import type { ClusterTrustBundleProjection } from '@gantry/model/gen/gantry.core.v1.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeApi } from '../testing/fake-api.ts';
import { podOf } from '../testing/pod-world.ts';
import { pemOf } from './pem.ts';
import { TrustBundles } from './trust-bundles.ts';

const certificate = (letter: string): string => pemOf('CERTIFICATE', Buffer.from(letter.repeat(70)));
const signer = 'example.com/roots';

let api: FakeApi;
let bundles: TrustBundles;
let changed: string[][];

function put(name: string, letters: string, labels: Record<string, string> = {}, signerName = signer): void {
  const trustBundle = [...letters].map(certificate).join('');
  const kind = { apiVersion: 'certificates.k8s.io/v1', kind: 'ClusterTrustBundle' };
  api.put({ ...kind, metadata: { name, labels }, spec: { signerName, trustBundle } });
}

beforeEach(() => {
  api = new FakeApi();
  changed = [];
  bundles = new TrustBundles(api, { log: silentLogger, onChange: (uids) => changed.push([...uids]) });
});

afterEach(() => bundles[Symbol.asyncDispose]());

const { signal } = new AbortController();
const other = podOf({});
other.metadata = { ...other.metadata, uid: 'uid-2' };
const shown = async (projection: Omit<ClusterTrustBundleProjection, 'path'>, pod = podOf({})): Promise<string> =>
  bundles.anchorsFor(pod, { path: 'roots.pem', ...projection }, signal);

describe('trust bundles', () => {
  it('are chosen by name, or by signer and labels; each certificate is shown once', async () => {
    put('one', 'ba', { env: 'live' });
    put('two', 'bc', { env: 'test' });
    put('other', 'd', { env: 'live' }, 'example.com/others');
    expect(await shown({ name: 'one' })).toBe(certificate('a') + certificate('b'));
    expect(await shown({ signerName: signer, labelSelector: {} })).toBe([...'abc'].map(certificate).sort().join(''));
    expect(await shown({ signerName: signer, labelSelector: { matchLabels: { env: 'test' } } })).toBe(
      [...'bc'].map(certificate).sort().join(''),
    );
  });

  it('that are missing are an error, or nothing where they are optional; no selector chooses none', async () => {
    put('one', 'a');
    await expect(shown({ name: 'two' })).rejects.toThrow('clustertrustbundle.certificates.k8s.io "two" not found');
    await expect(shown({ signerName: signer })).rejects.toThrow('matched zero ClusterTrustBundles');
    expect(await shown({ name: 'two', optional: true })).toBe('');
    expect(await shown({ signerName: signer, optional: true })).toBe('');
  });

  it('come without headers and text between', async () => {
    const kind = { apiVersion: 'certificates.k8s.io/v1', kind: 'ClusterTrustBundle' };
    const [begin, ...rest] = certificate('a').split('\n');
    const trustBundle = `# first\n${begin}\nName: a\n\n${rest.join('\n')}# last\n`;
    api.put({ ...kind, metadata: { name: 'one' }, spec: { trustBundle } });
    expect(await shown({ name: 'one' })).toBe(certificate('a'));
  });

  it('tell the pods that show them of changes, until the pods are gone', async () => {
    put('one', 'a');
    await shown({ name: 'one' });
    put('one', 'b');
    await vi.waitFor(async () => expect(await shown({ name: 'one' })).toBe(certificate('b')));
    expect(changed.at(-1)).toEqual(['uid-1']);
    bundles.release('uid-1');
    changed = [];
    put('one', 'c');
    await vi.waitFor(async () => expect(await shown({ name: 'one' }, other)).toBe(certificate('c')));
    expect(changed.flat()).not.toContain('uid-1');
  });
});

import type { PodCertificateRequest } from '@gantry/model/gen/gantry.certificates.v1.ts';
import { readRequest } from '@gantry/pki/request.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AgentApi } from '../api.ts';
import { FakeApi } from '../testing/fake-api.ts';
import { podOf } from '../testing/pod-world.ts';
import { pemOf } from './pem.ts';
import { PodCertificates } from './pod-certificates.ts';

const startMs = Date.parse('2026-01-01T00:00:00Z');
const hourMs = 3_600_000;
const chain = pemOf('CERTIFICATE', Buffer.from('certificate'));

let nowMs: number;
let api: FakeApi;
let changed: string[];
let events: unknown[];
let certificates: PodCertificates;

beforeEach(() => {
  nowMs = startMs;
  api = new FakeApi();
  changed = [];
  events = [];
  api.put({
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'bot', namespace: 'default', uid: 'bot-uid' },
  });
  api.put({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-1', uid: 'node-uid' } });
  let count = 0;
  const create: AgentApi['create'] = (object, options) => {
    count++;
    return api.create({ ...object, metadata: { ...object.metadata, name: `req-${count}` } }, options);
  };
  certificates = new PodCertificates({
    api: { get: api.get, list: api.list, watch: (...asked) => api.watch(...asked), create },
    nodeName: 'node-1',
    clock: { now: () => nowMs, monotonic: () => nowMs, sleep: async () => {} },
    random: () => 0,
    log: silentLogger,
    recordEvent: (_, type, reason, message) => events.push([type, reason, message]),
    onChange: (uid) => changed.push(uid),
  });
});

afterEach(() => certificates[Symbol.asyncDispose]());

const { signal } = new AbortController();
const pod = podOf({ serviceAccountName: 'bot' });
const projection = { signerName: 'example.com/mesh', keyType: 'ED25519', userAnnotations: { 'example.com/a': 'b' } };
const ask = () => certificates.credentialFor(pod, projection, signal);

async function answer(name: string, type: string, hours = 1): Promise<void> {
  const request = api.peek('PodCertificateRequest', name)!;
  const time = (after: number) => new Date(startMs + after * hourMs).toISOString();
  const times = { notBefore: time(0), beginRefreshAt: time(hours), notAfter: time(hours + 1) };
  const condition = { type, status: 'True', reason: 'Because', message: 'of it', lastTransitionTime: time(0) };
  const issued = type === 'Issued' ? { certificateChain: `# chain\n${chain}`, ...times } : {};
  const told = changed.length;
  api.put({ ...request, status: { conditions: [condition], ...issued } });
  await vi.waitFor(() => expect(changed.length).toBeGreaterThan(told));
}

describe("a pod's certificate", () => {
  it('is asked for once, with a proof of the key; the pod waits for it', async () => {
    await expect(ask()).rejects.toThrow('PodCertificateRequest default/req-1 is not issued yet');
    await expect(ask()).rejects.toThrow('default/req-1 is not issued yet');
    const { metadata, spec } = api.peek('PodCertificateRequest', 'req-1') as PodCertificateRequest;
    const { stubPKCS10Request, ...rest } = spec;
    expect(metadata.ownerReferences).toEqual([{ apiVersion: 'v1', kind: 'Pod', name: 'web', uid: 'uid-1' }]);
    expect(rest).toEqual({
      ...{ signerName: 'example.com/mesh', podName: 'web', podUID: 'uid-1', nodeName: 'node-1', nodeUID: 'node-uid' },
      ...{ serviceAccountName: 'bot', serviceAccountUID: 'bot-uid' },
      unverifiedUserAnnotations: { 'example.com/a': 'b' },
    });
    const proof = pemOf('CERTIFICATE REQUEST', Buffer.from(stubPKCS10Request!, 'base64'));
    expect(readRequest(proof)).toMatchObject({ commonName: '', organizations: [], dns: [] });
    await answer('req-1', 'Issued');
    const credential = await ask();
    expect(credential.chain).toBe(chain);
    expect(credential.key).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
  });

  it('is renewed with another key when its signer says so, and shown until the next is issued', async () => {
    await expect(ask()).rejects.toThrow('not issued yet');
    await answer('req-1', 'Issued');
    const first = await ask();
    nowMs = startMs + hourMs - 1;
    expect(certificates.due()).toEqual([]);
    nowMs += 1;
    expect(certificates.due()).toEqual(['uid-1']);
    expect(await ask()).toEqual(first);
    expect(certificates.due()).toEqual([]);
    await answer('req-2', 'Issued', 2);
    expect((await ask()).key).not.toBe(first.key);
  });

  it.each([
    ['Denied', 'was denied'],
    ['Failed', 'failed'],
  ])('that is %s is an event and keeps the pod waiting; no more is asked', async (type, words) => {
    await expect(ask()).rejects.toThrow('not issued yet');
    await answer('req-1', type);
    const message = `PodCertificateRequest default/req-1 ${words}, reason="Because", message="of it"`;
    await expect(ask()).rejects.toThrow(message);
    await expect(ask()).rejects.toThrow(message);
    expect(events).toEqual([['Warning', type, message]]);
    expect(api.all('PodCertificateRequest')).toHaveLength(1);
  });

  it('is asked for anew where the request is gone for long, and forgotten with the pod', async () => {
    await expect(ask()).rejects.toThrow('req-1');
    await vi.waitFor(() => expect(changed).not.toEqual([]));
    const told = changed.length;
    api.remove('PodCertificateRequest', 'req-1');
    await vi.waitFor(() => expect(changed.length).toBeGreaterThan(told));
    await expect(ask()).rejects.toThrow('req-1');
    nowMs += 600_000;
    expect(certificates.due()).toEqual(['uid-1']);
    await expect(ask()).rejects.toThrow('req-2');
    certificates.release('uid-1');
    expect(certificates.due()).toEqual([]);
  });
});

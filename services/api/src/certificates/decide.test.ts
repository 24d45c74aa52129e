import type { CertificateSigningRequest } from '@gantry/model/gen/gantry.certificates.v1.ts';
import { describe, expect, test } from 'vitest';
import type { Attempt } from '../auth/authorization.ts';
import { decide } from './decide.ts';

const nowMs = Date.parse('2026-11-28T12:00:00Z');
const ago = (ms: number): string => new Date(nowMs - ms).toISOString();
const hourMs = 3_600_000;

const node = { commonName: 'system:node:n1', organizations: ['system:nodes'], dns: [], ips: [], others: [] };
const server = { ...node, dns: ['n1'] };
const ann = { ...node, commonName: 'ann', organizations: ['devs'] };

const request = (spec: object, conditions: object[] = [], status: object = {}): CertificateSigningRequest =>
  ({
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name: 'a', creationTimestamp: ago(0) },
    spec: { request: '', ...spec },
    status: { conditions, ...status },
  }) as CertificateSigningRequest;
const condition = (type: string, ms = 0) => ({ type, status: 'True', lastUpdateTime: ago(ms) });
const approved = [condition('Approved')];

const client = { signerName: 'kubernetes.io/kube-apiserver-client', usages: ['client auth'] };
const nodeClient = {
  signerName: 'kubernetes.io/kube-apiserver-client-kubelet',
  usages: ['client auth', 'digital signature'],
};
const nodeServer = { signerName: 'kubernetes.io/kubelet-serving', usages: ['server auth', 'digital signature'] };

const nobody = () => false;
const may = (what: string) => (attempt: Attempt) => attempt.type === 'resource' && attempt.subresource === what;

describe('a certificate request', () => {
  test.each([
    ['a user waits for people', request(client), ann, may('nodeclient'), 'none'],
    ['a node without a role waits', request({ ...nodeClient, username: 'system:bootstrap:x' }), node, nobody, 'none'],
    [
      "a node's first certificate",
      request({ ...nodeClient, username: 'system:bootstrap:x' }),
      node,
      may('nodeclient'),
      'approve',
    ],
    [
      "a node's own renewal",
      request({ ...nodeClient, username: 'system:node:n1' }),
      node,
      may('selfnodeclient'),
      'approve',
    ],
    [
      "another node's renewal",
      request({ ...nodeClient, username: 'system:node:n2' }),
      node,
      may('selfnodeclient'),
      'none',
    ],
    [
      'a false node',
      request({ ...nodeClient, username: 'x' }),
      { ...node, organizations: ['system:masters'] },
      may('nodeclient'),
      'none',
    ],
    [
      "a node's server certificate",
      request({ ...nodeServer, username: 'system:node:n1' }),
      server,
      may('nodeclient'),
      'none',
    ],
  ] as const)('of %s', (_, one, name, allows, step) => {
    expect(decide(one, name, allows, nowMs).type).toBe(step);
  });

  test.each([
    [client, ann, { type: 'sign', use: 'client', lifetimeMs: 365 * 24 * hourMs }],
    [{ ...client, expirationSeconds: 600 }, ann, { type: 'sign', use: 'client', lifetimeMs: 600_000 }],
    [
      { ...client, expirationSeconds: 2 ** 31 - 1 },
      ann,
      { type: 'sign', use: 'client', lifetimeMs: 365 * 24 * hourMs },
    ],
    [nodeClient, node, { type: 'sign', use: 'client' }],
    [nodeServer, server, { type: 'sign', use: 'server' }],
    [client, undefined, { type: 'fail', problem: 'the request cannot be read' }],
    [client, { ...ann, organizations: ['system:masters'] }, { type: 'fail' }],
    [
      { ...client, usages: ['client auth', 'cert sign'] },
      ann,
      { type: 'fail', problem: 'the usage "cert sign" is not allowed' },
    ],
    [
      { ...client, usages: ['digital signature'] },
      ann,
      { type: 'fail', problem: 'the usage "client auth" is required' },
    ],
    [nodeClient, server, { type: 'fail' }],
    [nodeClient, ann, { type: 'fail' }],
    [nodeServer, node, { type: 'fail' }],
    [nodeServer, { ...server, others: ['a@b.c'] }, { type: 'fail' }],
    [{ ...client, signerName: 'example.com/other' }, ann, { type: 'none' }],
  ])('that is approved, %j of %j', (spec, name, step) => {
    expect(decide(request(spec, approved), name, nobody, nowMs)).toMatchObject(step);
  });

  test('that is denied, has failed, or has its certificate is not signed', () => {
    for (const [conditions, status] of [
      [[condition('Denied')], {}],
      [[...approved, condition('Failed')], {}],
      [approved, { certificate: 'eA==' }],
    ] as const) {
      expect(decide(request(client, [...conditions], status), ann, nobody, nowMs)).toEqual({ type: 'none' });
    }
  });

  test('goes an hour after it was settled, and a day after it was made', () => {
    const old = (hours: number, one: CertificateSigningRequest) => {
      one.metadata.creationTimestamp = ago(hours * hourMs);
      return decide(one, ann, nobody, nowMs).type;
    };
    expect([old(23, request(client)), old(25, request(client))]).toEqual(['none', 'remove']);
    const settled = (ms: number) => request(client, [condition('Approved', ms)], { certificate: 'eA==' });
    expect([old(2, settled(hourMs - 1)), old(2, settled(hourMs + 1))]).toEqual(['none', 'remove']);
    expect(old(2, request(client, [condition('Denied', hourMs + 1)]))).toBe('remove');
    expect(old(2, request(client, [condition('Approved', hourMs + 1)]))).toBe('sign');
  });
});

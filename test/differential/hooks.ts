/** Webhooks that both sides call: a server of this process, whose answers the path decides. */
import { setTimeout as sleep } from 'node:timers/promises';
import { HookServer, type Question } from '@gantry/api/admission/testing/hook-server.ts';
import type { Send } from './http.ts';
import type { Json } from './request.ts';

/** Texts in cases that stand for the address of the server and for its authority. */
const addressMark = 'https://HOOKS';
const authorityMark = 'SE9PS1M=';

/** Milliseconds until kube-apiserver goes by a configuration: policies are read once a second. */
const settlingMs = { webhooks: 500, policies: 1_400 };

const patched = (...patch: readonly object[]) => ({ patch });

/** The answers by path. `show` refuses with the question itself, so that it is compared. */
const behaviours: Readonly<
  Record<string, (question: Question) => ReturnType<typeof patched> | Json | string | undefined>
> = {
  allow: () => ({}),
  deny: () => ({ allowed: false }),
  'deny-message': () => ({ allowed: false, status: { message: 'not here' } }),
  'deny-reason': () => ({ allowed: false, status: { reason: 'Conflict' } }),
  'deny-status': () => ({
    allowed: false,
    status: {
      ...{ code: 409, reason: 'Conflict', message: 'taken', status: 'Success' },
      details: { name: 'other', kind: 'things', causes: [{ reason: 'Odd', field: 'spec.x', message: 'is odd' }] },
    },
  }),
  'deny-teapot': () => ({ allowed: false, status: { code: 418, message: 'short and stout' } }),
  'deny-ok': () => ({ allowed: false, status: { code: 200, message: 'fine' } }),
  warn: () => ({ warnings: ['first warning', 'second warning'] }),
  'warn-deny': () => ({ allowed: false, warnings: ['before the fall'] }),
  show: (question) => ({ allowed: false, status: { message: shown(question) } }),
  label: () => patched({ op: 'add', path: '/metadata/labels', value: { by: 'hook' } }),
  'label-more': () => patched({ op: 'add', path: '/metadata/labels/more', value: 'yes' }),
  count: ({ request }) => {
    const { n = '0' } = (request.object?.data ?? {}) as Record<string, string>;
    return patched({ op: 'add', path: '/data/n', value: String(Number(n) + 1) });
  },
  late: () => patched({ op: 'add', path: '/data/late', value: 'yes' }),
  replicas: () => patched({ op: 'replace', path: '/spec/replicas', value: 5 }),
  container: () =>
    patched({ op: 'add', path: '/spec/template/spec/containers/-', value: { name: 'side', image: 'side' } }),
  unknown: () => patched({ op: 'add', path: '/data/a', value: '2' }, { op: 'add', path: '/nothing', value: 1 }),
  'bad-type': () => patched({ op: 'add', path: '/data', value: 5 }),
  'bad-label': () => patched({ op: 'add', path: '/metadata/labels', value: { 'a b': 'c' } }),
  'bad-path': () => patched({ op: 'remove', path: '/data/none' }),
  'bad-operation': () => patched({ op: 'jump', path: '/data' }),
  'bad-test': () => patched({ op: 'test', path: '/data/a', value: 'z' }),
  'no-operations': () => ({ patch: [] }),
  rename: () => patched({ op: 'replace', path: '/metadata/name', value: 'other' }),
  'patch-text': () => ({ patchType: 'JSONPatch', patch: Buffer.from('{}').toString('base64') }),
  'patch-type': () => ({
    patchType: 'Merge',
    patch: Buffer.from('[{"op":"remove","path":"/data"}]').toString('base64'),
  }),
  'patch-untyped': () => ({ patch: Buffer.from('[]').toString('base64') }),
  'type-unpatched': () => ({ patchType: 'JSONPatch' }),
  'other-uid': () => ({ uid: 'other' }),
  'no-response': () => JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview' }),
  'other-version': ({ request }) =>
    JSON.stringify({
      ...{ apiVersion: 'admission.k8s.io/v2', kind: 'AdmissionReview' },
      response: { uid: request.uid, allowed: true },
    }),
  'other-kind': ({ request }) =>
    JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'Pod', response: { uid: request.uid, allowed: true } }),
  untyped: ({ request }) => JSON.stringify({ response: { uid: request.uid, allowed: true } }),
  'allowed-text': () => ({ allowed: 'yes' }),
  empty: () => '',
  garbage: () => 'garbage',
  list: () => '[]',
  hang: () => undefined,
};

/** A question in a form that does not depend on chance: with sorted keys, without users and what the server chose. */
function shown({ apiVersion, request }: Question): string {
  const { uid: _, userInfo: _user, object, oldObject, options, ...others } = request;
  return JSON.stringify(sorted({ apiVersion, ...others, options, object: plain(object), oldObject: plain(oldObject) }));
}

function plain(object: Json | null): unknown {
  if (object === null || typeof object.metadata !== 'object') return object;
  const { uid, creationTimestamp, resourceVersion, managedFields, generation, ...metadata } = object.metadata as Json;
  // A Scale has the owners of its object's fields, or has not, as it comes.
  const owners = object.kind === 'Scale' ? {} : { managedFields };
  const owned = { uid, creationTimestamp, resourceVersion, ...owners };
  const given = Object.entries(owned).filter(([, value]) => value !== undefined && value !== null);
  return { ...object, metadata: { ...metadata, given: given.map(([name]) => name) } };
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}

/** Starts the server. */
export async function startHooks(): Promise<HookServer> {
  const server = await HookServer.start();
  for (const [path, answer] of Object.entries(behaviours)) server.answers.set(path, answer);
  return server;
}

/** Sends requests with the server's address in place of its mark, and gives answers the mark again. */
export function withHooks({ port, caBundle }: HookServer, send: Send): Send {
  const address = `https://127.0.0.1:${port}`;
  const outwards = <T>(value: T): T =>
    replaced(value, [
      [addressMark, address],
      [authorityMark, caBundle],
    ]);
  const inwards = <T>(value: T): T =>
    replaced(value, [
      [address, addressMark],
      [caBundle, authorityMark],
    ]);
  return async (method, path, { body, ...rest }) =>
    inwards(await send(method, path, { body: outwards(body), ...rest }));
}

function replaced<T>(value: T, pairs: readonly (readonly [from: string, to: string])[]): T {
  if (value === undefined) return value;
  return JSON.parse(pairs.reduce((text, [from, to]) => text.replaceAll(from, to), JSON.stringify(value))) as T;
}

/** The wait until kube-apiserver goes by configurations that were changed: before the next request that they may be about. */
export class Settling {
  #dueMs = 0;

  /** Waits before a request. */
  async before(path: string): Promise<void> {
    if (path.startsWith(configurations)) return;
    const waitMs = this.#dueMs;
    this.#dueMs = 0;
    if (waitMs > 0) await sleep(waitMs);
  }

  /** Notes a request that was answered. */
  after(method: string, path: string, code: number): void {
    if (method === 'GET' || code >= 300 || !path.startsWith(configurations)) return;
    this.#dueMs = Math.max(this.#dueMs, path.includes('webhook') ? settlingMs.webhooks : settlingMs.policies);
  }
}

const configurations = '/apis/admissionregistration.k8s.io/';

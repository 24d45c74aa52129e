import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Reply, RestClient } from '../../rest/testing/client.ts';
import { HookServer, hookNamed } from '../testing/hook-server.ts';

const owned = new AsyncDisposableStack();
let client: RestClient;
let server: HookServer;
const group = '/apis/admissionregistration.k8s.io/v1';
const maps = '/api/v1/namespaces/default/configmaps';
let made: string[] = [];

beforeAll(async () => {
  server = owned.use(await HookServer.start());
  client = owned.use(await RestClient.start());
});

afterEach(async () => {
  for (const path of made) await client.ask('DELETE', path);
  await client.ask('DELETE', maps);
  made = [];
  server.answers.clear();
  server.questions.length = 0;
});

afterAll(() => owned.disposeAsync());

/** Makes a configuration, and waits until the api goes by it. */
async function configure(type: 'mutating' | 'validating', name: string, webhooks: readonly object[]): Promise<void> {
  const resource = `${group}/${type}webhookconfigurations`;
  const kind = type === 'mutating' ? 'MutatingWebhookConfiguration' : 'ValidatingWebhookConfiguration';
  const body = { apiVersion: 'admissionregistration.k8s.io/v1', kind, metadata: { name }, webhooks };
  const { code, body: answer } = await client.ask('POST', resource, body);
  expect(code, JSON.stringify(answer)).toBe(201);
  made.push(`${resource}/${name}`);
  // A change that every watcher has been told of is known to admission as well.
  const { body: list } = await client.ask('GET', `${resource}?resourceVersion=${answer.metadata.resourceVersion}`);
  expect(list.items).not.toHaveLength(0);
}

function post(name: string, fields: object = {}, query = ''): Promise<Reply> {
  const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { a: '1' }, ...fields };
  return client.ask('POST', `${maps}${query}`, body);
}

const append = (text: string) => (question: { readonly request: { readonly object: unknown } }) => {
  const { data } = question.request.object as { readonly data: Record<string, string> };
  return { patch: [{ op: 'add', path: '/data/a', value: `${data.a}${text}` }] };
};

describe('mutating webhooks', () => {
  it('change objects in the order of their configurations, and tell the client their warnings', async () => {
    server.answers.set('first', (question) => ({ ...append('-first')(question), warnings: ['mind the gap'] }));
    server.answers.set('second', append('-second'));
    await configure('mutating', 'b', [hookNamed(server, 'second')]);
    await configure('mutating', 'a', [hookNamed(server, 'first')]);
    const { code, body, headers } = await post('ordered');
    expect(code).toBe(201);
    expect(body.data).toEqual({ a: '1-first-second' });
    expect(headers.warning).toContain('mind the gap');
    const { uid: _, userInfo, ...request } = server.questions[0]!.request;
    expect(userInfo).toMatchObject({ username: 'system:admin' });
    expect(request).toMatchObject({
      kind: { group: '', version: 'v1', kind: 'ConfigMap' },
      resource: { group: '', version: 'v1', resource: 'configmaps' },
      requestKind: { group: '', version: 'v1', kind: 'ConfigMap' },
      name: 'ordered',
      namespace: 'default',
      operation: 'CREATE',
      oldObject: null,
      dryRun: false,
      options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1' },
    });
    expect(request.object?.metadata.uid).toBeUndefined();
  });

  it('see the former object of a change', async () => {
    await configure('mutating', 'a', [hookNamed(server, 'seen')]);
    await post('changed');
    await client.ask('PUT', `${maps}/changed`, { metadata: { name: 'changed' }, apiVersion: 'v1', kind: 'ConfigMap' });
    const { operation, object, oldObject } = server.questions.at(-1)!.request;
    expect([operation, object?.data, oldObject?.data]).toEqual(['UPDATE', undefined, { a: '1' }]);
    expect(object?.metadata.uid).toBe(oldObject?.metadata.uid);
  });

  it('are asked again after a later one changed the object, where they want that', async () => {
    server.answers.set('again', () => ({}));
    server.answers.set('once', () => ({}));
    server.answers.set('late', append('-late'));
    await configure('mutating', 'a', [
      hookNamed(server, 'again', { reinvocationPolicy: 'IfNeeded' }),
      hookNamed(server, 'once'),
      hookNamed(server, 'late'),
    ]);
    await post('again');
    expect(server.questions.map(({ path }) => path)).toEqual(['again', 'once', 'late', 'again']);
    expect(server.questions[3]?.request.object?.data).toEqual({ a: '1-late' });
  });

  it('cannot change what the server owns, and leave no field that the kind does not have', async () => {
    server.answers.set('wild', () => ({
      patch: [
        { op: 'add', path: '/metadata/uid', value: 'mine' },
        { op: 'add', path: '/metadata/managedFields', value: [] },
        { op: 'add', path: '/unknown', value: 1 },
        { op: 'add', path: '/metadata/labels', value: { by: 'hook' } },
      ],
    }));
    await configure('mutating', 'a', [hookNamed(server, 'wild')]);
    const { body } = await post('wild');
    expect(body.metadata.uid).not.toBe('mine');
    expect(body.metadata.managedFields).toHaveLength(1);
    expect(body.metadata.labels).toEqual({ by: 'hook' });
    expect(body.unknown).toBeUndefined();
  });

  it('make nothing that validation refuses', async () => {
    server.answers.set('bad', () => ({ patch: [{ op: 'add', path: '/metadata/labels', value: { 'a b': '' } }] }));
    await configure('mutating', 'a', [hookNamed(server, 'bad')]);
    expect(await post('bad')).toMatchObject({ code: 422, body: { reason: 'Invalid' } });
    expect((await client.ask('GET', `${maps}/bad`)).code).toBe(404);
  });

  it.each([
    [[{ op: 'remove', path: '/data/none' }], 'Internal error occurred: '],
    [[{ op: 'add', path: '/data/a', value: 5 }], 'Internal error occurred: '],
    [[{ op: 'replace', path: '/kind', value: 'Secret' }], 'must not change the type of an object'],
  ])('end the request by a patch that does not fit: %j', async (patch, message) => {
    server.answers.set('odd', () => ({ patch }));
    await configure('mutating', 'a', [hookNamed(server, 'odd', { failurePolicy: 'Ignore' })]);
    const { code, body } = await post('odd');
    expect([code, body.reason]).toEqual([500, 'InternalError']);
    expect(body.message).toContain(message);
  });
});

describe('validating webhooks', () => {
  it('refuse in their own words, with their own status', async () => {
    server.answers.set('no', () => ({
      allowed: false,
      status: { code: 418, reason: 'Teapot', message: 'I am one', details: { name: 'pot' } },
    }));
    await configure('validating', 'a', [hookNamed(server, 'no')]);
    const { code, body } = await post('refused');
    expect(code).toBe(418);
    expect(body).toEqual({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: 'admission webhook "no.example.com" denied the request: I am one',
      reason: 'Teapot',
      details: { name: 'pot' },
      code: 418,
    });
    expect((await client.ask('GET', `${maps}/refused`)).code).toBe(404);
  });

  it('see the object as it is to be stored', async () => {
    server.answers.set('change', append('-changed'));
    await configure('mutating', 'a', [hookNamed(server, 'change')]);
    await configure('validating', 'a', [hookNamed(server, 'look')]);
    const { body } = await post('seen');
    const seen = server.questions.find(({ path }) => path === 'look')?.request.object;
    expect(seen).toMatchObject({ data: { a: '1-changed' }, metadata: { uid: body.metadata.uid } });
  });

  it('are asked about deletions, with the object that goes', async () => {
    const rule = { operations: ['DELETE'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] };
    server.answers.set('keep', () => ({ allowed: false, status: { message: 'stays' } }));
    await post('kept');
    await configure('validating', 'a', [hookNamed(server, 'keep', { rules: [rule] })]);
    const { code, body } = await client.ask('DELETE', `${maps}/kept`);
    expect([code, body.message]).toEqual([400, 'admission webhook "keep.example.com" denied the request: stays']);
    const { object, oldObject, operation } = server.questions[0]!.request;
    expect([operation, object, oldObject?.metadata.name]).toEqual(['DELETE', null, 'kept']);
    server.answers.clear();
    expect((await client.ask('DELETE', `${maps}/kept`)).code).toBe(200);
  });

  it('are asked in the version that their rules name, also through another one', async () => {
    const rule = { operations: ['*'], apiGroups: ['autoscaling'], apiVersions: ['v1'], resources: ['*'] };
    await configure('validating', 'a', [
      hookNamed(server, 'equivalent', { rules: [rule] }),
      hookNamed(server, 'exact', { rules: [rule], matchPolicy: 'Exact' }),
    ]);
    const scaler = {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'web' },
      spec: {
        maxReplicas: 3,
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
        metrics: [
          { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } } },
        ],
      },
    };
    const path = '/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers';
    expect((await client.ask('POST', path, scaler)).code).toBe(201);
    made.push(`${path}/web`);
    expect(server.questions.map((question) => question.path)).toEqual(['equivalent']);
    expect(server.questions[0]?.request).toMatchObject({
      kind: { group: 'autoscaling', version: 'v1', kind: 'HorizontalPodAutoscaler' },
      requestKind: { group: 'autoscaling', version: 'v2', kind: 'HorizontalPodAutoscaler' },
      object: { apiVersion: 'autoscaling/v1', spec: { targetCPUUtilizationPercentage: 70 } },
    });
  });

  it('are asked where namespace and object are selected', async () => {
    const matchLabels = { 'kubernetes.io/metadata.name': 'other' };
    await configure('validating', 'a', [
      hookNamed(server, 'elsewhere', { namespaceSelector: { matchLabels } }),
      hookNamed(server, 'labelled', { objectSelector: { matchLabels: { wanted: 'yes' } } }),
      hookNamed(server, 'all'),
    ]);
    await post('plain');
    expect(server.questions.map(({ path }) => path)).toEqual(['all']);
    await post('wanted', { metadata: { name: 'wanted', labels: { wanted: 'yes' } } });
    expect(server.questions.map(({ path }) => path).toSorted()).toEqual(['all', 'all', 'labelled']);
  });

  it('are asked about connections, with their options', async () => {
    const rule = { operations: ['CONNECT'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods/*', 'services/*'] };
    server.answers.set('door', () => ({ allowed: false, status: { message: 'closed' } }));
    await configure('validating', 'a', [hookNamed(server, 'door', { rules: [rule] })]);
    const { code, body } = await client.ask('GET', '/api/v1/namespaces/default/services/http:web:80/proxy/some/path');
    expect([code, body.message]).toEqual([400, 'admission webhook "door.example.com" denied the request: closed']);
    expect(server.questions[0]?.request).toMatchObject({
      kind: { group: '', version: 'v1', kind: 'ServiceProxyOptions' },
      resource: { group: '', version: 'v1', resource: 'services' },
      subResource: 'proxy',
      name: 'http:web:80',
      operation: 'CONNECT',
      object: { kind: 'ServiceProxyOptions', apiVersion: 'v1', path: '/some/path' },
      oldObject: null,
    });
  });

  it('are not asked about configurations of admission', async () => {
    const rule = { operations: ['*'], apiGroups: ['*'], apiVersions: ['*'], resources: ['*/*'] };
    server.answers.set('all', () => ({ allowed: false }));
    await configure('validating', 'a', [hookNamed(server, 'all', { rules: [rule] })]);
    await configure('validating', 'b', [hookNamed(server, 'none')]);
    expect(await post('any')).toMatchObject({ code: 400 });
  });

  it('get no dry run where they have side effects', async () => {
    await configure('validating', 'a', [hookNamed(server, 'effects', { sideEffects: 'NoneOnDryRun' })]);
    expect((await post('dry', {}, '?dryRun=All')).code).toBe(201);
    expect(server.questions[0]?.request.dryRun).toBe(true);
  });
});

describe('webhooks that fail', () => {
  const start = 'failed calling webhook "bad.example.com": ';
  const wrong: readonly (readonly [string, (uid: string) => string, string])[] = [
    ['garbage', () => 'garbage', "failed to call webhook: couldn't get version/kind; json parse error"],
    ['no response', () => JSON.stringify({ kind: 'AdmissionReview' }), 'webhook response was absent'],
    [
      'another uid',
      () => reviewWith({ uid: 'other', allowed: true }),
      'received invalid webhook response: expected response.uid=',
    ],
    [
      'another version',
      (uid) => reviewWith({ uid, allowed: true }, 'admission.k8s.io/v1beta1'),
      'expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got admission.k8s.io/v1beta1',
    ],
    ['another type', (uid) => reviewWith({ uid, allowed: 'yes' }), 'failed to call webhook: json: cannot unmarshal'],
    [
      'a patch without a type',
      (uid) => reviewWith({ uid, allowed: true, patch: 'W10=' }),
      'webhook returned response.patch but not response.patchType',
    ],
    [
      'a patch that is none',
      (uid) => reviewWith({ uid, allowed: true, patchType: 'JSONPatch', patch: 'bm9uZQ==' }),
      'received undecodable patch in webhook response',
    ],
  ];

  function reviewWith(response: object, apiVersion = 'admission.k8s.io/v1'): string {
    return JSON.stringify({ apiVersion, kind: 'AdmissionReview', response });
  }

  it.each(wrong)('by answering with %s end requests, or are passed over', async (_, answer, problem) => {
    server.answers.set('bad', ({ request }) => answer(request.uid));
    await configure('mutating', 'a', [hookNamed(server, 'bad')]);
    const { code, body } = await post('failed');
    expect([code, body.reason]).toEqual([500, 'InternalError']);
    expect(body.message).toContain(`Internal error occurred: ${start}`);
    expect(body.message).toContain(problem);
    expect((await client.ask('GET', `${maps}/failed`)).code).toBe(404);
    await client.ask('DELETE', made.pop()!);
    await configure('mutating', 'b', [hookNamed(server, 'bad', { failurePolicy: 'Ignore' })]);
    expect((await post('failed')).code).toBe(201);
  });
});

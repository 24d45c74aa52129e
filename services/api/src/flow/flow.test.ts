import { request } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { defaultLimits } from '../core/limits.ts';
import { RestClient } from '../rest/testing/client.ts';

const base = '/apis/flowcontrol.apiserver.k8s.io/v1';
let rest: RestClient;
beforeAll(async () => {
  rest = await RestClient.start({ limits: { ...defaultLimits, maxInFlight: 20 } });
});
afterAll(() => rest[Symbol.asyncDispose]());

const asAlice = { 'impersonate-user': 'alice', 'impersonate-group': 'system:authenticated' };

test('a fresh api has the objects of every Kubernetes, and their schemas find their levels', async () => {
  const schemas = await rest.ask('GET', `${base}/flowschemas`);
  const levels = await rest.ask('GET', `${base}/prioritylevelconfigurations`);
  expect([schemas.body.items.length, levels.body.items.length]).toEqual([11, 8]);
  await expect
    .poll(async () => {
      const { body } = await rest.ask('GET', `${base}/flowschemas`);
      return body.items.every((each: { status: { conditions?: { status: string }[] } }) => {
        return each.status.conditions?.[0]?.status === 'False';
      });
    })
    .toBe(true);
});

test('an answer says which schema and level its request belongs to, by their uids', async () => {
  const uidOf = async (resource: string, name: string): Promise<string> =>
    (await rest.ask('GET', `${base}/${resource}/${name}`)).body.metadata.uid;
  const wanted = async (schema: string, level: string): Promise<object> => ({
    'x-kubernetes-pf-flowschema-uid': await uidOf('flowschemas', schema),
    'x-kubernetes-pf-prioritylevel-uid': await uidOf('prioritylevelconfigurations', level),
  });
  expect((await rest.ask('GET', '/api/v1/pods')).headers).toMatchObject(await wanted('exempt', 'exempt'));
  const { code, headers } = await rest.ask('GET', '/api/v1/pods', undefined, asAlice);
  expect(code).toBe(403);
  expect(headers).toMatchObject(await wanted('global-default', 'global-default'));
});

test('what a schema sends to a level that is used up is refused in the words of Kubernetes, and others are served', async () => {
  await rest.ask('POST', '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
    metadata: { name: 'alice' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'alice' }],
  });
  // Without seats of its own a level serves one request at a time.
  await rest.ask('POST', `${base}/prioritylevelconfigurations`, {
    metadata: { name: 'narrow' },
    spec: {
      type: 'Limited',
      limited: { nominalConcurrencyShares: 0, borrowingLimitPercent: 0, limitResponse: { type: 'Reject' } },
    },
  });
  await rest.ask('POST', `${base}/flowschemas`, {
    metadata: { name: 'narrow' },
    spec: {
      priorityLevelConfiguration: { name: 'narrow' },
      matchingPrecedence: 50,
      rules: [
        {
          subjects: [{ kind: 'User', user: { name: 'alice' } }],
          resourceRules: [{ verbs: ['*'], apiGroups: [''], resources: ['configmaps'], namespaces: ['*'] }],
        },
      ],
    },
  });
  const path = '/api/v1/namespaces/default/configmaps';
  const uid = (await rest.ask('GET', `${base}/flowschemas/narrow`)).body.metadata.uid;
  await expect
    .poll(async () => (await rest.ask('GET', path, undefined, asAlice)).headers['x-kubernetes-pf-flowschema-uid'])
    .toBe(uid);
  // Its body does not come, so that it is in work for as long as the test wants.
  const headers = { ...asAlice, authorization: 'Bearer the-token-of-the-tests', 'content-type': 'application/json' };
  const held = request({ host: '127.0.0.1', port: rest.port, method: 'POST', path, headers });
  held.on('error', () => undefined);
  held.flushHeaders();
  await expect.poll(async () => (await rest.ask('GET', path, undefined, asAlice)).code).toBe(429);
  const refused = await rest.ask('GET', path, undefined, asAlice);
  expect(refused.body).toBe('Too many requests, please try again later.\n');
  expect(refused.headers).toMatchObject({
    'content-type': 'text/plain; charset=utf-8',
    'retry-after': expect.stringMatching(/^\d+$/),
    'x-kubernetes-pf-flowschema-uid': uid,
  });
  expect((await rest.ask('GET', path, undefined, { ...asAlice, 'impersonate-user': 'carol' })).code).toBe(403);
  expect((await rest.ask('GET', path)).code).toBe(200);
  const metrics = (await rest.ask('GET', '/metrics')).body as string;
  expect(metrics).toMatch(
    /rejected_requests_total\{priority_level="narrow",flow_schema="narrow",reason="concurrency-limit"/,
  );
  held.destroy();
  await expect.poll(async () => (await rest.ask('GET', path, undefined, asAlice)).code).toBe(200);
});

test('a watch takes seats until it has shown what there is, and none after it', async () => {
  const open = new AbortController();
  await rest.ask('POST', '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
    metadata: { name: 'bob' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'bob' }],
  });
  const watches = Array.from({ length: 40 }, () =>
    fetch(`http://127.0.0.1:${rest.port}/api/v1/namespaces?watch=true`, {
      headers: { authorization: 'Bearer the-token-of-the-tests', 'impersonate-user': 'bob' },
      signal: open.signal,
    }).then((response) => response.status),
  );
  expect(await Promise.all(watches)).toEqual(Array(40).fill(200));
  const metrics = (await rest.ask('GET', '/metrics')).body as string;
  expect(metrics).toMatch(
    /current_executing_requests\{priority_level="global-default",flow_schema="global-default",service="api"\} 0/,
  );
  open.abort();
});

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sealEnvelope } from '@gantry/model/envelope.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parsePolicy } from '../audit/policy.ts';
import { startTestApi, type TestApi } from '../testing/harness.ts';

const policy = `
apiVersion: audit.k8s.io/v1
kind: Policy
omitManagedFields: true
rules:
- {level: None, nonResourceURLs: ["/version*"]}
- {level: Metadata, omitStages: [RequestReceived], resources: [{group: "", resources: [secrets]}]}
- {level: RequestResponse, omitStages: [RequestReceived], resources: [{group: "", resources: [configmaps]}]}
- {level: Request}
`;

const folder = await mkdtemp(join(tmpdir(), 'gantry-audit-'));
const path = join(folder, 'audit.log');
let running: TestApi;
let base: string;
beforeAll(async () => {
  const auditLog = { path, maxBytes: 1_000_000, maxBackups: 1 };
  const config = { rest: '127.0.0.1:0', trustNetwork: false, auditLog };
  running = await startTestApi(config, 'sqlite::memory:', { auditPolicy: parsePolicy(policy) });
  base = `http://127.0.0.1:${running.api.restPort}`;
});
afterAll(async () => {
  await running?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

async function ask(method: string, url: string, body?: object | Buffer, headers: Record<string, string> = {}) {
  const response = await fetch(base + url, {
    method,
    headers: { authorization: 'Bearer the-token-of-the-tests', 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: Buffer.isBuffer(body) ? new Uint8Array(body) : JSON.stringify(body) }),
  });
  await response.text();
  return response;
}

/** The events of a request, once its last one is written. */
async function eventsOf(id: string | null) {
  const all = async () =>
    (await readFile(path, 'utf8').catch(() => ''))
      .split('\n')
      .filter((line) => line.includes(`"auditID":"${id}"`))
      // biome-ignore lint/suspicious/noExplicitAny: events are looked into as readers of the log do
      .map((line) => JSON.parse(line) as any);
  await expect.poll(async () => (await all()).at(-1)?.stage).toBe('ResponseComplete');
  return all();
}

const configMaps = '/api/v1/namespaces/default/configmaps';

test('an event has who, what and how it ended, with both objects where the policy says so', async () => {
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'told' }, data: { a: 'b' } };
  const response = await ask('POST', configMaps, object, {
    'impersonate-user': 'root',
    'impersonate-group': 'system:masters',
  });
  const [event, ...others] = await eventsOf(response.headers.get('audit-id'));
  expect(others).toEqual([]);
  expect(event).toMatchObject({
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: 'RequestResponse',
    stage: 'ResponseComplete',
    requestURI: configMaps,
    verb: 'create',
    user: { username: 'system:admin' },
    impersonatedUser: { username: 'root' },
    sourceIPs: ['127.0.0.1'],
    objectRef: { resource: 'configmaps', namespace: 'default', apiVersion: 'v1' },
    responseStatus: { code: 201 },
    requestObject: object,
    responseObject: { metadata: { name: 'told', namespace: 'default' }, data: { a: 'b' } },
    annotations: { 'authorization.k8s.io/decision': 'allow' },
  });
  expect(event.responseObject.metadata.managedFields).toBeUndefined();
});

test('bodies in protobuf are told as objects', async () => {
  const type = { apiVersion: 'v1', kind: 'ConfigMap' };
  const bytes = sealEnvelope(type, 'gantry.core.v1.ConfigMap', { metadata: { name: 'bytes' }, data: { a: 'b' } });
  const media = 'application/vnd.kubernetes.protobuf';
  const response = await ask('POST', configMaps, bytes, { 'content-type': media, accept: media });
  expect(response.status).toBe(201);
  const [event] = await eventsOf(response.headers.get('audit-id'));
  expect(event.requestObject).toMatchObject({ ...type, data: { a: 'b' } });
  expect(event.responseObject).toMatchObject({ ...type, metadata: { name: 'bytes' } });
});

test('secrets are not told where the policy wants metadata alone, and the client may name the request', async () => {
  const secret = { metadata: { name: 'hidden' }, stringData: { password: 'hunter2' } };
  const response = await ask('POST', '/api/v1/namespaces/default/secrets', secret, { 'audit-id': 'my-own-id' });
  expect(response.headers.get('audit-id')).toBe('my-own-id');
  const [event] = await eventsOf('my-own-id');
  expect(event).toMatchObject({ level: 'Metadata', objectRef: { resource: 'secrets' } });
  expect(await readFile(path, 'utf8')).not.toContain('hunter2');
});

test('a refusal is told with its reason, and both stages where none is omitted', async () => {
  const response = await ask('GET', '/apis/apps/v1/deployments', undefined, { 'impersonate-user': 'eve' });
  expect(response.status).toBe(403);
  const events = await eventsOf(response.headers.get('audit-id'));
  expect(events.map(({ stage }) => stage)).toEqual(['RequestReceived', 'ResponseComplete']);
  expect(events[1]).toMatchObject({
    responseStatus: { code: 403, reason: 'Forbidden', status: 'Failure' },
    annotations: { 'authorization.k8s.io/decision': 'forbid' },
  });
});

test('a request that the policy keeps out is not told', async () => {
  const response = await ask('GET', '/version');
  const later = await ask('GET', '/api');
  await eventsOf(later.headers.get('audit-id'));
  expect(await readFile(path, 'utf8')).not.toContain(response.headers.get('audit-id'));
});

test('an event tells what admission says of its request', async () => {
  const policies = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies';
  const resourceRules = [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] }];
  const spec = {
    matchConstraints: { resourceRules },
    validations: [{ expression: "!object.metadata.name.startsWith('odd-')", message: 'an odd name' }],
    auditAnnotations: [{ key: 'named', valueExpression: "'name ' + object.metadata.name" }],
  };
  await ask('POST', policies, { metadata: { name: 'names' }, spec });
  const binding = { policyName: 'names', validationActions: ['Audit'] };
  await ask('POST', policies.replace('policies', 'policybindings'), { metadata: { name: 'all' }, spec: binding });
  let id: string | null = null;
  await expect
    .poll(async () => {
      const name = `odd-${Date.now()}`;
      const response = await ask('POST', configMaps, { metadata: { name } });
      expect(response.status).toBe(201);
      id = response.headers.get('audit-id');
      const [event] = await eventsOf(id);
      return event.annotations['names/named'] === `name ${name}`;
    })
    .toBe(true);
  const [event] = await eventsOf(id);
  const failure = event.annotations['validation.policy.admission.k8s.io/validation_failure'];
  expect(JSON.parse(failure)).toMatchObject([
    { message: 'an odd name', policy: 'names', binding: 'all', expressionIndex: 0, validationActions: ['Audit'] },
  ]);
  expect(event.annotations).toMatchObject({ 'authorization.k8s.io/decision': 'allow' });
  const even = await ask('POST', configMaps, { metadata: { name: 'even' } });
  const [other] = await eventsOf(even.headers.get('audit-id'));
  expect(Object.keys(other.annotations)).not.toContain('validation.policy.admission.k8s.io/validation_failure');
});

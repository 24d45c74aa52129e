import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Reply } from '../../rest/testing/client.ts';
import { AdmissionClient } from '../testing/admission-client.ts';

let client: AdmissionClient;
const maps = '/api/v1/namespaces/default/configmaps';
const deployments = '/apis/apps/v1/namespaces/default/deployments';

beforeAll(async () => {
  client = await AdmissionClient.start();
});
afterEach(async () => {
  await client.clear();
  await client.ask('DELETE', deployments);
});
afterAll(() => client[Symbol.asyncDispose]());

/** Makes a policy with one binding. */
async function policy(mutations: readonly object[], spec: object = {}, name = 'rule'): Promise<void> {
  const rule = {
    apiGroups: ['*'],
    apiVersions: ['v1'],
    operations: ['CREATE'],
    resources: ['configmaps', 'deployments'],
  };
  const made = await client.configure('MutatingAdmissionPolicy', name, {
    spec: { matchConstraints: { resourceRules: [rule] }, reinvocationPolicy: 'Never', mutations, ...spec },
  });
  expect(made.code, JSON.stringify(made.body)).toBe(201);
  const bound = await client.configure('MutatingAdmissionPolicyBinding', name, { spec: { policyName: name } });
  expect(bound.code, JSON.stringify(bound.body)).toBe(201);
}

const configuration = (expression: string): object => ({
  patchType: 'ApplyConfiguration',
  applyConfiguration: { expression },
});
const patch = (expression: string): object => ({ patchType: 'JSONPatch', jsonPatch: { expression } });

function post(data: Record<string, string> = {}): Promise<Reply> {
  return client.ask('POST', maps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'map' }, data });
}

describe('mutating policies', () => {
  it('merge configurations into objects', async () => {
    await policy([
      configuration('Object{metadata: Object.metadata{labels: {"by": object.metadata.name}}, data: {"b": "2"}}'),
    ]);
    const { code, body } = await post({ a: '1' });
    expect(code, JSON.stringify(body)).toBe(201);
    expect(body.metadata.labels).toEqual({ by: 'map' });
    expect(body.data).toEqual({ a: '1', b: '2' });
  });

  it('merge lists by their keys', async () => {
    await policy([
      configuration(
        'Object{spec: Object.spec{template: Object.spec.template{spec: Object.spec.template.spec{containers: [Object.spec.template.spec.containers{name: "proxy", image: "proxy:1"}]}}}}',
      ),
    ]);
    const labels = { app: 'web' };
    const containers = [{ name: 'web', image: 'web:1' }];
    const spec = { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers } } };
    const { body } = await client.ask('POST', deployments, {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web' },
      spec,
    });
    const made = body.spec.template.spec.containers as { name: string; image: string; imagePullPolicy: string }[];
    expect(made.map(({ name, image }) => `${name} ${image}`).toSorted()).toEqual(['proxy proxy:1', 'web web:1']);
    expect(made.every(({ imagePullPolicy }) => imagePullPolicy === 'IfNotPresent')).toBe(true);
  });

  it('apply patches, each seeing those before it', async () => {
    await policy([
      patch('[JSONPatch{op: "add", path: "/data/b", value: object.data.a + "-b"}]'),
      patch(
        '[JSONPatch{op: "test", path: "/data/b", value: "1-b"}, JSONPatch{op: "add", path: "/data/c", value: object.data.b}]',
      ),
      patch('[JSONPatch{op: "test", path: "/data/b", value: "other"}, JSONPatch{op: "remove", path: "/data/b"}]'),
    ]);
    const { body } = await post({ a: '1' });
    expect(body.data).toEqual({ a: '1', b: '1-b', c: '1-b' });
  });

  it('run again after a later one changed the object, where they want that', async () => {
    const count = 'string(has(object.data.n) ? int(object.data.n) + 1 : 1)';
    const mutations = [patch(`[JSONPatch{op: "add", path: "/data/n", value: ${count}}]`)];
    await policy(mutations, { reinvocationPolicy: 'IfNeeded' }, 'a');
    await policy([patch('[JSONPatch{op: "add", path: "/data/late", value: "yes"}]')], {}, 'b');
    expect((await post({ a: '1' })).body.data).toEqual({ a: '1', n: '2', late: 'yes' });
  });

  it.each([
    [configuration('Object{spec: Object.spec{none: 1}}'), '.spec: field not declared in schema'],
    [
      configuration('Object{data: Object.wrong{a: "1"}}'),
      'unexpected type name "Object.wrong", expected "Object.data"',
    ],
    [patch('[JSONPatch{op: "remove", path: "/data/none"}]'), 'JSON Patch: '],
    [patch('[JSONPatch{op: "add", path: "/data/x", value: object.data.none}]'), 'no such key: none'],
  ])('refuse the request by a mutation that cannot be made: %j', async (mutation, problem) => {
    await policy([mutation]);
    const { code, body } = await post({ a: '1' });
    expect([code, body.reason], JSON.stringify(body)).toEqual([403, 'Invalid']);
    expect(body.message).toContain("policy 'rule' with binding 'rule' denied request: ");
    expect(body.message).toContain(problem);
    await client.clear();
    await policy([mutation], { failurePolicy: 'Ignore' });
    expect((await post({ a: '1' })).code).toBe(201);
  });

  it('do not change parts that are owned as a whole', async () => {
    await policy([configuration('Object{spec: Object.spec{selector: Object.spec.selector{matchLabels: {"a": "b"}}}}')]);
    const labels = { app: 'web' };
    const containers = [{ name: 'web', image: 'web:1' }];
    const spec = { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers } } };
    const made = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec };
    const { body } = await client.ask('POST', deployments, made);
    expect(body.message).toContain('may not mutate atomic arrays, maps or structs: .spec.selector');
  });

  it('leave alone what their conditions do not choose', async () => {
    await policy([patch('[JSONPatch{op: "add", path: "/data/x", value: "y"}]')], {
      matchConditions: [{ name: 'wanted', expression: "object.data.a == '1'" }],
    });
    expect((await post({ a: '2' })).body.data).toEqual({ a: '2' });
  });
});

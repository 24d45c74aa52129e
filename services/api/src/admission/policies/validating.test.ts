import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Reply } from '../../rest/testing/client.ts';
import { AdmissionClient } from '../testing/admission-client.ts';

let client: AdmissionClient;
const maps = '/api/v1/namespaces/default/configmaps';

beforeAll(async () => {
  client = await AdmissionClient.start();
});
afterEach(() => client.clear());
afterAll(() => client[Symbol.asyncDispose]());

const ofMaps = {
  resourceRules: [
    { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE', 'DELETE'], resources: ['configmaps'] },
  ],
};

/** Makes a policy about config maps, and its binding. */
async function policy(spec: object, binding: object = {}, name = 'rule'): Promise<void> {
  const made = await client.configure('ValidatingAdmissionPolicy', name, {
    spec: { matchConstraints: ofMaps, ...spec },
  });
  expect(made.code, JSON.stringify(made.body)).toBe(201);
  const bound = await client.configure('ValidatingAdmissionPolicyBinding', `${name}-binding`, {
    spec: { policyName: name, validationActions: ['Deny'], ...binding },
  });
  expect(bound.code, JSON.stringify(bound.body)).toBe(201);
}

function post(data: Record<string, string>, metadata: object = {}): Promise<Reply> {
  return client.ask('POST', maps, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'map', ...metadata },
    data,
  });
}

describe('validating policies', () => {
  it('refuse what their expressions do not allow, and nothing else', async () => {
    await policy({ validations: [{ expression: "object.data.size == 'small'" }] });
    expect(await post({ size: 'large' })).toMatchObject({
      code: 422,
      body: {
        reason: 'Invalid',
        message: `configmaps "map" is forbidden: ValidatingAdmissionPolicy 'rule' with binding 'rule-binding' denied request: failed expression: object.data.size == 'small'`,
        details: { name: 'map', kind: 'configmaps', causes: [{ message: expect.stringContaining('rule-binding') }] },
      },
    });
    expect((await client.ask('GET', `${maps}/map`)).code).toBe(404);
    expect((await post({ size: 'small' })).code).toBe(201);
  });

  it('see bindings of pods', async () => {
    const resourceRules = [
      { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods/binding'] },
    ];
    const validations = [{ expression: "object.target.name != 'closed'", message: 'the node is closed' }];
    await policy({ matchConstraints: { resourceRules }, validations });
    const bind = (name: string): Promise<Reply> =>
      client.ask('POST', `${maps.replace('configmaps', 'pods')}/some/binding`, {
        ...{ apiVersion: 'v1', kind: 'Binding', metadata: { name: 'some' }, target: { kind: 'Node', name } },
      });
    expect(await bind('closed')).toMatchObject({
      code: 422,
      body: { message: expect.stringContaining('denied request: the node is closed') },
    });
    // There is no such pod.
    expect(await bind('open')).toMatchObject({ code: 404 });
  });

  it('say why in their own words, with their own reason', async () => {
    await policy({
      variables: [{ name: 'wanted', expression: "'small'" }],
      validations: [
        {
          expression: 'object.data.size == variables.wanted',
          messageExpression: "'not ' + variables.wanted + ' but ' + object.data.size",
          reason: 'Forbidden',
        },
      ],
    });
    const { code, body } = await post({ size: 'large' });
    expect([code, body.reason]).toEqual([403, 'Forbidden']);
    expect(body.message).toMatch(/denied request: not small but large$/);
  });

  it('see the request, the former object and the namespace', async () => {
    await policy({
      validations: [
        { expression: "request.userInfo.username == 'system:admin'", message: 'user' },
        { expression: "request.operation != 'UPDATE' || oldObject.data.a == '1'", message: 'old' },
        { expression: "request.operation != 'CREATE' || oldObject == null", message: 'none' },
        { expression: "namespaceObject.metadata.name == 'default'", message: 'namespace' },
        { expression: "request.operation != 'DELETE' || object == null", message: 'gone' },
      ],
    });
    expect((await post({ a: '1' })).body.message).toBeUndefined();
    const patch = JSON.stringify({ data: { a: '2' } });
    const headers = { 'content-type': 'application/merge-patch+json' };
    expect((await client.ask('PATCH', `${maps}/map`, patch, headers)).code).toBe(200);
    const refused = await client.ask('PATCH', `${maps}/map`, patch.replace('2', '3'), headers);
    expect(refused.body.message).toMatch(/denied request: old$/);
    expect((await client.ask('DELETE', `${maps}/map`)).code).toBe(200);
  });

  it('are evaluated by the objects that bindings name', async () => {
    const params = { apiVersion: 'v1', kind: 'ConfigMap' };
    await post({ max: '3' }, { name: 'limits', labels: { use: 'limits' } });
    const validations = [{ expression: 'params == null || int(object.data.n) <= int(params.data.max)' }];
    await policy({ paramKind: params, validations }, { paramRef: { name: 'limits', parameterNotFoundAction: 'Deny' } });
    expect((await post({ n: '4' })).code).toBe(422);
    expect((await post({ n: '3' })).code).toBe(201);
    await client.ask('DELETE', `${maps}/map`);
    await client.clear();
    await policy({ paramKind: params, validations }, { paramRef: { name: 'none', parameterNotFoundAction: 'Deny' } });
    expect((await post({ n: '1' })).body.message).toContain('no params found for policy binding with `Deny`');
    await client.clear();
    await policy({ paramKind: params, validations }, { paramRef: { name: 'none', parameterNotFoundAction: 'Allow' } });
    expect((await post({ n: '9' })).code).toBe(201);
  });

  it('are evaluated by each of the objects that bindings select', async () => {
    const labels = { use: 'limits' };
    await post({ max: '3' }, { name: 'low', labels });
    await post({ max: '5' }, { name: 'high', labels });
    const validations = [
      { expression: 'int(object.data.n) <= int(params.data.max)', messageExpression: "'more than ' + params.data.max" },
    ];
    const paramRef = { selector: { matchLabels: labels }, parameterNotFoundAction: 'Deny' };
    await policy({ paramKind: { apiVersion: 'v1', kind: 'ConfigMap' }, validations }, { paramRef });
    expect((await post({ n: '4' })).body.message).toMatch(/denied request: more than 3$/);
    expect((await post({ n: '3' })).code).toBe(201);
  });

  it('warn instead, where the binding says so', async () => {
    await policy({ validations: [{ expression: 'false', message: 'mind' }] }, { validationActions: ['Warn', 'Audit'] });
    const { code, headers } = await post({});
    expect(code).toBe(201);
    expect(headers.warning).toContain(
      "Validation failed for ValidatingAdmissionPolicy 'rule' with binding 'rule-binding': mind",
    );
  });

  it('fail or are passed over where an expression cannot be evaluated', async () => {
    const validations = [{ expression: 'object.data.none == 1' }];
    await policy({ validations });
    expect((await post({})).body.message).toContain(
      "expression 'object.data.none == 1' resulted in error: no such key",
    );
    await client.clear();
    await policy({ validations, failurePolicy: 'Ignore' });
    expect((await post({})).code).toBe(201);
  });

  it('ask what the user may do, and what others may', async () => {
    await policy({
      validations: [
        {
          expression: "authorizer.group('').resource('secrets').namespace('x').check('get').allowed()",
          message: 'user',
        },
        { expression: "authorizer.requestResource.check('create').allowed()", message: 'resource' },
        {
          expression: "!authorizer.serviceAccount('default', 'nobody').path('/metrics').check('get').allowed()",
          message: 'account',
        },
      ],
    });
    expect((await post({})).code).toBe(201);
    await client.clear();
    const check = "authorizer.serviceAccount('default', 'nobody').group('').resource('pods').check('get').allowed()";
    await policy({ validations: [{ expression: check }] });
    expect((await post({})).code).toBe(422);
  });

  it('leave alone what their conditions and bindings do not choose', async () => {
    const validations = [{ expression: 'false' }];
    await policy({ validations, matchConditions: [{ name: 'wanted', expression: 'has(object.data.held)' }] });
    expect((await post({ free: 'yes' })).code).toBe(201);
    expect((await post({ held: 'yes' }, { name: 'held' })).code).toBe(422);
    await client.clear();
    const namespaceSelector = { matchLabels: { held: 'yes' } };
    await policy({ validations }, { matchResources: { namespaceSelector } });
    expect((await post({})).code).toBe(201);
    await client.clear();
    const named = { resourceRules: [{ ...ofMaps.resourceRules[0], resourceNames: ['other'] }] };
    await policy({ validations, matchConstraints: named });
    expect((await post({})).code).toBe(201);
    expect((await post({}, { name: 'other' })).code).toBe(422);
  });
});

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { AdmissionClient } from '../testing/admission-client.ts';

let client: AdmissionClient;
beforeAll(async () => {
  client = await AdmissionClient.start();
});
afterEach(() => client.clear());
afterAll(() => client[Symbol.asyncDispose]());

const bad = '... [] bad expression';
const rules = [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] }];
const webhook = (expression: string) => ({
  webhooks: [
    {
      name: 'hook.example.com',
      clientConfig: { url: 'https://127.0.0.1:1' },
      admissionReviewVersions: ['v1'],
      sideEffects: 'None',
      rules: [{ ...rules[0], resources: ['secrets'] }],
      matchConditions: [{ name: 'c', expression }],
    },
  ],
});
const policy = (rest: object) => ({
  spec: { matchConstraints: { resourceRules: rules }, validations: [{ expression: 'true' }], ...rest },
});
const mutation = (expression: string) => ({
  spec: {
    matchConstraints: { resourceRules: rules },
    reinvocationPolicy: 'Never',
    mutations: [{ patchType: 'JSONPatch', jsonPatch: { expression } }],
  },
});

test.each([
  [
    'ValidatingWebhookConfiguration',
    webhook('object != null'),
    webhook(bad),
    'webhooks[0].matchConditions[0].expression',
  ],
  [
    'MutatingWebhookConfiguration',
    webhook('object != null'),
    webhook('1'),
    'webhooks[0].matchConditions[0].expression',
  ],
  [
    'ValidatingAdmissionPolicy',
    policy({}),
    policy({ validations: [{ expression: bad }] }),
    'spec.validations[0].expression',
  ],
  [
    'ValidatingAdmissionPolicy',
    policy({
      variables: [{ name: 'a', expression: '1' }],
      matchConditions: [{ name: 'c', expression: 'object != null' }],
    }),
    policy({ variables: [{ name: 'a', expression: bad }] }),
    'spec.variables[0].expression',
  ],
  [
    'ValidatingAdmissionPolicy',
    policy({ auditAnnotations: [{ key: 'a', valueExpression: '"x"' }] }),
    policy({ auditAnnotations: [{ key: 'a', valueExpression: '1' }] }),
    'spec.auditAnnotations[0].valueExpression',
  ],
  [
    'MutatingAdmissionPolicy',
    mutation('[JSONPatch{op: "add", path: "/x", value: 1}]'),
    mutation(bad),
    'spec.mutations[0].jsonPatch.expression',
  ],
] as const)('%s with an expression that does not compile is refused', async (kind, fine, wrong, field) => {
  const refused = await client.configure(kind, 'wrong', wrong);
  expect(refused).toMatchObject({ code: 422, body: { details: { causes: [{ field }] } } });
  const made = await client.configure(kind, 'fine', fine);
  expect(made.code, JSON.stringify(made.body)).toBe(201);
});

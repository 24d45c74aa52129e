import { builtIn } from '@gantry/model/built-in.ts';
import type { ValidatingAdmissionPolicy } from '@gantry/model/gen/gantry.admissionregistration.v1.ts';
import { expect, test } from 'vitest';
import { startTestApi } from '../../testing/harness.ts';
import { expressionWarnings } from './type-checks.ts';

type Spec = NonNullable<ValidatingAdmissionPolicy['spec']>;

const rule = (resources: string[], apiGroups = ['apps'], apiVersions = ['v1']) => ({
  operations: ['CREATE'],
  apiGroups,
  apiVersions,
  resources,
});

function policy(spec: Partial<Spec>, resourceRules: object[] = [rule(['deployments'])]): ValidatingAdmissionPolicy {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name: 'p' },
    spec: { matchConstraints: { resourceRules }, ...spec } as Spec,
  };
}

const warningsOf = (spec: Partial<Spec>, rules?: object[]) => expressionWarnings(policy(spec, rules), builtIn);

test('expressions that fit their kinds give no warnings', () => {
  const validations = [
    { expression: 'object.spec.replicas > 1 && object.metadata.name.startsWith("a")' },
    { expression: 'object.spec.template.spec.containers.all(c, c.image != "" && !has(c.resources.limits.cpu))' },
    { expression: 'oldObject == null || object.metadata.creationTimestamp > timestamp("2026-01-01T00:00:00Z")' },
    {
      expression: 'variables.more > 2 && object.metadata.labels["a"] == "b"',
      messageExpression: '"no: " + request.name',
    },
  ];
  const variables = [{ name: 'more', expression: 'object.spec.replicas + 1' }];
  expect(warningsOf({ validations, variables })).toEqual([]);
});

test('those that do not are told by their path and kind', () => {
  const validations = [
    { expression: 'true' },
    { expression: "object.spec.replicas > '1'", messageExpression: 'string(object.spec.nothing)' },
  ];
  expect(warningsOf({ validations })).toEqual([
    {
      fieldRef: 'spec.validations[1].expression',
      warning: expect.stringMatching(
        /^apps\/v1, Kind=Deployment: compilation failed: ERROR: <input>:1:22: found no matching overload for '_>_' applied to '\(int, string\)'/,
      ),
    },
    {
      fieldRef: 'spec.validations[1].messageExpression',
      warning: expect.stringContaining("undefined field 'nothing'"),
    },
  ]);
});

test('each kind that a rule names has its own, and those behind wildcards and subresources have none', () => {
  const validations = [{ expression: 'object.spec.replicas > 1' }];
  const kinds = (rules: object[]) =>
    warningsOf({ validations }, rules).flatMap(({ warning }) =>
      [...warning!.matchAll(/^(\S+, Kind=\w+)/gm)].map(([, kind]) => kind),
    );
  expect(kinds([rule(['daemonsets', 'deployments', 'statefulsets'])])).toEqual(['apps/v1, Kind=DaemonSet']);
  expect(kinds([rule(['configmaps', 'pods'], [''])])).toEqual(['v1, Kind=ConfigMap', 'v1, Kind=Pod']);
  expect(kinds([rule(['*']), rule(['pods'], ['*']), rule(['pods'], [''], ['*']), rule(['pods/status'], [''])])).toEqual(
    [],
  );
});

test('params are of the kind that the policy names', () => {
  const paramKind = { apiVersion: 'v1', kind: 'ConfigMap' };
  const validations = [{ expression: 'params.data["max"] == "1"' }, { expression: 'params.spec.max > 1' }];
  expect(warningsOf({ paramKind, validations }).map(({ fieldRef }) => fieldRef)).toEqual([
    'spec.validations[1].expression',
  ]);
});

test('the status of a policy tells them, for each of its generations', async () => {
  await using api = await startTestApi();
  const { client } = api;
  const name = { name: 'p' };
  const status = async (generation: number) => {
    for (;;) {
      const { status: now } = await client.get('ValidatingAdmissionPolicy', name);
      if (Number(now?.observedGeneration ?? 0) >= generation) return now;
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const created = await client.create(policy({ validations: [{ expression: 'object.spec.replicas > 1' }] }));
  expect(await status(1)).toEqual({ observedGeneration: 1, typeChecking: {} });
  const spec = { ...created.spec, validations: [{ expression: "object.spec.replicas > '1'" }] } as Spec;
  await client.update({ ...(await client.get('ValidatingAdmissionPolicy', name)), spec });
  expect(await status(2)).toMatchObject({
    observedGeneration: 2,
    typeChecking: { expressionWarnings: [{ fieldRef: 'spec.validations[0].expression' }] },
  });
});

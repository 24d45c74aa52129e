import { expect, test } from 'vitest';
import type { CustomResourceDefinition, JSONSchemaProps } from '../../gen/gantry.apiextensions.v1.ts';
import { findField } from './field-path.ts';
import { noRuleChecks } from './rules.ts';
import { structuralProblems } from './structural.ts';
import { validateChange, validateNew } from './validation.ts';

// The words themselves are held to a real kube-apiserver by test/differential; here is what a stored definition may keep.

function definition(
  schema: JSONSchemaProps,
  spec: Partial<CustomResourceDefinition['spec']> = {},
): CustomResourceDefinition {
  const names = { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' };
  const versions = [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }];
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'widgets.example.com' },
    spec: { group: 'example.com', names, scope: 'Namespaced', versions, ...spec },
    status: { conditions: [], acceptedNames: names, storedVersions: ['v1'] },
  };
}

const fieldsOf = (causes: readonly { readonly field: string }[]): string[] => causes.map(({ field }) => field);
const list = (items: JSONSchemaProps, type: string): JSONSchemaProps => ({
  type: 'array',
  items,
  'x-kubernetes-list-type': type,
});
const object = (properties: Record<string, JSONSchemaProps>): JSONSchemaProps => ({ type: 'object', properties });

test.each<[string, JSONSchemaProps]>([
  ['a type that is none', object({ a: { type: 'odd' } })],
  ['a field without a type', object({ a: {} })],
  ['a default with unknown fields', object({ a: { ...object({ b: { type: 'string' } }), default: { c: 1 } } })],
  ['a set of objects', object({ a: list({ type: 'object' }, 'set') })],
  ['a set of entries that may be null', object({ a: list({ type: 'string', nullable: true }, 'set') })],
])('%s is refused, and stays where it is stored already', (_, schema) => {
  const faulty = definition(schema);
  expect(validateNew(faulty, noRuleChecks)).not.toEqual([]);
  const changed = definition({ ...schema, description: 'Another text.' });
  const isStructural = structuralProblems(faulty.spec) === '';
  const found = validateChange(changed, faulty, noRuleChecks);
  // Schemas that are not structural stay only where fields without a schema are kept.
  expect(found.length === 0).toBe(isStructural);
  expect(validateChange(changed, definition(object({})), noRuleChecks)).not.toEqual([]);
  expect(
    validateChange({ ...faulty, metadata: { name: 'widgets.example.com', labels: {} } }, faulty, noRuleChecks),
  ).toEqual([]);
});

test('names and scope change until a definition is established, the group never', () => {
  const before = definition({ type: 'object' });
  const after = definition({ type: 'object' }, { scope: 'Cluster', group: 'other.example.com' });
  after.spec.names = { ...after.spec.names, kind: 'Gadget' };
  expect(fieldsOf(validateChange(after, before, noRuleChecks))).toEqual(['spec.group']);
  before.status!.conditions = [{ type: 'Established', status: 'True' }];
  expect(fieldsOf(validateChange(after, before, noRuleChecks))).toEqual([
    'spec.scope',
    'spec.names.kind',
    'spec.group',
  ]);
});

test('a version that was stored stays until it is taken from the status', () => {
  const before = definition({ type: 'object' });
  const versions = [{ ...before.spec.versions[0]!, name: 'v2' }];
  const after = definition({ type: 'object' }, { versions });
  after.status = { ...before.status!, storedVersions: ['v1', 'v2'] };
  expect(fieldsOf(validateChange(after, before, noRuleChecks))).toEqual(['status.storedVersions[0]']);
  after.status.storedVersions = ['v2'];
  expect(validateChange(after, before, noRuleChecks)).toEqual([]);
});

test('rules are asked about where the schema is sound, and told which parts of it are not', () => {
  const sound = { ...object({ b: { type: 'string' } }), 'x-kubernetes-validations': [{ rule: 'true' }] };
  const faulty = { ...list({ type: 'object' }, 'set') };
  const asked: [string, boolean, boolean][] = [];
  const checks = {
    ...noRuleChecks,
    checkRules: ({ schema, path, isFaulty }: Parameters<typeof noRuleChecks.checkRules>[0]) => {
      asked.push([path, isFaulty(schema.properties!.sound!), isFaulty(schema.properties!.faulty!)]);
      return [];
    },
  };
  validateNew(definition(object({ sound, faulty })), checks);
  expect(asked).toEqual([['spec.validation.openAPIV3Schema', false, true]]);
  validateNew(definition(object({ sound, faulty: {} })), checks);
  expect(asked).toHaveLength(1);
});

test.each([
  ['.a', ['a']],
  [".b['c.d']", ['b', 'c.d']],
  [".b['it\\'s']", 'does not refer to a valid field'],
  ['.map.any', ['map', 'any']],
  ['a', 'expected [ or . but got: a'],
  ['.', 'unexpected end of JSON path'],
  ['.b[0]', 'expected single quoted string but got 0'],
  [".b['c.d'", 'unexpected end of JSON path'],
])('the path %s leads to %j', (path, expected) => {
  const root = object({
    a: { type: 'string' },
    b: object({ 'c.d': { type: 'string' } }),
    map: { type: 'object', additionalProperties: { type: 'string' } },
  });
  const found = findField(path, root);
  expect(typeof found === 'string' ? found : found.names).toEqual(expected);
});

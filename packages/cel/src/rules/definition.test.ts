import { describe, expect, it } from 'vitest';
import { checkRules } from './definition.ts';
import type { Rule, Schema } from './schema.ts';

const path = 'spec.validation.openAPIV3Schema';
const rulePath = `${path}.properties[spec].x-kubernetes-validations[0]`;

function schemaWith(...rules: Rule[]): Schema {
  const spec: Schema = {
    type: 'object',
    'x-kubernetes-validations': rules,
    properties: {
      replicas: { type: 'integer' },
      name: { type: 'string' },
      short: { type: 'string', maxLength: 20 },
      list: { type: 'array', maxItems: 10, items: { type: 'string', maxLength: 10 } },
      nums: { type: 'array', maxItems: 100, items: { type: 'integer' } },
      map: { type: 'object', maxProperties: 20, additionalProperties: { type: 'string', maxLength: 30 } },
      items: { type: 'array', items: { type: 'object', properties: { n: { type: 'string' } } } },
    },
  };
  return { type: 'object', properties: { spec } };
}

function check(schema: Schema, isStored = false): string[] {
  return checkRules({ schema, path, isFaulty: () => false, isStored }).map(
    ({ field, message }) => `${field}: ${message}`,
  );
}

const checkOne = (rule: string): string[] => check(schemaWith({ rule }));

const advice =
  '(try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)';

/** Every figure here is that of kube-apiserver 1.37. */
describe('estimates of costs', () => {
  it.each([
    ['self.list.all(a, self.list.all(b, self.list.all(c, self.list.all(d, self.list.exists(e, e == a)))))', undefined],
    ['self.nums.all(a, self.nums.all(b, self.nums.all(c, a+b+c > 1)))', undefined],
    ['self.nums.all(n, self.name.size() > n && self.name.matches("a"))', '3.1x'],
    ['self.list.filter(x, x.contains(self.name)).all(y, y == self.name)', '1.258315x'],
    ['self.list.all(x, self.name.matches("^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"))', '2.5x'],
    ['self.items.all(i, i.n == self.name)', 'more than 100x'],
    ['self.items.all(i, i.n.contains(self.name))', 'more than 100x'],
    ['self.map.all(k, k.startsWith("a") && self.map[k] == "b")', undefined],
    ['self.items.size() > 1', undefined],
    ['(self.list + self.list).all(x, x.contains(self.name))', undefined],
    ['type(self) == map', undefined],
  ])('%s: %s', (rule, factor) => {
    const expected =
      factor === undefined
        ? []
        : [`${rulePath}.rule: Forbidden: estimated rule cost exceeds budget by factor of ${factor} ${advice}`];
    expect(checkOne(rule).slice(0, 1)).toEqual(expected);
  });

  it('name the dearest rules where all together cost too much', () => {
    const names = Array.from({ length: 12 }, (_, index) => `a${index}`);
    const schema: Schema = {
      type: 'object',
      'x-kubernetes-validations': names.map((name) => ({ rule: `self.${name}.contains('${'y'.repeat(34)}')` })),
      properties: Object.fromEntries(names.map((name) => [name, { type: 'string' }])),
    };
    const causes = check({
      ...schema,
      'x-kubernetes-validations': Array(12).fill(schema['x-kubernetes-validations']).flat(),
    });
    expect(causes).toHaveLength(5);
    expect(causes[0]).toBe(
      `${path}.x-kubernetes-validations[0].rule: Forbidden: contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema`,
    );
    expect(causes[4]).toBe(
      `${path}: Forbidden: x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema exceeds budget by factor of 1.8x ${advice}`,
    );
  });

  it('let single expressions of a stored schema cost what they cost', () => {
    const schema = schemaWith({ rule: 'self.list.all(x, self.name.matches("^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"))' });
    expect(check(schema)).toHaveLength(1);
    expect(check(schema, true)).toEqual([]);
  });
});

describe('problems of rules', () => {
  const shown = (rule: string): string =>
    `Invalid value: {"Rule":"${rule}","Message":"","MessageExpression":"","Reason":null,"FieldPath":"","OptionalOldSelf":null}: `;

  it.each([
    ['self.x', "compilation failed: ERROR: <input>:1:5: undefined field 'x'\n | self.x\n | ....^"],
    ['self.replicas', 'cel expression must evaluate to a bool'],
    ['has(self)', 'compilation failed: ERROR: <input>:1:5: invalid argument to has() macro\n | has(self)\n | ....^'],
    [
      'self.replicas in 5',
      "compilation failed: ERROR: <input>:1:15: found no matching overload for '@in' applied to '(int, int)'\n | self.replicas in 5\n | ..............^",
    ],
  ])('%s', (rule, detail) => {
    expect(checkOne(rule)).toEqual([`${rulePath}.rule: ${shown(rule)}${detail}`]);
  });

  it('show a rule as Go does', () => {
    const [cause] = check(
      schemaWith({
        rule: "self.replicas < 'a'",
        message: 'm',
        reason: 'FieldValueForbidden',
        fieldPath: '.name',
        optionalOldSelf: true,
      }),
    );
    expect(cause).toContain(
      `{"Rule":"self.replicas \\u003c 'a'","Message":"m","MessageExpression":"","Reason":"FieldValueForbidden","FieldPath":".name","OptionalOldSelf":true}`,
    );
  });

  it('tell of expressions of messages', () => {
    const ofMessage = (messageExpression: string): string[] => check(schemaWith({ rule: 'true', messageExpression }));
    expect(ofMessage('self.short')).toEqual([]);
    expect(ofMessage('self.replicas')[0]).toContain('messageExpression must evaluate to a string');
    expect(ofMessage('self.x')[0]).toContain(
      "messageExpression compilation failed: ERROR: <input>:1:5: undefined field 'x'",
    );
    expect(ofMessage('self.items.map(i, i.n + "x").size() > 1 ? "a" : "b"')[0]).toMatch(
      /messageExpression: Forbidden: estimated messageExpression cost exceeds budget by factor of more than 100x/,
    );
  });

  it('refuse oldSelf where values are not the same ones after an update', () => {
    const item: Schema = { type: 'integer', 'x-kubernetes-validations': [{ rule: 'self >= oldSelf' }] };
    const inList = (extra: Schema): string[] =>
      check({ type: 'object', properties: { list: { type: 'array', items: item, ...extra } } });
    expect(inList({})).toEqual([
      `${path}.properties[list].items.x-kubernetes-validations[0].rule: Invalid value: "self >= oldSelf": oldSelf cannot be used on the uncorrelatable portion of the schema within ${path}.properties[list]`,
    ]);
    expect(check({ type: 'object', properties: { map: { type: 'object', additionalProperties: item } } })).toEqual([]);
    expect(check(schemaWith({ rule: 'self.replicas > 1', optionalOldSelf: true }))).toEqual([
      `${rulePath}.optionalOldSelf: Invalid value: true: may not be set if oldSelf is not used in rule`,
    ]);
  });

  it('leave schemas alone that have faults', () => {
    const causes = checkRules({ schema: schemaWith({ rule: 'self.x' }), path, isFaulty: () => true, isStored: false });
    expect(causes).toEqual([]);
  });
});

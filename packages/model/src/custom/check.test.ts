import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JSONSchemaProps } from '../gen/gantry.apiextensions.v1.ts';
import { checkOf } from './check.ts';

function faults(schema: JSONSchemaProps, value: unknown): string[] {
  const check = checkOf({ type: 'object', properties: { spec: { type: 'object', properties: { a: schema } } } });
  return check({ spec: { a: value } }).map(({ field, message }) => `${field}: ${message}`);
}

const inBody = 'spec.a in body';

describe('a value is refused in the words of Kubernetes', () => {
  it.each<[JSONSchemaProps, unknown, string[]]>([
    [{ type: 'integer' }, 'x', [`spec.a: Invalid value: "string": ${inBody} must be of type integer: "string"`]],
    [
      { type: 'integer', format: 'int32' },
      1.5,
      [
        `spec.a: Invalid value: "float64": ${inBody} must be of type int32: "float64"`,
        '<nil>: Invalid value: "": Checked value must be of type integer with format int32 in spec.a',
      ],
    ],
    [
      { type: 'integer', format: 'int32' },
      2 ** 31,
      ['<nil>: Invalid value: "": Checked value must be of type integer with format int32 in spec.a'],
    ],
    [{ type: 'string' }, null, [`spec.a: Invalid value: "null": ${inBody} must be of type string: "null"`]],
    [{ type: 'string', nullable: true }, null, []],
    [{ type: 'number', maximum: 10 }, 11, [`spec.a: Invalid value: 11: ${inBody} should be less than or equal to 10`]],
    [
      { type: 'number', maximum: 5, exclusiveMaximum: true },
      5,
      [`spec.a: Invalid value: 5: ${inBody} should be less than 5`],
    ],
    [{ type: 'number', minimum: 0 }, -1, [`spec.a: Invalid value: -1: ${inBody} should be greater than or equal to 0`]],
    [{ type: 'number', multipleOf: 0.5 }, 0.7, [`spec.a: Invalid value: 0.7: ${inBody} should be a multiple of 0.5`]],
    [
      { type: 'number', multipleOf: 0.5 },
      1,
      ['spec.a: Invalid value: 0: factor MultipleOf declared for spec.a must be positive: 0'],
    ],
    [
      { type: 'string', enum: ['red', 'green'] },
      'blue',
      ['spec.a: Unsupported value: "blue": supported values: "red", "green"'],
    ],
    [{ type: 'integer', enum: [1, 2] }, 3, ['spec.a: Unsupported value: 3: supported values: "1", "2"']],
    [{ type: 'string', minLength: 2 }, 'a', [`spec.a: Invalid value: "a": ${inBody} should be at least 2 chars long`]],
    [{ type: 'string', maxLength: 2 }, 'aéé', ['spec.a: Too long: may not be more than 2 bytes']],
    [{ type: 'string', maxLength: 2 }, 'éé', []],
    [{ type: 'string', pattern: '^[a-z]+$' }, 'A', [`spec.a: Invalid value: "A": ${inBody} should match '^[a-z]+$'`]],
    [{ type: 'string', pattern: '(?i)^[a-z]+$' }, 'A', []],
    [
      { type: 'string', format: 'date-time' },
      'now',
      [`spec.a: Invalid value: "now": ${inBody} must be of type date-time: "now"`],
    ],
    [{ type: 'string', format: 'unheard-of' }, 'now', []],
    [
      { type: 'array', items: { type: 'string' }, minItems: 1 },
      [],
      [`spec.a: Invalid value: 0: ${inBody} should have at least 1 items`],
    ],
    [
      { type: 'array', items: { type: 'string' }, maxItems: 1 },
      ['a', 'b'],
      ['spec.a: Too many: 2: must have at most 1 item'],
    ],
    [
      { type: 'array', items: { type: 'integer' } },
      [1, 'x'],
      ['spec.a[1]: Invalid value: "string": spec.a[1] in body must be of type integer: "string"'],
    ],
    [
      { type: 'array', items: { type: 'string' }, uniqueItems: true },
      ['a', 'a'],
      [`spec.a: Invalid value: "": ${inBody} shouldn't contain duplicates`],
    ],
    [
      { type: 'object', minProperties: 1 },
      {},
      [`spec.a: Invalid value: 0: ${inBody} should have at least 1 properties`],
    ],
    [{ type: 'object', maxProperties: 0 }, { b: 1 }, ['spec.a: Too many: 1: must have at most 0 items']],
    [{ type: 'object', required: ['b'] }, {}, ['spec.a.b: Required value']],
    [
      { type: 'object', additionalProperties: { type: 'string' } },
      { b: 1 },
      ['spec.a.b: Invalid value: "integer": spec.a.b in body must be of type string: "integer"'],
    ],
    [
      { 'x-kubernetes-int-or-string': true },
      1.5,
      [`spec.a: Invalid value: "number": ${inBody} must be of type integer,string: "number"`],
    ],
    [
      { type: 'object', oneOf: [{ required: ['b'] }, { required: ['c'] }] },
      {},
      [
        '<nil>: Invalid value: "": "spec.a" must validate one and only one schema (oneOf). Found none valid',
        'spec.a.b: Required value',
      ],
    ],
    [
      { type: 'object', oneOf: [{ required: ['b'] }, { required: ['c'] }] },
      { b: 1, c: 1 },
      ['<nil>: Invalid value: "": "spec.a" must validate one and only one schema (oneOf). Found 2 valid alternatives'],
    ],
    [
      { type: 'integer', anyOf: [{ minimum: 5 }, { maximum: 2 }] },
      3,
      [
        '<nil>: Invalid value: "": "spec.a" must validate at least one schema (anyOf)',
        `spec.a: Invalid value: 3: ${inBody} should be greater than or equal to 5`,
      ],
    ],
    [
      { type: 'integer', allOf: [{ minimum: 5 }, { maximum: 7 }] },
      3,
      [
        `spec.a: Invalid value: 3: ${inBody} should be greater than or equal to 5`,
        '<nil>: Invalid value: "": "spec.a" must validate all the schemas (allOf)',
      ],
    ],
    [
      { type: 'string', not: { enum: ['bad'] } },
      'bad',
      ['<nil>: Invalid value: "": "spec.a" must not validate the schema (not)'],
    ],
    [{ type: 'string', not: { enum: ['bad'] } }, 'good', []],
  ])('%j: %j', (schema, value, expected) => {
    expect(faults(schema, value)).toEqual(expected);
  });
});

describe('a change', () => {
  const check = checkOf({
    type: 'object',
    properties: {
      a: { type: 'integer', maximum: 10 },
      list: {
        type: 'array',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['name'],
        items: { type: 'object', properties: { name: { type: 'string' }, size: { type: 'integer', maximum: 10 } } },
      },
      plain: { type: 'array', items: { type: 'integer', maximum: 10 } },
    },
  });
  const fields = (value: unknown, before: unknown): string[] =>
    check(value, { value: before }).map(({ field }) => field);

  it('is let through where faulty values stay as they are', () => {
    expect(fields({ a: 11 }, { a: 11 })).toEqual([]);
    expect(fields({ a: 11, plain: [1] }, { a: 11 })).toEqual([]);
    expect(fields({ a: 12 }, { a: 11 })).toEqual(['a']);
    expect(fields({ a: 11 }, {})).toEqual(['a']);
  });

  it('finds entries of a list of type map again by their keys, and those of other lists never', () => {
    const one = { name: 'one', size: 11 };
    expect(fields({ list: [{ name: 'two' }, one] }, { list: [one] })).toEqual([]);
    expect(fields({ list: [{ ...one, name: 'two' }] }, { list: [one] })).toEqual(['list[0].size']);
    expect(fields({ plain: [11, 1] }, { plain: [11] })).toEqual(['plain[0]']);
    expect(fields({ plain: [11] }, { plain: [11] })).toEqual([]);
  });

  it('of nothing is never refused, whatever the schema', () => {
    const schema: JSONSchemaProps = {
      type: 'object',
      required: ['never'],
      properties: { a: { type: 'string', pattern: 'x', enum: ['y'] } },
      additionalProperties: { type: 'integer', multipleOf: 7, not: { minimum: 3 } },
    };
    const checkAny = checkOf(schema);
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        expect(checkAny(value, { value: structuredClone(value) })).toEqual([]);
      }),
    );
  });
});

it('a pattern that would take a backtracking engine for ever is decided at once', () => {
  expect(faults({ type: 'string', pattern: '^(a+)+$' }, `${'a'.repeat(5_000)}!`)).toHaveLength(1);
});

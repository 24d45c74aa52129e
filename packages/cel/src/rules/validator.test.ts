import { describe, expect, it } from 'vitest';
import type { Rule, Schema } from './schema.ts';
import { type RuleOutcome, ruleValidator } from './validator.ts';

const rules = (...texts: (string | Rule)[]): Pick<Schema, 'x-kubernetes-validations'> => ({
  'x-kubernetes-validations': texts.map((rule) => (typeof rule === 'string' ? { rule } : rule)),
});

const keyed: Schema = {
  type: 'array',
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['n'],
  items: {
    type: 'object',
    properties: { n: { type: 'string' }, v: { type: 'integer' } },
    ...rules('self.v > 1', { rule: '!has(oldSelf.v) || self.v >= oldSelf.v', message: 'v may not shrink' }),
  },
};

const spec: Schema = {
  type: 'object',
  ...rules(
    { rule: 'self.replicas <= 10', message: 'replicas must be at most 10' },
    { rule: 'self.replicas >= 0', messageExpression: '"replicas is " + string(self.replicas)' },
    { rule: 'self.replicas >= oldSelf.replicas', message: 'may not shrink' },
    { rule: '!has(self.name) || self.name != "bad"', fieldPath: '.name', reason: 'FieldValueDuplicate' },
    {
      rule: '!has(self.name) || self.name != "req"',
      fieldPath: '.name',
      reason: 'FieldValueRequired',
      message: ' spaced ',
    },
    {
      rule: 'oldSelf.hasValue() || !has(self.name) || self.name != "first"',
      optionalOldSelf: true,
      message: 'not at first',
    },
    { rule: '!has(self.name) || self.name != "msgerr"', messageExpression: 'self.labels["zz"]', message: 'fallback' },
    { rule: '!has(self.name) || self.name != "empty"', messageExpression: '"  "' },
  ),
  properties: {
    replicas: { type: 'integer' },
    name: { type: 'string' },
    either: {
      'x-kubernetes-int-or-string': true,
      ...rules('type(self) == int ? self < 10 : self.endsWith("%")', 'self != 7 || self + "a" == "b"'),
    },
    labels: {
      type: 'object',
      additionalProperties: {
        type: 'string',
        ...rules('self != "x"', { rule: 'self == oldSelf', message: 'label is immutable' }),
      },
      ...rules('self.size() < 3', { rule: "!('k8s.io/a' in self)", fieldPath: "['k8s.io/a']" }),
    },
    items: keyed,
    list: { type: 'array', items: { type: 'integer', ...rules('self > 0') } },
    bad: { type: 'array', items: { type: 'integer' }, ...rules('self[3] == 1', '10 / self[0] == 1') },
    nothing: { type: 'string', nullable: true, ...rules("self == 'a'") },
    'a-b.c': { type: 'string', ...rules("self == 'x'") },
  },
};

const validate = ruleValidator({
  type: 'object',
  ...rules("self.metadata.name == 'o'", {
    rule: '!has(self.spec) || self.spec.replicas < 100',
    fieldPath: '.spec.replicas',
    reason: 'FieldValueForbidden',
    message: 'too many',
  }),
  properties: { spec },
})!;

const object = (fields: object, name = 'o'): unknown => ({ metadata: { name }, spec: { replicas: 1, ...fields } });

function outcome(next: unknown, old?: unknown): RuleOutcome {
  return validate(next, old);
}

const causes = (next: unknown, old?: unknown): string[] =>
  outcome(next, old).causes.map(({ reason, field, message }) => `${reason.slice(10)} ${field}: ${message}`);

/** Every text here is that of kube-apiserver 1.37. */
describe('objects', () => {
  it.each<[string, unknown, string[]]>([
    ['hold', object({}), []],
    ['have no spec', { metadata: { name: 'o' } }, []],
    ['break the root rule', object({}, 'p'), [`Invalid <nil>: Invalid value: failed rule: self.metadata.name == 'o'`]],
    [
      'break several rules',
      object({ replicas: 200 }),
      ['Forbidden spec.replicas: Forbidden: too many', 'Invalid spec: Invalid value: replicas must be at most 10'],
    ],
    ['have a message of an expression', object({ replicas: -1 }), ['Invalid spec: Invalid value: replicas is -1']],
    ['are duplicates', object({ name: 'bad' }), ['Duplicate spec.name: Duplicate value']],
    ['lack something', object({ name: 'req' }), ['Required spec.name: Required value: spaced']],
    ['are new', object({ name: 'first' }), ['Invalid spec: Invalid value: not at first']],
    ['have a message that fails', object({ name: 'msgerr' }), ['Invalid spec: Invalid value: fallback']],
    [
      'have a message that is empty',
      object({ name: 'empty' }),
      ['Invalid spec: Invalid value: failed rule: !has(self.name) || self.name != "empty"'],
    ],
    [
      'have an int',
      object({ either: 50 }),
      ['Invalid spec.either: Invalid value: 50: failed rule: type(self) == int ? self < 10 : self.endsWith("%")'],
    ],
    [
      'have a type that an operator does not take',
      object({ either: 7 }),
      [
        `Invalid spec.either: Invalid value: "": 'no such overload': call arguments did not match a supported operator, function or macro signature for rule: self != 7 || self + "a" == "b"`,
      ],
    ],
    [
      'have values of maps',
      object({ labels: { a: 'x', b: 'y', c: 'z' } }),
      [
        'Invalid spec.labels: Invalid value: failed rule: self.size() < 3',
        'Invalid spec.labels[a]: Invalid value: "x": failed rule: self != "x"',
      ],
    ],
    [
      'have a key',
      object({ labels: { 'k8s.io/a': 'q' } }),
      [`Invalid spec.labels.[k8s.io/a]: Invalid value: failed rule: !('k8s.io/a' in self)`],
    ],
    [
      'have entries',
      object({ items: [{ n: 'a', v: 1 }, { n: 'b', v: 3 }, { n: 'c' }] }),
      [
        'Invalid spec.items[0]: Invalid value: failed rule: self.v > 1',
        'Invalid spec.items[2]: Invalid value: "object": no such key: v evaluating rule: self.v > 1',
      ],
    ],
    [
      'fail to evaluate',
      object({ bad: [0] }),
      [
        'Invalid spec.bad: Invalid value: "array": index out of bounds: 3 evaluating rule: self[3] == 1',
        'Invalid spec.bad: Invalid value: "array": division by zero evaluating rule: 10 / self[0] == 1',
      ],
    ],
    ['have null, which no rule sees', object({ nothing: null }), []],
    [
      'have names with signs',
      object({ 'a-b.c': 'y' }),
      [`Invalid spec.a-b.c: Invalid value: "y": failed rule: self == 'x'`],
    ],
  ])('that %s', (_name, next, expected) => {
    expect(causes(next)).toEqual(expected);
  });
});

describe('updates', () => {
  it('are compared by data without a schema, too', () => {
    const raw = ruleValidator({
      type: 'object',
      properties: {
        raw: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true, ...rules('self == oldSelf') },
      },
    })!;
    const found = (next: unknown): number => raw({ raw: next }, { raw: { x: [1, { y: 2 }] } }).causes.length;
    expect([found({ x: [1, { y: 2 }] }), found({ x: [1, { y: 3 }] })]).toEqual([0, 1]);
  });

  it('are compared with what was stored', () => {
    expect(causes(object({ replicas: 3 }), object({ replicas: 5 }))).toEqual([
      'Invalid spec: Invalid value: may not shrink',
    ]);
    expect(causes(object({ labels: { a: 'r', b: 's' } }), object({ labels: { a: 'q' } }))).toEqual([
      'Invalid spec.labels[a]: Invalid value: "r": label is immutable',
    ]);
    expect(causes(object({ name: 'first' }), object({}))).toEqual([]);
  });

  it('know entries by their keys', () => {
    const [a, b] = [
      { n: 'a', v: 5 },
      { n: 'b', v: 5 },
    ];
    expect(
      causes(
        object({
          items: [
            { ...b, v: 6 },
            { ...a, v: 4 },
          ],
        }),
        object({ items: [a, b] }),
      ),
    ).toEqual(['Invalid spec.items[1]: Invalid value: v may not shrink']);
  });

  it('may leave parts as they are that break a rule, with a warning', () => {
    const old = object({ list: [0, 1], either: 50 });
    const { causes: found, warnings } = outcome(object({ list: [0, 1], either: 50, replicas: 2 }), old);
    expect(found).toEqual([]);
    expect(warnings).toEqual(
      [
        'spec.either: Invalid value: 50: failed rule: type(self) == int ? self < 10 : self.endsWith("%")',
        'spec.list[0]: Invalid value: 0: failed rule: self > 0',
      ].sort((one, other) => Number(other.includes('list')) - Number(one.includes('list'))),
    );
    expect(causes(object({ list: [0, 1, 2], either: 60 }), old)).toEqual([
      'Invalid spec.list[0]: Invalid value: 0: failed rule: self > 0',
      'Invalid spec.either: Invalid value: 60: failed rule: type(self) == int ? self < 10 : self.endsWith("%")',
    ]);
  });
});

describe('costs', () => {
  const dear = (count: number): Schema => ({
    type: 'object',
    ...rules(...Array.from({ length: count }, () => 'self.n.all(a, self.n.all(b, self.n.all(c, a + b + c >= 0)))')),
    properties: { n: { type: 'array', items: { type: 'integer' } } },
  });
  const run = (count: number, size: number): string[] => {
    const found = ruleValidator(dear(count), false)!(
      { n: Array.from({ length: size }, (_, index) => index) },
      undefined,
    );
    return found.causes.map(({ message }) => message);
  };

  it('of a rule end its evaluation, and that of all rules after it', () => {
    expect(run(2, 100)).toEqual([
      `Invalid value: "object": 'operation cancelled: actual cost limit exceeded': no further validation rules will be run due to call cost exceeds limit for rule: self.n.all(a, self.n.all(b, self.n.all(c, a + b + c >= 0)))`,
    ]);
  });

  it('of an object are bounded, too', () => {
    expect(run(5, 40)).toEqual([]);
    expect(run(40, 40)).toEqual([
      'Invalid value: "object": validation failed due to running out of cost budget, no further validation rules will be run',
    ]);
  });
});

it('is nothing for schemas without rules', () => {
  expect(ruleValidator({ type: 'object', properties: { a: { type: 'string' } } })).toBeUndefined();
});

it.each(['self.namespace == "a"', 'self.__namespace__ == "a"', '!has(self.namespace) || self.namespace == "a"'])(
  'names a field with a reserved word as it is, and escaped: %s',
  (rule) => {
    const schema: Schema = { type: 'object', properties: { namespace: { type: 'string' } }, ...rules(rule) };
    const validate = ruleValidator(schema)!;
    expect(validate({ namespace: 'a' }, undefined).causes).toEqual([]);
    expect(validate({ namespace: 'b' }, undefined).causes).toHaveLength(1);
  },
);

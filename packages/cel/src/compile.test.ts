import { describe, expect, it } from 'vitest';
import { compile, type Outcome } from './compile.ts';
import { environment } from './environment.ts';
import { mutationType } from './functions/mutation.ts';
import { dynamic, typed } from './types/declaration.ts';
import { declarationOf } from './types/schema.ts';
import { types } from './types/types.ts';
import { toJson } from './values/json.ts';

const self = {
  replicas: 3,
  max: 5,
  ratio: 1,
  'my-name': 'a',
  namespace: 'b',
  items: [{ name: 'ab' }, { name: 'ac', port: 80 }],
  set: ['a', 'b'],
  labels: { x: 'y', empty: null },
  at: '2026-01-02T03:04:05Z',
  wait: '1h30m',
  data: 'aGVsbG8=',
  target: '50%',
  nothing: null,
  raw: { deep: [1, 2.5, 'x'] },
};

const schema = declarationOf({
  type: 'object',
  properties: {
    replicas: { type: 'integer' },
    max: { type: 'integer' },
    ratio: { type: 'number' },
    'my-name': { type: 'string' },
    namespace: { type: 'string' },
    items: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
      items: { type: 'object', properties: { name: { type: 'string' }, port: { type: 'integer' } } },
    },
    set: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
    labels: { type: 'object', additionalProperties: { type: 'string', nullable: true } },
    at: { type: 'string', format: 'date-time' },
    wait: { type: 'string', format: 'duration' },
    data: { type: 'string', format: 'byte' },
    target: { 'x-kubernetes-int-or-string': true },
    nothing: { type: 'string', nullable: true },
    raw: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
    absent: { type: 'object', properties: { inner: { type: 'integer' } } },
  },
})!;

const typedEnvironment = environment({ self: schema });

function evaluate(text: string): unknown {
  const compilation = compile(text, typedEnvironment);
  if ('problems' in compilation) return compilation.problems;
  return outcome(compilation.program.evaluate({ self }));
}

function outcome(given: Outcome): unknown {
  return 'error' in given ? { error: given.error } : toJson(given.value);
}

describe('values of objects', () => {
  it.each([
    ['self.replicas <= self.max', true],
    ['self.replicas + 1', 4],
    ['self.ratio / 2.0', 0.5],
    ['type(self.ratio) == double && type(self.replicas) == int', true],
    ['self.my__dash__name + self.__namespace__', 'ab'],
    ["self.items.all(i, i.name.startsWith('a'))", true],
    ['self.items.map(i, i.name)', ['ab', 'ac']],
    ['self.items.filter(i, has(i.port)).size()', 1],
    ["self.items == self.items.filter(i, i.name == 'ac') + self.items.filter(i, i.name == 'ab')", true],
    ["self.set == ['b', 'a']", true],
    ["['b', 'a'] == self.set", false],
    ["self.set + ['b', 'c']", ['a', 'b', 'c']],
    ["self.labels.x == 'y' && 'x' in self.labels && !('z' in self.labels)", true],
    ['type(self.labels.empty) == null_type', true],
    ['self.at + self.wait', '2026-01-02T04:34:05Z'],
    ["string(self.data) == 'hello'", true],
    ["type(self.target) == string ? self.target.endsWith('%') : self.target > 1", true],
    ['has(self.nothing)', false],
    ['has(self.absent) && self.absent.inner > 1', false],
    ['self.?absent.inner.orValue(7)', 7],
    ['self.items[?5].hasValue()', false],
    ['self.items.exists_one(i, has(i.port))', true],
    ['self.labels.all(key, value, key.size() == 1 || type(value) == null_type)', true],
    ['self.labels.transformMap(key, value, key + key)', { x: 'xx', empty: 'emptyempty' }],
  ])('%s', (text, expected) => {
    expect(evaluate(text)).toEqual(expected);
  });

  it('have a form in JSON only where their keys are texts', () => {
    expect(() => evaluate('self.items.transformMap(index, item, item.name)')).toThrow('keys of JSON are strings');
  });
});

describe('errors of evaluation', () => {
  it.each([
    ['self.labels.z', 'no such key: z'],
    ['self.absent.inner', 'no such key: absent'],
    ['self.items[2].name', 'index out of bounds: 2'],
    ['1 / (self.max - 5)', 'division by zero'],
    ['1 % (self.max - 5)', 'modulus by zero'],
    ['9223372036854775807 + self.max', 'integer overflow'],
    ['self.target + 1', 'no such overload'],
    ["duration('1h') + duration('2540400h10m') > self.wait", undefined],
    ['optional.none().value()', 'optional.none() dereference'],
  ])('%s: %s', (text, expected) => {
    expect(evaluate(text)).toEqual(expected === undefined ? true : { error: expected });
  });

  it('are dropped where another term decides', () => {
    expect(evaluate('self.labels.z == "a" || true')).toBe(true);
    expect(evaluate('self.labels.z == "a" && false')).toBe(false);
    expect(evaluate('[0, 1].exists(x, 1 / x == 1)')).toBe(true);
    expect(evaluate('[0, 1].all(x, 1 / x == 1)')).toEqual({ error: 'division by zero' });
  });
});

describe('problems of compilation', () => {
  it.each([
    ['self.x', "ERROR: <input>:1:5: undefined field 'x'\n | self.x\n | ....^"],
    ['foo', "ERROR: <input>:1:1: undeclared reference to 'foo' (in container '')\n | foo\n | ^"],
    [
      "self.replicas + 'a'",
      "ERROR: <input>:1:15: found no matching overload for '_+_' applied to '(int, string)'\n | self.replicas + 'a'\n | ..............^",
    ],
    ['self.raw.deep', "ERROR: <input>:1:9: undefined field 'deep'\n | self.raw.deep\n | ........^"],
    ["[1, 'a']", "ERROR: <input>:1:5: expected type 'int' but found 'string'\n | [1, 'a']\n | ....^"],
    ["self.data.matches('[')", undefined],
    ["'a'.matches('[')", "ERROR: <input>:1:13: invalid matches argument\n | 'a'.matches('[')\n | ............^"],
    ['if', 'ERROR: <input>:1:1: reserved identifier: if\n | if\n | ^'],
    [
      '1 +',
      "ERROR: <input>:1:4: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | 1 +\n | ...^",
    ],
  ])('%s', (text, expected) => {
    const problems = evaluate(text);
    if (expected === undefined) expect(problems).toContain('found no matching overload');
    else expect(problems).toBe(expected);
  });
});

describe('limits', () => {
  it('end an evaluation that costs too much', () => {
    const compilation = compile(
      'items.all(a, items.all(b, items.all(c, a + b + c >= 0)))',
      environment({ items: dynamic }),
    );
    if ('problems' in compilation) throw new Error(compilation.problems);
    const items = Array.from({ length: 1000 }, (_, index) => index);
    const given = compilation.program.evaluate({ items });
    expect(given).toMatchObject({ error: 'operation cancelled: actual cost limit exceeded', isExceeded: true });
  });

  it('refuse what has too many tokens, and count tokens alone', () => {
    const list = (length: number, item = '1'): string => `[${Array.from({ length }, () => item).join(',')}]`;
    const refused = { problems: expect.stringContaining('token count exceeds limit: limit 20000') };
    expect(compile(list(10_000), environment({}))).toEqual(refused);
    expect(compile(list(9_999), environment({}))).toHaveProperty('program');
    expect(compile(list(9, `'${'x'.repeat(10_000)}'`), environment({}))).toHaveProperty('program');
  });

  it('refuse what nests too deeply instead of running out of stack', () => {
    const text = `${'('.repeat(5000)}1${')'.repeat(5000)}`;
    expect(compile(text, environment({}))).toEqual({ problems: expect.stringContaining('recursion limit exceeded') });
  });
});

it('gives programs what their type is, and says which variables they use', () => {
  const compilation = compile('a == 1', environment({ a: dynamic, b: typed(types.int) }));
  if ('problems' in compilation) throw new Error(compilation.problems);
  expect(compilation.program.type).toBe(types.bool);
  expect([compilation.program.uses('a'), compilation.program.uses('b')]).toEqual([true, false]);
  expect(compilation.program.evaluate({})).toMatchObject({ error: 'no such attribute(s): a' });
});

it('makes the objects and patches of mutating policies', () => {
  const place = environment({ object: dynamic }, mutationType);
  const make = (text: string): unknown => {
    const compilation = compile(text, place);
    if ('problems' in compilation) return compilation.problems;
    return outcome(compilation.program.evaluate({ object: { spec: { replicas: 1 } } }));
  };
  expect(make('Object{spec: Object.spec{replicas: object.spec.replicas + 1, ?paused: object.?paused}}')).toEqual({
    spec: { replicas: 2 },
  });
  expect(make("[JSONPatch{op: 'add', path: '/a', value: {'b': 1}}]")).toEqual([
    { op: 'add', path: '/a', value: { b: 1 } },
  ]);
  expect(make('JSONPatch{what: 1}')).toContain("undefined field 'what'");
});

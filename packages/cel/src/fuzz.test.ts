import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compile } from './compile.ts';
import { environment } from './environment.ts';
import { dynamic } from './types/declaration.ts';
import { declarationOf } from './types/schema.ts';

const self = {
  n: 3,
  d: 1.5,
  s: 'text',
  flag: true,
  list: [1, 2, 3],
  names: ['a', 'b', 'a'],
  map: { a: 'x', b: 'y' },
  items: [{ name: 'a', port: 80 }, { name: 'b' }],
  nothing: null,
};

const declared = declarationOf({
  type: 'object',
  properties: {
    n: { type: 'integer' },
    d: { type: 'number' },
    s: { type: 'string' },
    flag: { type: 'boolean' },
    list: { type: 'array', items: { type: 'integer' } },
    names: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
    map: { type: 'object', additionalProperties: { type: 'string' } },
    items: {
      type: 'array',
      items: { type: 'object', properties: { name: { type: 'string' }, port: { type: 'integer' } } },
    },
    nothing: { type: 'string', nullable: true },
  },
})!;
const places = [environment({ self: declared }), environment({ self: dynamic })];

/** Expressions of any types: most make no sense, and all must end. */
const { expression } = fc.letrec<{ expression: string; leaf: string }>((tie) => ({
  leaf: fc.oneof(
    fc.constantFrom(
      'self',
      'x',
      'y',
      'true',
      'null',
      '0',
      '-1',
      '1.5',
      '7u',
      "'a'",
      "b'a'",
      '[]',
      '{}',
      'optional.none()',
      "'('",
    ),
    fc.constantFrom(...Object.keys(self).map((field) => `self.${field}`)),
    fc.constantFrom('9223372036854775807', "duration('1h')", 'timestamp(0)', "'a'.matches('a')", "quantity('1Gi')"),
  ),
  expression: fc.oneof(
    { depthSize: 'medium', withCrossShrink: true },
    tie('leaf'),
    fc
      .tuple(
        tie('expression'),
        fc.constantFrom('+', '-', '*', '/', '%', '==', '!=', '<', '>=', '&&', '||', 'in'),
        tie('expression'),
      )
      .map((parts) => `(${parts.join(' ')})`),
    fc.tuple(tie('expression'), tie('expression'), tie('expression')).map(([a, b, c]) => `(${a} ? ${b} : ${c})`),
    fc
      .tuple(
        tie('expression'),
        fc.constantFrom('all', 'exists', 'exists_one', 'map', 'filter', 'sortBy'),
        tie('expression'),
      )
      .map(([range, macro, body]) => `${range}.${macro}(x, ${body})`),
    fc
      .tuple(
        tie('expression'),
        fc.constantFrom('all', 'transformList', 'transformMap', 'transformMapEntry'),
        tie('expression'),
      )
      .map(([range, macro, body]) => `${range}.${macro}(x, y, ${body})`),
    fc
      .tuple(
        tie('expression'),
        fc.constantFrom('name', 'port', '?name', 'size()', 'sort()', 'flatten()', 'join()', 'value()', 'trim()'),
      )
      .map(([target, part]) => `${target}.${part}`),
    fc
      .tuple(
        tie('expression'),
        fc.constantFrom('contains', 'split', 'matches', 'replace', 'indexOf', 'orValue', 'find'),
        tie('expression'),
      )
      .map(
        ([target, method, argument]) =>
          `${target}.${method}(${argument}${method === 'replace' ? `, ${argument}` : ''})`,
      ),
    fc
      .tuple(
        fc.constantFrom('size', 'int', 'string', 'double', 'dyn', 'type', 'lists.range', 'ip', 'url', '!', '-', 'has'),
        tie('expression'),
      )
      .map(([name, argument]) => `${name}(${argument})`),
    fc.tuple(tie('expression'), tie('expression')).map(([target, index]) => `${target}[${index}]`),
    fc.array(tie('expression'), { maxLength: 3 }).map((elements) => `[${elements.join(', ')}]`),
    fc.tuple(tie('expression'), tie('expression')).map(([key, value]) => `{${key}: ${value}}`),
  ),
}));

const limit = 20_000;

/** Evaluates in every place: what comes of it is a problem, an error or a value, and its cost is bounded. */
function evaluated(text: string): void {
  for (const place of places) {
    const compilation = compile(text, place);
    if ('problems' in compilation) {
      expect(compilation.problems).not.toBe('');
      continue;
    }
    const outcome = compilation.program.evaluate({ self }, limit);
    if (!('error' in outcome)) expect(outcome.cost).toBeLessThanOrEqual(limit);
    else if (!outcome.isExceeded) expect(outcome.error).toEqual(expect.any(String));
  }
}

describe('expressions', () => {
  it('of any form end, with a problem, an error or a value', () => {
    fc.assert(fc.property(expression, evaluated), { numRuns: 400 });
  });

  it('of any characters end', () => {
    const characters = fc.constantFrom(...'self.items[0]{}()?:"\'\\`+-*/%!&|=<>, \n\té😀xb17u');
    const text = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 60 }),
      fc.string({ unit: characters, maxLength: 60 }),
    );
    fc.assert(fc.property(text, evaluated), { numRuns: 400 });
  });

  it('that would make or compare too much are stopped', () => {
    const place = environment({ self: dynamic });
    const text = 'x'.repeat(20_000);
    const tree = (depth: number): unknown => (depth === 0 ? 1 : [tree(depth - 1), tree(depth - 1)]);
    const big = { text, list: Array.from({ length: 1_000 }, (_, index) => index), tree: tree(14), other: tree(14) };
    for (const expensive of [
      "self.text.replace('', self.text)",
      'self.list.map(a, self.text).join(self.text)',
      'self.list.map(a, self.list.map(b, self.list + self.list))',
      'self.list.all(a, self.list.all(b, self.tree == self.other))',
      'self.list.map(a, self.list.sort())',
      "self.list.all(a, self.text.matches('(x+)+y') == false)",
    ]) {
      const compilation = compile(expensive, place);
      if ('problems' in compilation) throw new Error(compilation.problems);
      expect(compilation.program.evaluate({ self: big })).toMatchObject({ isExceeded: true });
    }
  });
});

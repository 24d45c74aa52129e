import { describe, expect, it } from 'vitest';
import { compileJsonPath } from './json-path.ts';

const object = {
  spec: { tags: ['a', 'b', 'c'], 'a.b': 1, size: 3, ok: false },
  status: {
    conditions: [{ type: 'Ready', status: 'True', n: 1 }, { type: 'Other', status: 'False', n: 2 }, { status: 'x' }],
  },
};

describe('a path', () => {
  it.each<[string, unknown[]]>([
    ['.spec.size', [3]],
    ['.spec.none', []],
    ['.spec.size.deeper', []],
    ["$.spec['a.b']", []],
    ['.spec.a\\.b', [1]],
    ['.spec.tags[0]', ['a']],
    ['.spec.tags[-1]', ['c']],
    ['.spec.tags[0:2]', ['a', 'b']],
    ['.spec.tags[1:]', ['b', 'c']],
    ['.spec.tags[::2]', ['a', 'c']],
    ['.spec.tags[*]', ['a', 'b', 'c']],
    ['.spec.tags[0,2]', ['a', 'c']],
    ['.spec.*', [['a', 'b', 'c'], 1, 3, false]],
    ['.status.conditions[?(@.type=="Ready")].status', ['True']],
    [".status.conditions[?(@.type == 'Ready')].status", ['True']],
    ['.status.conditions[?(@.type!="Ready")].n', [2]],
    ['.status.conditions[?(@.n>1)].status', ['False']],
    ['.status.conditions[?(@.n)].type', ['Ready', 'Other']],
    ['..type', ['Ready', 'Other']],
    ['.status..n', [1, 2]],
  ])('%s', (path, expected) => {
    expect(compileJsonPath(path)(object)).toEqual(expected);
  });

  it.each(['.spec.tags[', '.spec[?(@.a==1]', '.spec.tags[x]', 'range', '.spec.tags[?(@.a<>1)]', '#'])(
    '%s makes no sense',
    (path) => {
      expect(() => compileJsonPath(path)).toThrow();
    },
  );

  it('does not go into values of other types', () => {
    expect(() => compileJsonPath('.spec.tags[7]')(object)).toThrow('array index out of bounds: index 7, length 3');
    expect(() => compileJsonPath('.spec.size[0]')(object)).toThrow('is not array or slice');
    expect(() => compileJsonPath('.spec[?(@.a==1)]')(object)).toThrow('cannot be filtered');
    expect(() => compileJsonPath('.status.conditions[?(@.type>1)]')(object)).toThrow('incompatible types');
  });
});

import { describe, expect, it } from 'vitest';
import { applyOperation, readOperation } from './json-patch.ts';

const patched = (document: unknown, patch: readonly unknown[]): unknown =>
  patch.map(readOperation).reduce(applyOperation, structuredClone(document));

describe('the examples of RFC 6902, appendix A', () => {
  it.each<[name: string, document: unknown, patch: unknown[], result: unknown]>([
    ['A.1', { foo: 'bar' }, [{ op: 'add', path: '/baz', value: 'qux' }], { baz: 'qux', foo: 'bar' }],
    ['A.2', { foo: ['bar', 'baz'] }, [{ op: 'add', path: '/foo/1', value: 'qux' }], { foo: ['bar', 'qux', 'baz'] }],
    ['A.3', { baz: 'qux', foo: 'bar' }, [{ op: 'remove', path: '/baz' }], { foo: 'bar' }],
    ['A.4', { foo: ['bar', 'qux', 'baz'] }, [{ op: 'remove', path: '/foo/1' }], { foo: ['bar', 'baz'] }],
    ['A.5', { baz: 'qux' }, [{ op: 'replace', path: '/baz', value: 'boo' }], { baz: 'boo' }],
    ['A.6', { a: { b: 1 }, c: { d: 2 } }, [{ op: 'move', from: '/a/b', path: '/c/e' }], { a: {}, c: { d: 2, e: 1 } }],
    ['A.7', { f: ['a', 'b', 'c', 'd'] }, [{ op: 'move', from: '/f/1', path: '/f/3' }], { f: ['a', 'c', 'd', 'b'] }],
    [
      'A.8',
      { baz: 'qux', foo: ['a', 2, 'c'] },
      [{ op: 'test', path: '/foo/1', value: 2 }],
      { baz: 'qux', foo: ['a', 2, 'c'] },
    ],
    ['A.10', { foo: 'bar' }, [{ op: 'add', path: '/child', value: { g: {} } }], { foo: 'bar', child: { g: {} } }],
    ['A.11', { foo: 'bar' }, [{ op: 'add', path: '/baz', value: 'qux', xyz: 123 }], { foo: 'bar', baz: 'qux' }],
    ['A.14', { '/': 9, '~1': 10 }, [{ op: 'test', path: '/~01', value: 10 }], { '/': 9, '~1': 10 }],
    [
      'A.16',
      { foo: ['bar'] },
      [{ op: 'add', path: '/foo/-', value: ['abc', 'def'] }],
      { foo: ['bar', ['abc', 'def']] },
    ],
  ])('%s', (_name, document, patch, result) => {
    expect(patched(document, patch)).toEqual(result);
  });

  it.each<[name: string, document: unknown, patch: unknown[]]>([
    ['A.9', { baz: 'qux' }, [{ op: 'test', path: '/baz', value: 'bar' }]],
    ['A.12', { foo: 'bar' }, [{ op: 'add', path: '/baz/bat', value: 'qux' }]],
    ['A.15', { '/': 9, '~1': 10 }, [{ op: 'test', path: '/~01', value: '10' }]],
  ])('%s is refused', (_name, document, patch) => {
    expect(() => patched(document, patch)).toThrow();
  });
});

describe('operations beyond the examples', () => {
  it.each<[document: unknown, patch: unknown[], result: unknown]>([
    [{ a: 1 }, [{ op: 'replace', path: '', value: [1] }], [1]],
    [{ a: 1 }, [{ op: 'add', path: '', value: { b: 2 } }], { b: 2 }],
    [{ '': 1 }, [{ op: 'replace', path: '/', value: 2 }], { '': 2 }],
    [
      { a: { b: [1] } },
      [
        { op: 'copy', from: '/a', path: '/c' },
        { op: 'add', path: '/c/b/-', value: 2 },
      ],
      { a: { b: [1] }, c: { b: [1, 2] } },
    ],
    [
      { a: null },
      [
        { op: 'test', path: '/a', value: null },
        { op: 'replace', path: '/a', value: 1 },
      ],
      { a: 1 },
    ],
    [{ a: { x: 1, y: 2 } }, [{ op: 'test', path: '/a', value: { y: 2, x: 1 } }], { a: { x: 1, y: 2 } }],
    [[], [{ op: 'add', path: '/0', value: 1 }], [1]],
  ])('%j %j', (document, patch, result) => {
    expect(patched(document, patch)).toEqual(result);
  });

  it('keeps names of the language as data', () => {
    const result = patched({}, [{ op: 'add', path: '/__proto__', value: { a: 1 } }]) as object;
    expect(Object.entries(result)).toEqual([['__proto__', { a: 1 }]]);
    expect(({} as { a?: number }).a).toBeUndefined();
  });

  it.each<[document: unknown, operation: unknown]>([
    [{}, null],
    [{}, 'add'],
    [{}, { op: 'odd', path: '/a' }],
    [{}, { op: 'add', value: 1 }],
    [{}, { op: 'add', path: '/a' }],
    [{}, { op: 'move', path: '/a' }],
    [{}, { op: 'add', path: 'a', value: 1 }],
    [{}, { op: 'add', path: '/~2', value: 1 }],
    [{}, { op: 'remove', path: '/a' }],
    [{}, { op: 'replace', path: '/a', value: 1 }],
    [{}, { op: 'remove', path: '/toString' }],
    [{ a: { b: 1 } }, { op: 'move', from: '/a', path: '/a/b/c' }],
    [{ a: [1] }, { op: 'add', path: '/a/2', value: 1 }],
    [{ a: [1] }, { op: 'add', path: '/a/01', value: 1 }],
    [{ a: [1] }, { op: 'add', path: '/a/x', value: 1 }],
    [{ a: [1] }, { op: 'remove', path: '/a/-' }],
    [{ a: [1] }, { op: 'remove', path: '/a/length' }],
    [{ a: 'text' }, { op: 'add', path: '/a/0', value: 1 }],
  ])('refuses on %j: %j', (document, operation) => {
    expect(() => patched(document, [operation])).toThrow();
  });
});

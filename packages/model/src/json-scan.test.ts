import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scanJson } from './json-scan.ts';

describe('scanJson', () => {
  it.each<[text: string, duplicates: string[]]>([
    ['{"a": 1, "b": {"a": 1}}', []],
    ['{"a": 1, "a": 2}', ['a']],
    ['{"a": [{"b": 1}, {"b": 1, "c": {}, "b": [1, 2]}]}', ['a[1].b']],
    ['{"a": "x, \\"a\\": {", "\\u0061": 1}', ['a']],
    ['[[1, 2], {"a": {"x": 1}, "a": {"x": 1, "x": 1}}]', ['[1].a', '[1].a.x']],
  ])('finds what comes twice in %s', (text, duplicates) => {
    expect(scanJson(text).duplicates).toEqual(duplicates);
  });

  it('tells how deep a text is, and stops where that is far too deep', () => {
    expect(scanJson('{"a": [[1], {}]}').depth).toBe(3);
    expect(scanJson('['.repeat(500_000) + ']'.repeat(500_000)).depth).toBe(1000);
  });

  it('finds nothing in what JSON.stringify wrote', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(scanJson(JSON.stringify(JSON.parse(text))).duplicates).toEqual([]);
      }),
    );
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SubjectTree } from './subject-tree.ts';
import { changeSubject, changesPattern, escapeToken, parseChangeSubject, unescapeToken } from './subjects.ts';

describe('subjects', () => {
  test('dots in names and groups do not split tokens', () => {
    const subject = changeSubject({
      resource: 'deployments.apps',
      namespace: 'default',
      name: 'web.v1',
    });
    expect(subject).toBe('gantry.v1.deployments%2Eapps.default.web%2Ev1');
  });

  test('any text comes back from its token, which holds nothing that a subject gives a meaning to', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (text) => {
        const token = escapeToken(text);
        expect(token).toMatch(/^[A-Za-z0-9_%-]+$/);
        expect(token).not.toBe('_');
        expect(unescapeToken(token)).toBe(text);
      }),
    );
  });

  test('a subject tells its parts', () => {
    const parts = { resource: 'pods', namespace: '_', name: 'a>b' };
    expect(parseChangeSubject(changeSubject(parts))).toEqual(parts);
    const others = ['gantry.progress.v1.pods.x', 'gantry.v1.pods.ns.%ZZ', 'gantry.v1._.ns.a', 'gantry.v1.pods.ns'];
    expect(others.map(parseChangeSubject)).toEqual([undefined, undefined, undefined, undefined]);
  });

  test("a resource's pattern matches its objects only", () => {
    const tree = new SubjectTree<string>();
    tree.add(changesPattern('pods'), 'pods');
    tree.add(changesPattern('pods.metrics'), 'other');
    const at = (resource: string): string[] =>
      tree.match(changeSubject({ resource, namespace: 'default', name: 'a' })).sort();
    expect([at('pods'), at('pods.metrics'), at('podgroups')]).toEqual([['pods'], ['other'], []]);
  });

  test('a tree whose patterns were all deleted is empty', () => {
    const tree = new SubjectTree<number>();
    const patterns = ['a.b.c', 'a.>', 'a.*.c', '>', 'a.b'];
    for (const pattern of patterns) tree.add(pattern, 1);
    for (const pattern of patterns) {
      expect(tree.empty).toBe(false);
      tree.delete(pattern, 1);
    }
    expect(tree.empty).toBe(true);
  });

  test('patterns that no server would take are refused', () => {
    const tree = new SubjectTree<number>();
    for (const pattern of ['', 'a..b', 'a.>.b', 'a b'])
      expect(() => tree.add(pattern, 1)).toThrow('invalid subject pattern');
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SubjectTree } from './subject-tree.ts';
import {
  changeSubject,
  changesPattern,
  escapeToken,
  nodeProgressSubject,
  parseChangeSubject,
  unescapeToken,
} from './subjects.ts';

describe('subjects', () => {
  test('dots in names and groups do not split tokens', () => {
    const subject = changeSubject({
      resource: 'deployments.apps',
      node: undefined,
      namespace: 'default',
      name: 'web.v1',
    });
    expect(subject).toBe('gantry.v1.deployments%2Eapps._.default.web%2Ev1');
    expect(nodeProgressSubject('pods', 'node-1.example.com')).toBe('gantry.progress.v1.pods.node-1%2Eexample%2Ecom');
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
    const parts = { resource: 'pods', node: 'n.1', namespace: '_', name: 'a>b' };
    expect(parseChangeSubject(changeSubject(parts))).toEqual(parts);
    const others = [
      'gantry.progress.v1.pods.n.x',
      'gantry.v1.pods.n.ns.%ZZ',
      'gantry.v1._.n.ns.a',
      'gantry.v1.pods.n.ns',
    ];
    expect(others.map(parseChangeSubject)).toEqual([undefined, undefined, undefined, undefined]);
  });

  test("a node's pattern matches its objects only, a resource's all of them", () => {
    const tree = new SubjectTree<string>();
    tree.add(changesPattern('pods'), 'all');
    tree.add(changesPattern('pods', 'n1'), 'n1');
    tree.add(changesPattern('pods.metrics'), 'other');
    const at = (node: string | undefined): string[] =>
      tree.match(changeSubject({ resource: 'pods', node, namespace: 'default', name: 'a' })).sort();
    expect([at('n1'), at('n2'), at(undefined)]).toEqual([['all', 'n1'], ['all'], ['all']]);
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

import { describe, expect, test } from 'vitest';
import { attemptOn } from '../authorization.ts';
import { allows, describeRules, uncovered } from './rules.ts';

describe('rules', () => {
  const rule = { verbs: ['get'], apiGroups: [''], resources: ['pods', '*/scale'] };

  test.each([
    [rule, attemptOn('get', 'pods', { namespace: 'a', name: 'x' }), true],
    [rule, attemptOn('get', 'pods/log', { namespace: 'a', name: 'x' }), false],
    [rule, attemptOn('get', 'replicationcontrollers/scale'), true],
    [rule, attemptOn('get', 'deployments.apps/scale'), false],
    [rule, attemptOn('list', 'pods'), false],
    [{ ...rule, resourceNames: ['x'] }, attemptOn('get', 'pods', { name: 'x' }), true],
    [{ ...rule, resourceNames: ['x'] }, attemptOn('get', 'pods', { name: 'y' }), false],
    [{ ...rule, resourceNames: ['x'] }, attemptOn('get', 'pods'), false],
    [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }, attemptOn('get', 'widgets.example.com/x'), true],
    [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }, { type: 'path', verb: 'get', path: '/x' } as const, false],
    [{ verbs: ['get'], nonResourceURLs: ['/logs/*'] }, { type: 'path', verb: 'get', path: '/logs/a' } as const, true],
    [{ verbs: ['get'], nonResourceURLs: ['/logs/*'] }, { type: 'path', verb: 'get', path: '/logs' } as const, false],
    [{ verbs: ['get'], nonResourceURLs: ['/logs'] }, { type: 'path', verb: 'get', path: '/logs/a' } as const, false],
    [{ verbs: ['get'], nonResourceURLs: ['*'] }, { type: 'path', verb: 'post', path: '/' } as const, false],
  ])('%j, asked for %j: %s', (given, attempt, expected) => {
    expect(allows(given, attempt)).toBe(expected);
  });

  test.each([
    [
      [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
      [{ verbs: ['get'], apiGroups: ['a'], resources: ['b'] }],
      [],
    ],
    [
      [rule],
      [{ verbs: ['get', 'list'], apiGroups: [''], resources: ['pods'] }],
      ['{APIGroups:[""], Resources:["pods"], Verbs:["list"]}'],
    ],
    [[rule], [{ verbs: ['get'], apiGroups: [''], resources: ['pods'], resourceNames: ['x'] }], []],
    [
      [{ ...rule, resourceNames: ['x'] }],
      [rule],
      ['{APIGroups:[""], Resources:["*/scale"], Verbs:["get"]}', '{APIGroups:[""], Resources:["pods"], Verbs:["get"]}'],
    ],
    [[rule], [{ verbs: ['get'], apiGroups: [''], resources: ['rc/scale'] }], []],
    [
      [{ verbs: ['get'], nonResourceURLs: ['/a/*'] }],
      [{ verbs: ['get'], nonResourceURLs: ['/a/b', '/c'] }],
      ['{NonResourceURLs:["/c"], Verbs:["get"]}'],
    ],
    [
      [],
      [{ verbs: ['get', 'list'], apiGroups: [''], resources: ['pods'] }],
      ['{APIGroups:[""], Resources:["pods"], Verbs:["get" "list"]}'],
    ],
  ])('%j leaves of %j %j', (owned, wanted, missing) => {
    expect(describeRules(uncovered(owned, wanted))).toEqual(missing);
  });
});

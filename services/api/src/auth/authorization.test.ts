import { describe, expect, test } from 'vitest';
import { type Authorizer, attemptOn, authorizeInOrder, mastersAuthorizer } from './authorization.ts';

const eve = { name: 'eve', groups: [] };
const says =
  (decision: 'allow' | 'deny' | 'no opinion', reason = ''): Authorizer =>
  () => ({ decision, reason });

describe('authorization', () => {
  test.each([
    [
      attemptOn('get', 'pods', { namespace: 'a', name: 'x' }),
      'pods "x" is forbidden: User "eve" cannot get resource "pods" in API group "" in the namespace "a"',
    ],
    [
      attemptOn('list', 'deployments.apps'),
      'deployments.apps is forbidden: User "eve" cannot list resource "deployments" in API group "apps" at the cluster scope',
    ],
    [
      attemptOn('create', 'pods/exec', { namespace: 'a', name: 'x' }),
      'pods "x" is forbidden: User "eve" cannot create resource "pods/exec" in API group "" in the namespace "a"',
    ],
    [{ type: 'path', verb: 'get', path: '/metrics' } as const, 'forbidden: User "eve" cannot get path "/metrics"'],
  ])("refuses %j in Kubernetes' words where nobody allows it", (attempt, message) => {
    expect(() => authorizeInOrder([mastersAuthorizer])(eve, attempt)).toThrow(message);
  });

  test('whoever belongs to system:masters may do everything', () => {
    authorizeInOrder([mastersAuthorizer, says('deny')])(
      { name: 'root', groups: ['system:masters'] },
      attemptOn('get', 'pods'),
    );
  });

  test('the first that allows or denies decides', () => {
    const attempt = attemptOn('get', 'pods');
    authorizeInOrder([says('no opinion'), says('allow'), says('deny')])(eve, attempt);
    expect(() => authorizeInOrder([says('deny', 'not today'), says('allow')])(eve, attempt)).toThrow(/: not today$/);
    expect(() => authorizeInOrder([says('no opinion', 'a'), says('no opinion', 'b')])(eve, attempt)).toThrow(/: a, b$/);
  });
});

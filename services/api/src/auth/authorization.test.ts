import { describe, expect, test } from 'vitest';
import {
  type Authorize,
  type Authorizer,
  attemptOn,
  authorizeAll,
  authorizeInOrder,
  forbidden,
  mastersAuthorizer,
} from './authorization.ts';

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

  test('an action on several objects is authorized as a whole, or for each of them', () => {
    const asked: string[] = [];
    const inNamespace =
      (...namespaces: string[]): Authorize =>
      (user, attempt) => {
        const { namespace } = attempt as { readonly namespace: string };
        asked.push(namespace);
        if (!namespaces.includes(namespace)) throw forbidden(user, attempt);
      };
    const items = ['a', 'b'].map((namespace) => ({ namespace, name: 'x' }));
    authorizeAll(inNamespace(''), eve, 'create', 'pods/binding', items);
    expect(asked.splice(0)).toEqual(['']);
    authorizeAll(inNamespace('a', 'b'), eve, 'create', 'pods/binding', items);
    expect(asked.splice(0)).toEqual(['', 'a', 'b']);
    expect(() => authorizeAll(inNamespace('a'), eve, 'create', 'pods/binding', items)).toThrow('in the namespace "b"');
    expect(() => authorizeAll(inNamespace('a'), eve, 'create', 'pods/binding', [])).toThrow('at the cluster scope');
  });

  test('a namespace is in itself, and a selector of one object names it', () => {
    expect(attemptOn('get', 'namespaces', { name: 'a' })).toMatchObject({ namespace: 'a', name: 'a' });
    const one = attemptOn('list', 'secrets', { namespace: 'a', fieldSelector: 'metadata.name=x,type!=y' });
    expect(one).toMatchObject({ name: 'x', fields: { 'metadata.name': 'x' } });
    expect(attemptOn('list', 'secrets', { fieldSelector: 'no selector' })).toMatchObject({ name: '' });
  });
});

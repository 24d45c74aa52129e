import { decodeObject } from '@gantry/model/decode.ts';
import { describe, expect, test } from 'vitest';
import { Stored } from '../../core/stored-object.ts';
import { attemptOn } from '../authorization.ts';
import { rbacAuthorizer } from './authorizer.ts';
import { RbacView } from './view.ts';

const apiVersion = 'rbac.authorization.k8s.io/v1';
const view = (...objects: object[]): RbacView => {
  const made = new RbacView();
  made.reset();
  for (const object of objects) made.onEntry(storedOf(object));
  made.loaded();
  return made;
};

function storedOf(given: object, revision = 1): Stored {
  const object = decodeObject({ apiVersion, ...given });
  const { namespace = '_', name } = object.metadata;
  const key = `${object.kind.toLowerCase()}s.rbac.authorization.k8s.io/${namespace}/${name}`;
  return new Stored({ key, revision, value: JSON.stringify(object) });
}

const rules = [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }];
const reader = { kind: 'ClusterRole', metadata: { name: 'reader' }, rules };
const local = { kind: 'Role', metadata: { name: 'reader', namespace: 'a' }, rules };
const ref = (kind = 'ClusterRole') => ({ apiGroup: 'rbac.authorization.k8s.io', kind, name: 'reader' });
const bound = (subject: object, kind = 'ClusterRole') => ({
  kind: 'RoleBinding',
  metadata: { name: 'b', namespace: 'a' },
  roleRef: ref(kind),
  subjects: [subject],
});
const ann = { name: 'ann', groups: ['devs'] };
const inA = attemptOn('get', 'pods', { namespace: 'a', name: 'x' });
const inB = attemptOn('get', 'pods', { namespace: 'b', name: 'x' });

describe('the RBAC authorizer', () => {
  test.each([
    ['a user', { kind: 'User', name: 'ann' }, ann],
    ['a group', { kind: 'Group', name: 'devs' }, ann],
    ['a service account', { kind: 'ServiceAccount', name: 'sa' }, { name: 'system:serviceaccount:a:sa', groups: [] }],
    [
      'a service account of another namespace',
      { kind: 'ServiceAccount', name: 'sa', namespace: 'c' },
      { name: 'system:serviceaccount:c:sa', groups: [] },
    ],
  ])('gives %s the role in the namespace of the binding, and nowhere else', (_who, subject, user) => {
    for (const kind of ['Role', 'ClusterRole']) {
      const authorize = rbacAuthorizer(view(reader, local, bound(subject, kind)));
      expect(authorize(user, inA)).toMatchObject({ decision: 'allow' });
      expect(authorize(user, inB)).toEqual({ decision: 'no opinion', reason: '' });
      expect(authorize(user, attemptOn('get', 'pods'))).toMatchObject({ decision: 'no opinion' });
      expect(authorize({ name: 'devs', groups: ['ann'] }, inA)).toMatchObject({ decision: 'no opinion' });
    }
  });

  test('a cluster role binding is good for all namespaces, and the reason names it', () => {
    const binding = {
      kind: 'ClusterRoleBinding',
      metadata: { name: 'b' },
      roleRef: ref(),
      subjects: [{ kind: 'Group', name: 'devs' }],
    };
    expect(rbacAuthorizer(view(reader, binding))(ann, inB)).toEqual({
      decision: 'allow',
      reason: 'RBAC: allowed by ClusterRoleBinding "b" of ClusterRole "reader" to Group "devs"',
    });
  });

  test('a role that does not exist grants nothing, and the reason names it', () => {
    expect(rbacAuthorizer(view(bound({ kind: 'User', name: 'ann' })))(ann, inA)).toEqual({
      decision: 'no opinion',
      reason: 'RBAC: clusterrole.rbac.authorization.k8s.io "reader" not found',
    });
  });

  test('while the roles are loaded nobody is allowed anything', () => {
    const loading = view(reader, bound({ kind: 'User', name: 'ann' }));
    expect(rbacAuthorizer(loading)(ann, inA)).toMatchObject({ decision: 'allow' });
    loading.reset();
    loading.onEntry(storedOf(reader));
    loading.onEntry(storedOf(bound({ kind: 'User', name: 'ann' })));
    expect(() => rbacAuthorizer(loading)(ann, inA)).toThrow('the roles are being loaded');
    loading.loaded();
    expect(rbacAuthorizer(loading)(ann, inA)).toMatchObject({ decision: 'allow' });
  });

  test('a binding that changes or goes takes its grants along', () => {
    const changed = view(reader, bound({ kind: 'User', name: 'ann' }));
    changed.onEntry(storedOf(bound({ kind: 'User', name: 'bob' })));
    expect(rbacAuthorizer(changed)(ann, inA)).toMatchObject({ decision: 'no opinion' });
    expect(rbacAuthorizer(changed)({ name: 'bob', groups: [] }, inA)).toMatchObject({ decision: 'allow' });
    const { key, text } = storedOf(bound({ kind: 'User', name: 'bob' }));
    const change = { type: 'delete', key, revision: 2, value: text } as const;
    changed.onChange(change, { deleted: true } as never);
    expect(rbacAuthorizer(changed)({ name: 'bob', groups: [] }, inA)).toMatchObject({ decision: 'no opinion' });
  });
});

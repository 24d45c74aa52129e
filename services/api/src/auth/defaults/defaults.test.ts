import { genericKindOf } from '@gantry/model/built-in.ts';
import { validateObject } from '@gantry/model/validation/object.ts';
import { describe, expect, test } from 'vitest';
import { type AnyRole, autoUpdateAnnotation, defaultBindings, defaultRoles } from './defaults.ts';
import { planBinding, reconciledRole } from './reconciliation.ts';

describe('the default roles and bindings', () => {
  test('are valid, have unique names, and every binding has its role', () => {
    const names = new Set<string>();
    for (const object of [...defaultRoles, ...defaultBindings]) {
      const { kind, metadata } = object;
      expect(validateObject(genericKindOf(kind), object), `${kind} ${metadata.name}`).toEqual([]);
      names.add(`${kind} ${metadata.namespace ?? ''}/${metadata.name}`);
    }
    expect(names.size).toBe(defaultRoles.length + defaultBindings.length);
    for (const { metadata, roleRef } of defaultBindings) {
      const namespace = roleRef.kind === 'Role' ? metadata.namespace : '';
      expect(names).toContain(`${roleRef.kind} ${namespace}/${roleRef.name}`);
    }
  });

  const wanted = defaultRoles.find(({ metadata }) => metadata.name === 'system:kube-dns')!;
  const stored = (change: Partial<AnyRole>): AnyRole => ({ ...structuredClone(wanted), ...change }) as AnyRole;

  test('a role gets the rules that it lacks, and keeps those that were added', () => {
    const added = { verbs: ['get'], apiGroups: ['x'], resources: ['y'] };
    expect(reconciledRole(stored({}), wanted)).toBeUndefined();
    expect(reconciledRole(stored({ rules: [added] }), wanted)?.rules).toEqual([
      added,
      ...['endpoints', 'services'].flatMap((resource) =>
        ['list', 'watch'].map((verb) => ({ verbs: [verb], apiGroups: [''], resources: [resource] })),
      ),
    ]);
  });

  test('a role that its administrator keeps stays as it is', () => {
    const metadata = { ...wanted.metadata, annotations: { [autoUpdateAnnotation]: 'false' } };
    expect(reconciledRole(stored({ rules: [], metadata }), wanted)).toBeUndefined();
  });

  test('a binding gets the subjects that it lacks, and is replaced where it binds another role', () => {
    const binding = defaultBindings.find(({ metadata }) => metadata.name === 'system:kube-dns')!;
    const ann = { kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'ann' };
    expect(planBinding(structuredClone(binding), binding)).toEqual({ type: 'keep' });
    expect(planBinding({ ...structuredClone(binding), subjects: [ann] }, binding)).toMatchObject({
      type: 'update',
      object: { subjects: [ann, ...binding.subjects!] },
    });
    const other = { ...structuredClone(binding), roleRef: { ...binding.roleRef, name: 'cluster-admin' } };
    expect(planBinding(other, binding)).toMatchObject({
      type: 'replace',
      object: { roleRef: { name: 'system:kube-dns' } },
    });
  });
});

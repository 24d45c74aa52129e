import { isDeepStrictEqual } from 'node:util';
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { RoleRef, Subject } from '../../gen/gantry.rbac.v1.ts';
import type { Column, KubeObject } from '../../kind.ts';
import { immutable, invalidValues, notSupported, required } from '../../validation/causes.ts';
import { dnsSubdomainProblems } from '../../validation/names.ts';
import { pathSegmentProblems, rbacGroup } from './group.ts';

/** A RoleBinding or ClusterRoleBinding. */
export interface Binding extends KubeObject {
  roleRef: RoleRef;
  subjects?: Subject[];
}

/** Sets the groups that a binding left out, in place. */
export function setBindingDefaults({ roleRef, subjects = [] }: Binding): void {
  if (roleRef !== undefined && !roleRef.apiGroup) roleRef.apiGroup = rbacGroup;
  for (const subject of subjects) {
    if (!subject.apiGroup && (subject.kind === 'User' || subject.kind === 'Group')) subject.apiGroup = rbacGroup;
  }
}

/** Validates a binding. @param roleKinds Kinds of roles that it may bind. */
export function validateBinding(
  { roleRef, subjects = [] }: Binding,
  roleKinds: readonly string[],
  isNamespaced: boolean,
): FieldCause[] {
  return [
    ...validateRoleRef(roleRef, roleKinds),
    ...subjects.flatMap((subject, index) => validateSubject(subject, isNamespaced, `subjects[${index}]`)),
  ];
}

/** Validates a change of a binding: the role stays, as the permission to bind it was checked when the binding was made. */
export function validateBindingUpdate({ roleRef }: Binding, stored: Binding): FieldCause[] {
  if (isDeepStrictEqual(roleRef, stored.roleRef)) return [];
  const { apiGroup: APIGroup, kind: Kind, name: Name } = roleRef;
  // The value is shown as Kubernetes' Go type prints it.
  return [immutable('roleRef', { APIGroup, Kind, Name })];
}

function validateRoleRef({ apiGroup, kind, name }: RoleRef, roleKinds: readonly string[]): FieldCause[] {
  return [
    ...(apiGroup === rbacGroup ? [] : [notSupported('roleRef.apiGroup', apiGroup, [rbacGroup])]),
    ...(roleKinds.includes(kind) ? [] : [notSupported('roleRef.kind', kind, roleKinds)]),
    ...(name ? invalidValues('roleRef.name', name, pathSegmentProblems(name)) : [required('roleRef.name')]),
  ];
}

function validateSubject(subject: Subject, isNamespaced: boolean, field: string): FieldCause[] {
  const { kind, name, apiGroup = '', namespace } = subject;
  const causes: FieldCause[] = name ? [] : [required(`${field}.name`)];
  switch (kind) {
    case 'ServiceAccount':
      if (name) causes.push(...invalidValues(`${field}.name`, name, dnsSubdomainProblems(name)));
      if (apiGroup) causes.push(notSupported(`${field}.apiGroup`, apiGroup, ['']));
      if (!isNamespaced && !namespace) causes.push(required(`${field}.namespace`));
      return causes;
    case 'User':
    case 'Group':
      return apiGroup === rbacGroup ? causes : [...causes, notSupported(`${field}.apiGroup`, apiGroup, [rbacGroup])];
    default:
      return [...causes, notSupported(`${field}.kind`, kind, ['ServiceAccount', 'User', 'Group'])];
  }
}

/** Columns of bindings. */
export const bindingColumns: readonly Column<Binding>[] = [
  { name: 'ROLE', cell: ({ roleRef }) => `${roleRef.kind}/${roleRef.name}` },
  { name: 'USERS', wide: true, cell: ({ subjects }) => namesOf(subjects, 'User') },
  { name: 'GROUPS', wide: true, cell: ({ subjects }) => namesOf(subjects, 'Group') },
  { name: 'SERVICEACCOUNTS', wide: true, cell: ({ subjects }) => namesOf(subjects, 'ServiceAccount') },
];

function namesOf(subjects: readonly Subject[] = [], kind: string): string {
  return subjects
    .filter((subject) => subject.kind === kind)
    .map(({ name, namespace }) => (namespace ? `${namespace}/${name}` : name))
    .join(', ');
}

import type {
  ClusterRole,
  ClusterRoleBinding,
  Role,
  RoleBinding,
  RoleRef,
  Subject,
} from '@gantry/model/gen/gantry.rbac.v1.ts';
import { rbacGroup } from '@gantry/model/kinds/rbac/group.ts';
import { type BindingText, bindings, controllerBinding } from './bindings.ts';
import { componentRoles } from './component-roles.ts';
import { controllerRoles } from './controller-roles.ts';
import { gantryRoles } from './gantry-roles.ts';
import { namespacedRoles } from './namespaced-roles.ts';
import { aggregationLabel, parseRoles, type RoleText } from './notation.ts';
import { userRoles } from './user-roles.ts';

/** Annotation of a default object that is brought up to date at each start; "false" leaves it to the cluster's administrator. */
export const autoUpdateAnnotation = 'rbac.authorization.kubernetes.io/autoupdate';

const apiVersion = `${rbacGroup}/v1`;

/** A default role. */
export type AnyRole = ClusterRole | Role;
/** A default binding. */
export type AnyBinding = ClusterRoleBinding | RoleBinding;

const clusterRoles = [userRoles, componentRoles, gantryRoles].flatMap(parseRoles);
const ownControllerRoles = parseRoles(controllerRoles);

/** The roles that every cluster has, those that are parts of others before them. */
export const defaultRoles: readonly AnyRole[] = [
  ...clusterRoles,
  ...ownControllerRoles,
  ...parseRoles(namespacedRoles),
].map(roleOf);

/** The bindings that every cluster has. */
export const defaultBindings: readonly AnyBinding[] = [
  ...bindings,
  ...ownControllerRoles.map(({ name }) => controllerBinding(name)),
].map(bindingOf);

function roleOf({ namespace, name, partOf, rules, aggregationRule }: RoleText): AnyRole {
  const labels = Object.fromEntries(partOf.map((role) => [aggregationLabel(role), 'true']));
  const metadata = metadataOf(namespace, name, labels);
  if (namespace !== '') return { apiVersion, kind: 'Role', metadata, rules: [...rules] };
  const aggregation = aggregationRule === undefined ? {} : { aggregationRule };
  return { apiVersion, kind: 'ClusterRole', metadata, rules: [...rules], ...aggregation };
}

function bindingOf({ namespace, name, role, subjects }: BindingText): AnyBinding {
  const roleRef: RoleRef = { apiGroup: rbacGroup, kind: namespace === '' ? 'ClusterRole' : 'Role', name: role };
  const all = subjects.length === 0 ? {} : { subjects: subjects.map(subjectOf) };
  const rest = { apiVersion, metadata: metadataOf(namespace, name, {}), roleRef, ...all };
  return namespace === '' ? { kind: 'ClusterRoleBinding', ...rest } : { kind: 'RoleBinding', ...rest };
}

function subjectOf(text: string): Subject {
  const [kind = '', path = ''] = text.split(' ');
  if (kind !== 'ServiceAccount') return { kind, apiGroup: rbacGroup, name: path };
  const [namespace = '', name = ''] = path.split('/');
  return { kind, name, namespace };
}

function metadataOf(namespace: string, name: string, labels: Readonly<Record<string, string>>): AnyRole['metadata'] {
  return {
    name,
    ...(namespace === '' ? {} : { namespace }),
    labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults', ...labels },
    annotations: { [autoUpdateAnnotation]: 'true' },
  };
}

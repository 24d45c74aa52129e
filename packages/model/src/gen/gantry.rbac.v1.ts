// Generated from proto/ by `npm run generate`; not edited by hand.

import type { LabelSelector, ObjectMeta } from './gantry.meta.v1.ts';

/** The cluster roles whose rules a cluster role has. */
export interface AggregationRule {
  /** A cluster role that any of these selects is one of them. */
  clusterRoleSelectors?: LabelSelector[];
}

/** Rules that bindings grant in one namespace or in the whole cluster. */
export interface ClusterRole {
  apiVersion: string;
  kind: 'ClusterRole';
  /** Identity and labels. */
  metadata: ObjectMeta;
  /** The rules; each allows what it names, and none forbids. The server writes them where there is an aggregationRule. */
  rules?: PolicyRule[];
  /** Makes the rules those of other cluster roles. */
  aggregationRule?: AggregationRule;
}

/** Gives users, groups and service accounts the rules of a cluster role in the whole cluster. */
export interface ClusterRoleBinding {
  apiVersion: string;
  kind: 'ClusterRoleBinding';
  /** Identity and labels. */
  metadata: ObjectMeta;
  /** The holders of the role. */
  subjects?: Subject[];
  /** A ClusterRole. Fixed after creation. */
  roleRef: RoleRef;
}

/** A set of actions on a set of resources or paths. */
export interface PolicyRule {
  /** Verbs, such as get or list; "*" is all. */
  verbs: string[];
  /** Groups of the resources; "" is the core group, "*" all groups. */
  apiGroups?: string[];
  /** Resources, such as pods, pods/log or "* /scale"; "*" is all. */
  resources?: string[];
  /** Names of the objects; any where there are none. */
  resourceNames?: string[];
  /** Paths that are no resources; a "*" at the end stands for whatever follows. Cluster roles in cluster role bindings only. */
  nonResourceURLs?: string[];
}

/** Rules that bindings of its namespace grant. */
export interface Role {
  apiVersion: string;
  kind: 'Role';
  /** Identity and labels. */
  metadata: ObjectMeta;
  /** The rules; each allows what it names, and none forbids. */
  rules?: PolicyRule[];
}

/** Gives users, groups and service accounts the rules of a role in one namespace. */
export interface RoleBinding {
  apiVersion: string;
  kind: 'RoleBinding';
  /** Identity and labels. */
  metadata: ObjectMeta;
  /** The holders of the role. */
  subjects?: Subject[];
  /** A Role of the namespace, or a ClusterRole. Fixed after creation. */
  roleRef: RoleRef;
}

/** A role by its name. */
export interface RoleRef {
  /** "rbac.authorization.k8s.io". */
  apiGroup: string;
  /** "Role" or "ClusterRole". */
  kind: string;
  /** Name of the role. */
  name: string;
}

/** A holder of roles. */
export interface Subject {
  /** "User", "Group" or "ServiceAccount". */
  kind: string;
  /** "" for service accounts, "rbac.authorization.k8s.io" for users and groups. */
  apiGroup?: string;
  /** Name of the user, group or service account. */
  name: string;
  /** Namespace of a service account. */
  namespace?: string;
}

/** Kinds whose objects are calls: a client creates one, the server answers with it, and nothing is stored. */
import { bareKind } from './bare-kind.ts';
import type { Kind } from './kind.ts';
import { Registry } from './registry.ts';

/** One line for each kind. */
export const virtualKinds: Registry = new Registry([
  callKind('authentication.k8s.io', 'SelfSubjectReview', 'Cluster'),
  callKind('authentication.k8s.io', 'TokenReview', 'Cluster'),
  callKind('authorization.k8s.io', 'SubjectAccessReview', 'Cluster'),
  callKind('authorization.k8s.io', 'SelfSubjectAccessReview', 'Cluster'),
  callKind('authorization.k8s.io', 'LocalSubjectAccessReview', 'Namespaced'),
  callKind('authorization.k8s.io', 'SelfSubjectRulesReview', 'Cluster'),
]);

/** Kinds of the bodies of subresources, which have no path of their own. */
export const bodyKinds: Registry = new Registry([
  callKind('authentication.k8s.io', 'TokenRequest', 'Namespaced'),
  callKind('autoscaling', 'Scale', 'Namespaced'),
]);

/** A kind of version v1 whose message is gantry.<first part of the group>.v1.<kind>. */
function callKind(group: string, kind: string, scope: 'Cluster' | 'Namespaced'): Kind {
  const [folder] = group.split('.', 1);
  const singular = kind.toLowerCase();
  const names = { group, version: 'v1', kind, plural: `${singular}s`, singular, shortNames: [] };
  return {
    ...bareKind({ ...names, namespaced: scope === 'Namespaced' }),
    message: `gantry.${folder}.v1.${kind}`,
    verbs: ['create'],
  };
}

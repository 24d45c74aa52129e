/**
 * Kinds of which nothing is stored: those whose objects are calls, which a client creates and the server answers with, and those whose objects
 * the server makes when they are read.
 */
import { bareKind } from './bare-kind.ts';
import type { ComponentCondition, ComponentStatus } from './gen/gantry.core.v1.ts';
import type { Kind } from './kind.ts';
import { Registry } from './registry.ts';
import { usageKinds } from './usage-kinds.ts';

/** One line for each kind. */
export const virtualKinds: Registry = new Registry([
  callKind('authentication.k8s.io', 'SelfSubjectReview', 'Cluster'),
  callKind('authentication.k8s.io', 'TokenReview', 'Cluster'),
  callKind('authorization.k8s.io', 'SubjectAccessReview', 'Cluster'),
  callKind('authorization.k8s.io', 'SelfSubjectAccessReview', 'Cluster'),
  callKind('authorization.k8s.io', 'LocalSubjectAccessReview', 'Namespaced'),
  callKind('authorization.k8s.io', 'SelfSubjectRulesReview', 'Cluster'),
  componentStatus(),
  ...usageKinds,
]);

/** Kinds of the bodies of subresources, which have no path of their own. */
export const bodyKinds: Registry = new Registry([
  callKind('authentication.k8s.io', 'TokenRequest', 'Namespaced'),
  callKind('autoscaling', 'Scale', 'Namespaced'),
]);

/** v1 ComponentStatus, with its columns. */
function componentStatus(): Kind {
  const names = { group: '', version: 'v1', kind: 'ComponentStatus', plural: 'componentstatuses' };
  const of = (object: unknown): ComponentCondition =>
    (object as ComponentStatus).conditions?.find(({ type }) => type === 'Healthy') ?? {
      type: 'Healthy',
      status: 'Unknown',
    };
  const healths: Readonly<Record<string, string>> = { True: 'Healthy', False: 'Unhealthy' };
  return {
    ...bareKind({ ...names, singular: 'componentstatus', shortNames: ['cs'], namespaced: false }),
    message: 'gantry.core.v1.ComponentStatus',
    verbs: ['get', 'list'],
    columns: [
      { name: 'STATUS', cell: (object) => healths[of(object).status ?? ''] ?? 'Unknown' },
      { name: 'MESSAGE', cell: (object) => of(object).message ?? '' },
      { name: 'ERROR', cell: (object) => of(object).error ?? '' },
    ],
  };
}

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

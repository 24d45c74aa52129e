import type { AdmissionAttempt } from '../chain.ts';
import { isNamespace, namespaceOf, type Place } from './places.ts';

/** A rule of a webhook or policy: the requests that it is about. */
export interface Rule {
  readonly operations?: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly apiVersions?: readonly string[];
  /** Such as pods, pods/status, pods/*, *\/status, * or *\/*. */
  readonly resources?: readonly string[];
  /** `*` by default. */
  readonly scope?: string;
}

/** True where a rule is about an attempt, taken as one on a place. */
export function ruleMatches(rule: Rule, attempt: AdmissionAttempt, place: Place): boolean {
  const { operations = [], apiGroups = [], apiVersions = [], resources = [], scope = '*' } = rule;
  return (
    isAmong(operations, attempt.operation) &&
    isAmong(apiGroups, place.group) &&
    isAmong(apiVersions, place.version) &&
    resources.some((resource) => resourceMatches(resource, place.resource, attempt.request.subresource)) &&
    scopeMatches(scope, attempt)
  );
}

function isAmong(list: readonly string[], wanted: string): boolean {
  return list.includes('*') || list.includes(wanted);
}

function resourceMatches(rule: string, resource: string, subresource: string): boolean {
  const slash = rule.indexOf('/');
  const [name, sub] = slash < 0 ? [rule, ''] : [rule.slice(0, slash), rule.slice(slash + 1)];
  return (name === '*' || name === resource) && (sub === '*' || sub === subresource);
}

function scopeMatches(scope: string, attempt: AdmissionAttempt): boolean {
  if (scope === '*') return true;
  const isNamespaced = !isNamespace(attempt.kind) && namespaceOf(attempt) !== '';
  return scope === 'Namespaced' ? isNamespaced : scope === 'Cluster' && !isNamespaced;
}

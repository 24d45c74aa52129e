import type {
  FlowSchema,
  NonResourcePolicyRule,
  PolicyRulesWithSubjects,
  ResourcePolicyRule,
  Subject,
} from '@gantry/model/gen/gantry.flowcontrol.v1.ts';
import type { Attempt, PathAttempt, ResourceAttempt } from '../auth/authorization.ts';
import type { User } from '../auth/user.ts';

/** Says whether a request belongs to a flow schema. Made once for each schema, so that a request costs a few lookups. */
export type Matcher = (user: User, attempt: Attempt) => boolean;

/** The matcher of a flow schema. */
export function matcherOf({ spec }: FlowSchema): Matcher {
  const rules = (spec?.rules ?? []).map(ruleMatcher);
  return (user, attempt) => rules.some((matches) => matches(user, attempt));
}

/** Schemas in the order in which they are asked: by their precedence, then by name. */
export function byPrecedence(left: FlowSchema, right: FlowSchema): number {
  const [one, other] = [left, right].map(({ spec }) => spec?.matchingPrecedence ?? 0);
  return one! - other! || ((left.metadata.name ?? '') < (right.metadata.name ?? '') ? -1 : 1);
}

/** The flow of a request within its schema: the user, the namespace, or one flow for all. */
export function flowOf({ spec }: FlowSchema, user: User, attempt: Attempt): string {
  switch (spec?.distinguisherMethod?.type) {
    case 'ByUser':
      return user.name;
    case 'ByNamespace':
      return attempt.type === 'resource' ? attempt.namespace : '';
    default:
      return '';
  }
}

function ruleMatcher({ subjects, resourceRules = [], nonResourceRules = [] }: PolicyRulesWithSubjects): Matcher {
  const ofSubjects = subjectMatcher(subjects ?? []);
  const forResources = resourceRules.map(resourceMatcher);
  const forPaths = nonResourceRules.map(pathMatcher);
  return (user, attempt) => {
    if (!ofSubjects(user)) return false;
    return attempt.type === 'resource'
      ? forResources.some((matches) => matches(attempt))
      : forPaths.some((matches) => matches(attempt));
  };
}

function subjectMatcher(subjects: readonly Subject[]): (user: User) => boolean {
  const names = (each: readonly (string | undefined)[]) => new Set(each.filter((name) => name !== undefined));
  const users = names(subjects.map(({ kind, user }) => (kind === 'User' ? user?.name : undefined)));
  const groups = names(subjects.map(({ kind, group }) => (kind === 'Group' ? group?.name : undefined)));
  const accounts = subjects.flatMap(({ kind, serviceAccount: each }) => {
    if (kind !== 'ServiceAccount' || each === undefined) return [];
    return [`system:serviceaccount:${each.namespace}:${each.name === '*' ? '' : each.name}`];
  });
  const isAny = users.has('*') || groups.has('*');
  return (user) =>
    isAny ||
    users.has(user.name) ||
    user.groups.some((group) => groups.has(group)) ||
    accounts.some((account) => (account.endsWith(':') ? user.name.startsWith(account) : user.name === account));
}

/** Whether a list names a value; a wildcard stands for all of them. */
function listed(list: readonly string[] = []): (value: string) => boolean {
  if (list.length === 1 && list[0] === '*') return () => true;
  const values = new Set(list);
  return (value) => values.has(value);
}

function resourceMatcher(rule: ResourcePolicyRule): (attempt: ResourceAttempt) => boolean {
  const [verbs, groups, resources] = [listed(rule.verbs), listed(rule.apiGroups), listed(rule.resources)];
  const namespaces = listed(rule.namespaces);
  return ({ verb, group, resource, subresource, namespace }) =>
    verbs(verb) &&
    groups(group) &&
    resources(subresource === '' ? resource : `${resource}/${subresource}`) &&
    (namespace === '' ? rule.clusterScope === true : namespaces(namespace));
}

function pathMatcher({ verbs, nonResourceURLs }: NonResourcePolicyRule): (attempt: PathAttempt) => boolean {
  const ofVerbs = listed(verbs);
  return ({ verb, path }) => ofVerbs(verb) && nonResourceURLs.some((url) => pathMatches(url, path));
}

/** A URL stands for what is below it, too. */
function pathMatches(url: string, path: string): boolean {
  if (url === '*' || url === path) return true;
  const start = url.endsWith('*') ? url.slice(0, -1) : url;
  return path.startsWith(start.endsWith('/') ? start : `${start}/`);
}

import { GantryError } from '@gantry/runtime/errors.ts';
import { parse } from 'yaml';
import type { Attempt } from '../auth/authorization.ts';
import type { User } from '../auth/user.ts';

/** Parts of a request that an event tells, from none to all. */
export const levels = ['None', 'Metadata', 'Request', 'RequestResponse'] as const;
export type Level = (typeof levels)[number];

/** Moments of a request that events are made of. */
export const stages = ['RequestReceived', 'ResponseStarted', 'ResponseComplete', 'Panic'] as const;
export type Stage = (typeof stages)[number];

interface GroupResources {
  readonly group: string;
  readonly resources: readonly string[];
  readonly resourceNames: readonly string[];
}

interface Rule {
  readonly level: Level;
  readonly omitStages: readonly Stage[];
  readonly omitManagedFields: boolean | undefined;
  readonly users: readonly string[];
  readonly userGroups: readonly string[];
  readonly verbs: readonly string[];
  readonly namespaces: readonly string[];
  readonly resources: readonly GroupResources[];
  readonly nonResourceURLs: readonly string[];
}

/** The part of a request that is told. */
export interface Told {
  readonly level: Level;
  readonly omitStages: readonly Stage[];
  readonly omitManagedFields: boolean;
}

/** Rules that say which requests are told, and how much of them: audit.k8s.io/v1 Policy. */
export interface Policy {
  /** The first rule that matches decides; a request that none matches is not told. */
  readonly evaluate: (user: User, attempt: Attempt) => Told;
}

/** Reads a policy from YAML or JSON. Throws BadRequest that names every field that is wrong. */
export function parsePolicy(text: string): Policy {
  const problems: string[] = [];
  const given = recordOf(parse(text), 'policy', problems);
  if (given.apiVersion !== 'audit.k8s.io/v1' || given.kind !== 'Policy') {
    problems.push(`no kind "${given.kind}" is registered for version "${given.apiVersion}"; audit.k8s.io/v1 Policy is`);
  }
  refuseUnknown(given, ['apiVersion', 'kind', 'metadata', 'rules', 'omitStages', 'omitManagedFields'], '', problems);
  const omitStages = stagesOf(given.omitStages, 'omitStages', problems);
  const rules = listOf(given.rules, 'rules', problems).map((rule, index) => ruleOf(rule, `rules[${index}]`, problems));
  if (rules.length === 0) problems.push('rules: Required value: a policy without rules tells nothing');
  if (problems.length > 0) throw new GantryError('BadRequest', `the audit policy is wrong: ${problems.join('; ')}`);
  const nothing: Told = { level: 'None', omitStages, omitManagedFields: given.omitManagedFields === true };
  return {
    evaluate: (user, attempt) => {
      const rule = rules.find((each) => matches(each, user, attempt));
      if (rule === undefined) return nothing;
      const omitManagedFields = rule.omitManagedFields ?? nothing.omitManagedFields;
      return { level: rule.level, omitStages: [...omitStages, ...rule.omitStages], omitManagedFields };
    },
  };
}

function ruleOf(value: unknown, field: string, problems: string[]): Rule {
  const given = recordOf(value, field, problems);
  const lists = ['users', 'userGroups', 'verbs', 'namespaces', 'nonResourceURLs'] as const;
  refuseUnknown(given, ['level', 'omitStages', 'omitManagedFields', 'resources', ...lists], `${field}.`, problems);
  if (!levels.includes(given.level as Level)) {
    problems.push(
      `${field}.level: Unsupported value: ${JSON.stringify(given.level)}: supported values: ${levels.join(', ')}`,
    );
  }
  const text = (name: (typeof lists)[number]): string[] => textsOf(given[name], `${field}.${name}`, problems);
  const resources = listOf(given.resources, `${field}.resources`, problems).map((each, index) =>
    resourcesOf(each, `${field}.resources[${index}]`, problems),
  );
  const nonResourceURLs = text('nonResourceURLs');
  const namespaces = text('namespaces');
  if (nonResourceURLs.length > 0 && (resources.length > 0 || namespaces.length > 0)) {
    problems.push(
      `${field}.nonResourceURLs: Invalid value: rules cannot apply to both regular resources and non-resource URLs`,
    );
  }
  return {
    level: given.level as Level,
    omitStages: stagesOf(given.omitStages, `${field}.omitStages`, problems),
    omitManagedFields: given.omitManagedFields as boolean | undefined,
    users: text('users'),
    userGroups: text('userGroups'),
    verbs: text('verbs'),
    namespaces,
    resources,
    nonResourceURLs,
  };
}

function resourcesOf(value: unknown, field: string, problems: string[]): GroupResources {
  const given = recordOf(value, field, problems);
  refuseUnknown(given, ['group', 'resources', 'resourceNames'], `${field}.`, problems);
  return {
    group: String(given.group ?? ''),
    resources: textsOf(given.resources, `${field}.resources`, problems),
    resourceNames: textsOf(given.resourceNames, `${field}.resourceNames`, problems),
  };
}

function recordOf(value: unknown, field: string, problems: string[]): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  problems.push(`${field}: Invalid value: must be an object`);
  return {};
}

function listOf(value: unknown, field: string, problems: string[]): unknown[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value;
  problems.push(`${field}: Invalid value: must be a list`);
  return [];
}

function textsOf(value: unknown, field: string, problems: string[]): string[] {
  const list = listOf(value, field, problems);
  if (!list.every((each) => typeof each === 'string'))
    problems.push(`${field}: Invalid value: must be a list of texts`);
  return list.map(String);
}

function stagesOf(value: unknown, field: string, problems: string[]): Stage[] {
  const list = textsOf(value, field, problems);
  for (const stage of list) {
    if (!stages.includes(stage as Stage)) {
      problems.push(`${field}: Unsupported value: ${JSON.stringify(stage)}: supported values: ${stages.join(', ')}`);
    }
  }
  return list as Stage[];
}

function refuseUnknown(given: object, known: readonly string[], prefix: string, problems: string[]): void {
  for (const name of Object.keys(given)) {
    if (!known.includes(name)) problems.push(`unknown field ${JSON.stringify(prefix + name)}`);
  }
}

function matches(rule: Rule, user: User, attempt: Attempt): boolean {
  const { users, userGroups, verbs, namespaces, resources, nonResourceURLs } = rule;
  if (users.length > 0 && !users.includes(user.name)) return false;
  if (userGroups.length > 0 && !user.groups.some((group) => userGroups.includes(group))) return false;
  if (verbs.length > 0 && !verbs.includes(attempt.verb)) return false;
  if (namespaces.length > 0 || resources.length > 0) {
    if (attempt.type !== 'resource') return false;
    if (namespaces.length > 0 && !namespaces.includes(attempt.namespace)) return false;
    return resources.length === 0 || resources.some((each) => isAbout(each, attempt));
  }
  if (nonResourceURLs.length === 0) return true;
  return attempt.type === 'path' && nonResourceURLs.some((url) => isUnder(url, attempt.path));
}

function isAbout(
  { group, resources, resourceNames }: GroupResources,
  attempt: Extract<Attempt, { type: 'resource' }>,
): boolean {
  if (group !== '*' && group !== attempt.group) return false;
  if (resources.length === 0) return true;
  if (resourceNames.length > 0 && !resourceNames.includes(attempt.name)) return false;
  const { resource, subresource } = attempt;
  const whole = subresource === '' ? resource : `${resource}/${subresource}`;
  return resources.some(
    (each) =>
      each === '*' || each === whole || each === `${resource}/*` || (subresource !== '' && each === `*/${subresource}`),
  );
}

function isUnder(url: string, path: string): boolean {
  return url === '*' || url === path || (url.endsWith('*') && path.startsWith(url.replace(/\*+$/, '')));
}

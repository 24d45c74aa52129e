import type { PolicyRule } from '@gantry/model/gen/gantry.rbac.v1.ts';
import type { Attempt } from '../authorization.ts';

// Rules of roles: what each allows, and what a set of them covers of another. In the meaning of Kubernetes' RBAC authorizer.

const all = '*';

/** Whether a rule allows an attempt. */
export function allows(rule: PolicyRule, attempt: Attempt): boolean {
  if (!hasOrAll(rule.verbs, attempt.verb)) return false;
  if (attempt.type === 'path')
    return (rule.nonResourceURLs ?? []).some((url) => url === all || coversPath(url, attempt.path));
  const { group, resource, subresource, name } = attempt;
  return (
    hasOrAll(rule.apiGroups, group) &&
    allowsResource(rule.resources ?? [], resource, subresource) &&
    isNamed(rule.resourceNames, name)
  );
}

function hasOrAll(values: readonly string[] = [], wanted: string): boolean {
  return values.includes(all) || values.includes(wanted);
}

function allowsResource(resources: readonly string[], resource: string, subresource: string): boolean {
  const whole = subresource === '' ? resource : `${resource}/${subresource}`;
  return resources.some(
    (each) => each === all || each === whole || (subresource !== '' && each === `*/${subresource}`),
  );
}

function isNamed(names: readonly string[] = [], name: string): boolean {
  return names.length === 0 || names.includes(name);
}

/** Whether a path of a rule covers another one: the same, or a beginning of it that ends with an asterisk. */
function coversPath(owner: string, path: string): boolean {
  return owner === path || (owner.endsWith(all) && path.startsWith(owner.replace(/\*+$/, '')));
}

/** The parts of rules that no rule of `owned` covers, each with one verb, and one resource or path. */
export function uncovered(owned: readonly PolicyRule[], wanted: readonly PolicyRule[]): PolicyRule[] {
  return wanted.flatMap(partsOf).filter((part) => !owned.some((rule) => covers(rule, part)));
}

function partsOf(rule: PolicyRule): PolicyRule[] {
  const { verbs = [], apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } = rule;
  const parts: PolicyRule[] = [];
  for (const group of apiGroups) {
    for (const resource of resources) {
      for (const verb of verbs) {
        const part = { verbs: [verb], apiGroups: [group], resources: [resource] };
        if (resourceNames.length === 0) parts.push(part);
        else parts.push(...resourceNames.map((name) => ({ ...part, resourceNames: [name] })));
      }
    }
  }
  for (const url of nonResourceURLs) parts.push(...verbs.map((verb) => ({ verbs: [verb], nonResourceURLs: [url] })));
  return parts;
}

/** @param part With one value of each list at most. */
function covers(rule: PolicyRule, part: PolicyRule): boolean {
  const { resourceNames: names = [] } = rule;
  return (
    hasAllOf(rule.verbs, part.verbs) &&
    hasAllOf(rule.apiGroups, part.apiGroups) &&
    (part.resources ?? []).every((resource) => coversResource(rule.resources ?? [], resource)) &&
    (names.length === 0 || (part.resourceNames?.every((name) => names.includes(name)) ?? false)) &&
    (part.nonResourceURLs ?? []).every((path) => (rule.nonResourceURLs ?? []).some((url) => coversPath(url, path)))
  );
}

function hasAllOf(values: readonly string[] = [], wanted: readonly string[] = []): boolean {
  return values.includes(all) || wanted.every((value) => values.includes(value));
}

function coversResource(resources: readonly string[], wanted: string): boolean {
  if (resources.includes(all) || resources.includes(wanted)) return true;
  const slash = wanted.indexOf('/');
  return slash > 0 && resources.includes(`*${wanted.slice(slash)}`);
}

/** Rules in words, as Kubernetes prints them in refusals: those that differ by verb alone as one, in order. */
export function describeRules(rules: readonly PolicyRule[]): string[] {
  const compact = new Map<string, PolicyRule>();
  for (const rule of rules) {
    const { verbs, ...rest } = rule;
    const key = rule.nonResourceURLs === undefined ? JSON.stringify(rest) : JSON.stringify(rule);
    const known = compact.get(key);
    compact.set(key, known === undefined ? rule : { ...known, verbs: [...known.verbs, ...verbs] });
  }
  return [...new Set([...compact.values()].map(describeRule))].sort();
}

function describeRule({ apiGroups, resources, nonResourceURLs, resourceNames, verbs }: PolicyRule): string {
  const parts = {
    APIGroups: apiGroups,
    Resources: resources,
    NonResourceURLs: nonResourceURLs,
    ResourceNames: resourceNames,
    Verbs: verbs,
  };
  const texts = Object.entries(parts)
    .filter(([, values]) => values !== undefined && values.length > 0)
    .map(([name, values]) => `${name}:${quotedList(values!)}`);
  return `{${texts.join(', ')}}`;
}

/** A list as Go's %q prints it. */
export function quotedList(values: readonly string[]): string {
  return `[${values.map((value) => JSON.stringify(value)).join(' ')}]`;
}

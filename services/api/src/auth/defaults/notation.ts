import type { AggregationRule, PolicyRule } from '@gantry/model/gen/gantry.rbac.v1.ts';

/** A role of the defaults. */
export interface RoleText {
  /** Empty for a ClusterRole. */
  readonly namespace: string;
  readonly name: string;
  /** Roles that its rules are a part of: admin, edit, view. */
  readonly partOf: readonly string[];
  readonly rules: readonly PolicyRule[];
  readonly aggregationRule: AggregationRule | undefined;
}

/** Key of the label by which a role becomes a part of another. */
export function aggregationLabel(role: string): string {
  return `rbac.authorization.k8s.io/aggregate-to-${role}`;
}

/**
 * Reads roles that are written as text. A role begins with `[NAMESPACE/]NAME`, then `in:ROLE` for each role that it is a part of and
 * `of:ROLE` where its rules are those of its parts; its rules follow, each on an indented line:
 *
 *     VERBS GROUPS RESOURCES [NAMES]      or      VERBS paths PATHS
 *
 * Lists have commas and no blanks; the core group is written `core`.
 */
export function parseRoles(text: string): RoleText[] {
  const roles: (RoleText & { readonly rules: PolicyRule[] })[] = [];
  for (const line of text.split('\n').filter((each) => each.trim() !== '')) {
    if (line.startsWith(' ')) roles.at(-1)!.rules.push(parseRule(line.trim()));
    else roles.push(parseHead(line));
  }
  return roles;
}

function parseHead(line: string): RoleText & { readonly rules: PolicyRule[] } {
  const [path = '', ...marks] = line.split(' ');
  const slash = path.indexOf('/');
  const marked = (mark: string): string[] =>
    marks.filter((each) => each.startsWith(mark)).map((each) => each.slice(mark.length));
  const parts = marked('of:');
  const clusterRoleSelectors = parts.map((role) => ({ matchLabels: { [aggregationLabel(role)]: 'true' } }));
  return {
    namespace: slash < 0 ? '' : path.slice(0, slash),
    name: path.slice(slash + 1),
    partOf: marked('in:'),
    rules: [],
    aggregationRule: parts.length === 0 ? undefined : { clusterRoleSelectors },
  };
}

function parseRule(line: string): PolicyRule {
  const [verbs = '', groups = '', resources = '', names] = line.split(' ');
  const list = (values: string): string[] => values.split(',');
  if (groups === 'paths') return { verbs: list(verbs), nonResourceURLs: list(resources) };
  return {
    verbs: list(verbs),
    apiGroups: list(groups).map((group) => (group === 'core' ? '' : group)),
    resources: list(resources),
    ...(names === undefined ? {} : { resourceNames: list(names) }),
  };
}

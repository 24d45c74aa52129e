import type { PolicyRule, RoleRef } from '@gantry/model/gen/gantry.rbac.v1.ts';
import { rbacGroup } from '@gantry/model/kinds/rbac/group.ts';
import { notFound } from '@gantry/runtime/errors.ts';
import type { AnyObject } from '../../core/stored-object.ts';
import { type Authorizer, attemptOn } from '../authorization.ts';
import { changesGarbageFieldsAlone, type Restriction, refusal, type WriteAttempt } from '../restriction.ts';
import { type User, wellKnown } from '../user.ts';
import { rulesFor } from './authorizer.ts';
import { describeRules, quotedList, uncovered } from './rules.ts';
import type { RbacView } from './view.ts';

/** Everything, which an aggregated role may come to grant. */
const fullAuthority: readonly PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
];

/**
 * Keeps users from granting what they do not have: in roles unless they may `escalate` them, by bindings unless they may `bind` the
 * role. Throws Forbidden in Kubernetes' words, and NotFound for a binding of a role that does not exist.
 * @param decide The word of all authorizers.
 */
export function escalationCheck(view: Pick<RbacView, 'grantsOf' | 'rulesOf'>, decide: Authorizer): Restriction {
  return (user, attempt) => {
    const { kind, object, stored } = attempt;
    if (kind.group !== rbacGroup || object === undefined || user.groups.includes(wellKnown.masters)) return;
    if (stored !== undefined && changesGarbageFieldsAlone(object, stored)) return;
    const isBinding = object.roleRef !== undefined;
    if (isBinding) checkBinding(view, decide, user, attempt, object.roleRef as RoleRef);
    else checkRole(view, decide, user, attempt);
  };
}

type View = Pick<RbacView, 'grantsOf' | 'rulesOf'>;

function checkRole(view: View, decide: Authorizer, user: User, attempt: WriteAttempt): void {
  const { kind, namespace, name, object, stored, verb } = attempt;
  // The name of a new role is not asked for, as with creations.
  const at = { namespace, ...(verb === 'create' ? {} : { name }), version: '*' };
  if (decide(user, attemptOn('escalate', `${kind.plural}.${kind.group}`, at)).decision === 'allow') return;
  const problem = missing(view, user, namespace, (object!.rules ?? []) as PolicyRule[]);
  if (problem !== undefined) throw refusal(attempt, problem);
  if (!aggregates(object!) && !(stored !== undefined && aggregates(stored))) return;
  if (missing(view, user, namespace, fullAuthority) === undefined) return;
  throw refusal(attempt, 'must have cluster-admin privileges to use the aggregationRule');
}

function aggregates({ aggregationRule }: AnyObject): boolean {
  const { clusterRoleSelectors = [] } = (aggregationRule ?? {}) as {
    readonly clusterRoleSelectors?: readonly object[];
  };
  return clusterRoleSelectors.length > 0;
}

function checkBinding(view: View, decide: Authorizer, user: User, attempt: WriteAttempt, roleRef: RoleRef): void {
  const { namespace } = attempt;
  const plural = roleRef.kind === 'ClusterRole' ? 'clusterroles' : 'roles';
  const bind = attemptOn('bind', `${plural}.${rbacGroup}`, { namespace, name: roleRef.name, version: '*' });
  if (decide(user, bind).decision === 'allow') return;
  const rules = view.rulesOf(roleRef, namespace);
  if (rules === undefined) throw notFound({ group: rbacGroup, resource: plural, name: roleRef.name });
  const problem = missing(view, user, namespace, rules);
  if (problem !== undefined) throw refusal(attempt, problem);
}

/** The refusal of rules that a user does not have in a namespace; undefined if there are none. */
function missing(view: View, user: User, namespace: string, wanted: readonly PolicyRule[]): string | undefined {
  const { rules, problem } = rulesFor(view, user, namespace);
  const lacking = uncovered(rules, wanted);
  if (lacking.length === 0) return undefined;
  const who = `user ${JSON.stringify(user.name)} (groups=${quotedList(user.groups)})`;
  const errors = problem === undefined ? '' : `; resolution errors: [${problem}]`;
  return `${who} is attempting to grant RBAC permissions not currently held:\n${describeRules(lacking).join('\n')}${errors}`;
}

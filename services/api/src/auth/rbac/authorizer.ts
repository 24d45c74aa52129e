import type { PolicyRule } from '@gantry/model/gen/gantry.rbac.v1.ts';
import type { Authorizer } from '../authorization.ts';
import type { User } from '../user.ts';
import { allows } from './rules.ts';
import type { Grant, RbacView } from './view.ts';

/** Decides by roles and bindings. They allow and never deny. */
export function rbacAuthorizer(view: Pick<RbacView, 'grantsOf'>): Authorizer {
  return (user, attempt) => {
    const problems: string[] = [];
    const namespace = attempt.type === 'resource' ? attempt.namespace : '';
    for (const grant of view.grantsOf(user, namespace)) {
      if (grant.rules === undefined) problems.push(missingRole(grant));
      else if (grant.rules.some((rule) => allows(rule, attempt))) {
        return { decision: 'allow', reason: `RBAC: allowed by ${grant.source()}` };
      }
    }
    return { decision: 'no opinion', reason: problems.length === 0 ? '' : `RBAC: ${aggregated(problems)}` };
  };
}

/** The rules of a user in a namespace. */
export type RulesOf = (
  user: User,
  namespace: string,
) => {
  readonly rules: readonly PolicyRule[];
  /** The reason why there may be more rules; undefined if there cannot be. */
  readonly problem: string | undefined;
  /** True where another authorizer may allow more. */
  readonly incomplete: boolean;
};

/** All rules that a user has in a namespace and in the whole cluster, and why there may be more of them; undefined if that cannot be. */
export function rulesFor(
  view: Pick<RbacView, 'grantsOf'>,
  user: User,
  namespace: string,
): { readonly rules: PolicyRule[]; readonly problem: string | undefined } {
  const rules: PolicyRule[] = [];
  const problems: string[] = [];
  for (const grant of view.grantsOf(user, namespace)) {
    if (grant.rules === undefined) problems.push(missingRole(grant));
    else rules.push(...grant.rules);
  }
  return { rules, problem: problems.length === 0 ? undefined : aggregated(problems) };
}

function missingRole({ roleRef: { kind, name } }: Grant): string {
  return `${kind.toLowerCase()}.rbac.authorization.k8s.io ${JSON.stringify(name)} not found`;
}

/** Problems as Kubernetes' aggregated errors print them: each once, several in brackets. */
function aggregated(problems: readonly string[]): string {
  const unique = [...new Set(problems)];
  return unique.length === 1 ? unique[0]! : `[${unique.join(', ')}]`;
}

import { virtualKinds } from '@gantry/model/virtual-kinds.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { RulesOf } from '../../auth/rbac/authorizer.ts';
import type { VirtualResource } from './virtual.ts';

/** Tells a user all that it may do in a namespace. */
export function rulesReview(rulesOf: RulesOf): VirtualResource {
  const kind = virtualKinds.kindOf('authorization.k8s.io', 'SelfSubjectRulesReview')!;
  return {
    kind,
    answer: ({ user }, { apiVersion, spec = {} }) => {
      const namespace = String(spec.namespace ?? '');
      if (namespace === '') throw new GantryError('BadRequest', 'no namespace on request');
      const { rules, problem, incomplete } = rulesOf(user, namespace);
      const status = {
        resourceRules: rules.filter(({ resources = [] }) => resources.length > 0),
        nonResourceRules: rules.filter(({ nonResourceURLs = [] }) => nonResourceURLs.length > 0),
        incomplete,
        ...(problem === undefined ? {} : { evaluationError: problem }),
      };
      // The question is not repeated.
      return { apiVersion, kind: kind.kind, metadata: {} as never, spec: {}, status };
    },
  };
}

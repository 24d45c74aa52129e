import type { PolicyRule } from '@gantry/model/gen/gantry.rbac.v1.ts';
import type { AdmissionStep } from '../admission/chain.ts';
import type { ChangeObserver } from '../watch/observers.ts';
import {
  type Authorize,
  type Authorizer,
  authorizeInOrder,
  decideInOrder,
  mastersAuthorizer,
} from './authorization.ts';
import { defaultRoles } from './defaults/defaults.ts';
import { nodeAuthorizer } from './node/authorizer.ts';
import { NodeGraph } from './node/graph.ts';
import { nodeOf } from './node/identity.ts';
import { nodeRestriction } from './node/restriction.ts';
import { type RulesOf, rbacAuthorizer, rulesFor } from './rbac/authorizer.ts';
import { escalationCheck } from './rbac/escalation.ts';
import { RbacView } from './rbac/view.ts';
import { type Restriction, restrictionStep } from './restriction.ts';

/** Everything that decides who may do what, and the state that it decides by. */
export interface Access {
  /** Keep the state up to date; nobody but administrators is let through before they are loaded. */
  readonly observers: readonly ChangeObserver[];
  /** Lets an attempt pass, or throws Forbidden. */
  readonly authorize: Authorize;
  /** The same as an answer. */
  readonly decide: Authorizer;
  /** Keeps nodes to what is theirs: throws Forbidden. */
  readonly restrictNode: Restriction;
  /** NodeRestriction, as a step of admission. */
  readonly nodeStep: AdmissionStep;
  /** Keeps users from granting what they do not have: a step of admission that comes after all that may change a write. */
  readonly escalationStep: AdmissionStep;
  /** The rules that a user has in a namespace. */
  readonly rulesOf: RulesOf;
}

/** Default roles whose rules are those of every node. */
const nodeRoles = ['system:node', 'system:gantry:node'];

/** Puts the authorizers together, in the order in which they are asked. */
export function accessControl(): Access {
  const rbac = new RbacView();
  const graph = new NodeGraph();
  const authorizers = [mastersAuthorizer, nodeAuthorizer(graph, rulesOfNodes()), rbacAuthorizer(rbac)];
  const decide: Authorizer = (user, attempt) => decideInOrder(authorizers, user, attempt);
  return {
    observers: [rbac, graph],
    authorize: authorizeInOrder(authorizers),
    decide,
    restrictNode: nodeRestriction,
    nodeStep: restrictionStep('NodeRestriction', nodeRestriction),
    escalationStep: restrictionStep('escalation', escalationCheck(rbac, decide)),
    rulesOf: (user, namespace) => {
      const found = rulesFor(rbac, user, namespace);
      if (nodeOf(user) === undefined) return { ...found, incomplete: false };
      return { ...found, problem: 'node authorizer does not support user rule resolution', incomplete: true };
    },
  };
}

function rulesOfNodes(): PolicyRule[] {
  return defaultRoles.filter(({ metadata }) => nodeRoles.includes(metadata.name)).flatMap(({ rules = [] }) => rules);
}

import type { ChangeObserver } from '../watch/observers.ts';
import {
  type Authorize,
  type Authorizer,
  authorizeInOrder,
  decideInOrder,
  mastersAuthorizer,
} from './authorization.ts';
import type { RulesOf } from './rbac/authorizer.ts';
import { rbacAuthorizer, rulesFor } from './rbac/authorizer.ts';
import { RbacView } from './rbac/view.ts';

/** Everything that decides who may do what, and the state that it decides by. */
export interface Access {
  /** Keep the state up to date; nobody but administrators is let through before they are loaded. */
  readonly observers: readonly ChangeObserver[];
  /** Lets an attempt pass, or throws Forbidden. */
  readonly authorize: Authorize;
  /** The same as an answer. */
  readonly decide: Authorizer;
  /** The rules that a user has in a namespace. */
  readonly rulesOf: RulesOf;
}

/** Puts the authorizers together, in the order in which they are asked. */
export function accessControl(): Access {
  const rbac = new RbacView();
  const authorizers = [mastersAuthorizer, rbacAuthorizer(rbac)];
  return {
    observers: [rbac],
    authorize: authorizeInOrder(authorizers),
    decide: (user, attempt) => decideInOrder(authorizers, user, attempt),
    rulesOf: (user, namespace) => ({ ...rulesFor(rbac, user, namespace), incomplete: false }),
  };
}

import {
  type AuthorizationCheck,
  type AuthorizationDecision,
  authorizerValue,
  resourceCheckValue,
} from '@gantry/cel/functions/authorizer.ts';
import { parseFieldSelector } from '@gantry/model/selectors.ts';
import type { Attempt, Authorizer } from '../../auth/authorization.ts';
import type { User } from '../../auth/user.ts';
import { namespaceOf } from '../matching/places.ts';
import type { AuthorizerOf } from './bindings.ts';

/** The authorizer of expressions: it asks what the user of a request may do, and each question once. */
export function expressionAuthorizer(decide: Authorizer): AuthorizerOf {
  return (attempt, { requested }) => {
    const { user, subresource } = attempt.request;
    const known = new Map<string, AuthorizationDecision>();
    const ask = (check: AuthorizationCheck): AuthorizationDecision => {
      const key = JSON.stringify(check);
      const found = known.get(key) ?? decisionOn(decide, user, check);
      known.set(key, found);
      return found;
    };
    const { group, resource } = requested;
    const { name } = attempt;
    return {
      authorizer: authorizerValue(ask),
      'authorizer.requestResource': resourceCheckValue(ask, {
        ...{ group, resource, subresource, name },
        namespace: namespaceOf(attempt),
      }),
    };
  };
}

function decisionOn(decide: Authorizer, user: User, check: AuthorizationCheck): AuthorizationDecision {
  const { serviceAccount } = check;
  const asked = serviceAccount === undefined ? user : accountUser(serviceAccount);
  const { decision, reason } = decide(asked, attemptOf(check));
  return { allowed: decision === 'allow', reason };
}

function accountUser({ namespace, name }: { readonly namespace: string; readonly name: string }): User {
  const groups = ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'];
  return { name: `system:serviceaccount:${namespace}:${name}`, groups };
}

function attemptOf(check: AuthorizationCheck): Attempt {
  const { path, verb, group, resource, subresource, namespace, name, fieldSelector } = check;
  if (path !== undefined) return { type: 'path', verb, path };
  const fields = fieldsOf(fieldSelector);
  const attempt = { type: 'resource', verb, group, version: '*', resource, subresource, namespace, name } as const;
  return fields === undefined ? attempt : { ...attempt, fields };
}

/** The fields that a selector asks to be just so. One that makes no sense asks for none, as in Kubernetes. */
function fieldsOf(selector: string): Readonly<Record<string, string>> | undefined {
  if (selector === '') return undefined;
  try {
    const equal = parseFieldSelector(selector).filter((requirement) => requirement.equal);
    return Object.fromEntries(equal.map(({ field, value }) => [field, value]));
  } catch {
    return undefined;
  }
}

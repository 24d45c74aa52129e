import { parseFieldSelector } from '@gantry/model/selectors.ts';
import { GantryError, isError } from '@gantry/runtime/errors.ts';
import { type User, wellKnown } from './user.ts';

/** An action on objects that is to be authorized: Kubernetes' resource attributes. */
export interface ResourceAttempt {
  readonly type: 'resource';
  /** Such as get, list, watch, create, update, patch, delete, deletecollection, or one that a kind defines (bind, escalate, …). */
  readonly verb: string;
  /** Empty for the core group. */
  readonly group: string;
  /** Empty where the caller named none, as over gRPC. */
  readonly version: string;
  /** Plural name, such as pods. */
  readonly resource: string;
  /** Such as exec; empty for the object itself. */
  readonly subresource: string;
  /** Empty for all namespaces, and for what is in none. */
  readonly namespace: string;
  /** Empty for a collection, unless its selector names one object, and for a new object. */
  readonly name: string;
  /** Fields that a list or watch asks to be just so, by their paths. */
  readonly fields?: Readonly<Record<string, string>>;
}

/** A request for a path that is no resource, such as /metrics. */
export interface PathAttempt {
  readonly type: 'path';
  /** The HTTP method in lower case, such as get. */
  readonly verb: string;
  readonly path: string;
}

/** An action that is to be authorized. */
export type Attempt = ResourceAttempt | PathAttempt;

/** One authorizer's word: denying ends the chain as allowing does. */
export interface Verdict {
  readonly decision: 'allow' | 'deny' | 'no opinion';
  /** Shown to the user where it is refused, and in the audit log. */
  readonly reason: string;
}

/** Decides from what it has in memory. */
export type Authorizer = (user: User, attempt: Attempt) => Verdict;

/** Lets the attempt pass, or throws Forbidden. */
export type Authorize = (user: User, attempt: Attempt) => void;

/** Administrators may do everything, whatever the roles say: a cluster whose roles are broken can be mended. */
export const mastersAuthorizer: Authorizer = ({ groups }) =>
  groups.includes(wellKnown.masters) ? { decision: 'allow', reason: '' } : { decision: 'no opinion', reason: '' };

/** Asks authorizers in order until one decides; nobody's opinion refuses. */
export function decideInOrder(authorizers: readonly Authorizer[], user: User, attempt: Attempt): Verdict {
  const reasons: string[] = [];
  for (const authorizer of authorizers) {
    const verdict = authorizer(user, attempt);
    if (verdict.decision === 'allow') return verdict;
    if (verdict.reason !== '') reasons.push(verdict.reason);
    if (verdict.decision === 'deny') return { ...verdict, reason: reasons.join(', ') };
  }
  return { decision: 'no opinion', reason: reasons.join(', ') };
}

/** The authorization of requests by authorizers in order. */
export function authorizeInOrder(authorizers: readonly Authorizer[]): Authorize {
  return (user, attempt) => {
    const { decision, reason } = decideInOrder(authorizers, user, attempt);
    if (decision !== 'allow') throw forbidden(user, attempt, reason);
  };
}

/** Forbidden in Kubernetes' words. */
export function forbidden(user: User, attempt: Attempt, reason = ''): GantryError {
  const because = reason === '' ? '' : `: ${reason}`;
  if (attempt.type === 'path') {
    return new GantryError(
      'Forbidden',
      `forbidden: User ${JSON.stringify(user.name)} cannot ${attempt.verb} path ${JSON.stringify(attempt.path)}${because}`,
    );
  }
  const { group, resource, subresource, namespace, name, verb } = attempt;
  const type = group === '' ? resource : `${resource}.${group}`;
  const whole = subresource === '' ? resource : `${resource}/${subresource}`;
  const scope = namespace === '' ? 'at the cluster scope' : `in the namespace ${JSON.stringify(namespace)}`;
  const what = `User ${JSON.stringify(user.name)} cannot ${verb} resource ${JSON.stringify(whole)} in API group ${JSON.stringify(group)} ${scope}`;
  return new GantryError(
    'Forbidden',
    `${type}${name === '' ? '' : ` ${JSON.stringify(name)}`} is forbidden: ${what}${because}`,
    { resource: { group, resource, name } },
  );
}

/**
 * An attempt on a resource.
 * @param resource Plural name with group and subresource, such as `deployments.apps/scale` or `pods`.
 */
export function attemptOn(
  verb: string,
  resource: string,
  at: {
    readonly namespace?: string | undefined;
    readonly name?: string | undefined;
    readonly version?: string;
    readonly fieldSelector?: string | undefined;
  } = {},
): ResourceAttempt {
  const [type = '', subresource = ''] = resource.split('/', 2);
  const dot = type.indexOf('.');
  const [plural, group] = dot < 0 ? [type, ''] : [type.slice(0, dot), type.slice(dot + 1)];
  const { version = '', fieldSelector = '' } = at;
  const fields = fieldSelector === '' ? undefined : fieldsOf(fieldSelector);
  const name = at.name || fields?.['metadata.name'] || '';
  // A namespace is in itself: whoever has a role there may see it.
  const namespace = at.namespace || (resource === 'namespaces' || type === 'namespaces' ? name : '');
  const attempt = { type: 'resource', verb, group, version, resource: plural, subresource, namespace, name } as const;
  return fields === undefined ? attempt : { ...attempt, fields };
}

/** The fields that a selector asks to be just so. One that makes no sense asks for none: the request is refused for it later. */
function fieldsOf(selector: string): Readonly<Record<string, string>> | undefined {
  try {
    const equal = parseFieldSelector(selector).filter((requirement) => requirement.equal);
    return Object.fromEntries(equal.map(({ field, value }) => [field, value]));
  } catch {
    return undefined;
  }
}

/**
 * Authorizes an action on each of several objects. Whoever may do it to all objects is asked about once.
 * @param items In namespaces.
 */
export function authorizeAll(
  authorize: Authorize,
  user: User,
  verb: string,
  resource: string,
  items: readonly { readonly namespace: string; readonly name: string }[],
): void {
  try {
    authorize(user, attemptOn(verb, resource));
  } catch (error) {
    if (!isError(error, 'Forbidden') || items.length === 0) throw error;
    for (const { namespace, name } of items) authorize(user, attemptOn(verb, resource, { namespace, name }));
  }
}

/** Questions about what a user may do: `authorizer.group('apps').resource('deployments').check('create').allowed()`. */
import { dnsLabelProblems, dnsSubdomainProblems } from '@gantry/model/validation/names.ts';
import { fail, OpaqueValue } from '../values/value.ts';
import { declare, type FunctionDeclaration } from './function.ts';

/** A question to an authorizer. */
export interface AuthorizationCheck {
  /** Asks about a service account instead of the user of the request. */
  readonly serviceAccount: { readonly namespace: string; readonly name: string } | undefined;
  readonly verb: string;
  /** Path of a request that is about no resource; undefined for resources. */
  readonly path: string | undefined;
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  /** Texts of selectors; empty where there are none. */
  readonly fieldSelector: string;
  readonly labelSelector: string;
}

export interface AuthorizationDecision {
  readonly allowed: boolean;
  readonly reason: string;
  /** Problem of the authorizer itself. */
  readonly error?: string | undefined;
}

export type Authorize = (check: AuthorizationCheck) => AuthorizationDecision;

const nothing: AuthorizationCheck = {
  serviceAccount: undefined,
  verb: '',
  path: undefined,
  group: '',
  resource: '',
  subresource: '',
  namespace: '',
  name: '',
  fieldSelector: '',
  labelSelector: '',
};

/** A question that is not asked yet. */
class CheckValue extends OpaqueValue {
  readonly typeName: string;
  readonly authorize: Authorize;
  readonly check: AuthorizationCheck;

  constructor(kind: string, authorize: Authorize, check: AuthorizationCheck) {
    super();
    this.typeName = `kubernetes.authorization.${kind}`;
    this.authorize = authorize;
    this.check = check;
  }

  with(kind: string, more: Partial<AuthorizationCheck>): CheckValue {
    return new CheckValue(kind, this.authorize, { ...this.check, ...more });
  }

  equals(other: OpaqueValue): boolean {
    return this === other;
  }
}

class DecisionValue extends OpaqueValue {
  readonly typeName = 'kubernetes.authorization.Decision';
  readonly decision: AuthorizationDecision;
  constructor(decision: AuthorizationDecision) {
    super();
    this.decision = decision;
  }
  equals(other: OpaqueValue): boolean {
    return this === other;
  }
}

/** The value of the variable `authorizer`. */
export function authorizerValue(authorize: Authorize): OpaqueValue {
  return new CheckValue('Authorizer', authorize, nothing);
}

/** The value of the variable `authorizer.requestResource`: a question about the resource of the request. */
export function resourceCheckValue(
  authorize: Authorize,
  about: Pick<AuthorizationCheck, 'group' | 'resource' | 'subresource' | 'namespace' | 'name'>,
): OpaqueValue {
  return new CheckValue('ResourceCheck', authorize, { ...nothing, ...about });
}

const setting =
  (field: 'subresource' | 'namespace' | 'name' | 'fieldSelector' | 'labelSelector') =>
  (check: CheckValue, value: string): CheckValue =>
    check.with('ResourceCheck', { [field]: value });

const ask = (check: CheckValue, verb: string): DecisionValue =>
  new DecisionValue(check.authorize({ ...check.check, verb }));

function path(authorizer: CheckValue, text: string): CheckValue {
  return text.trim() === '' ? fail('path must not be empty') : authorizer.with('PathCheck', { path: text });
}

function resource(group: CheckValue, name: string): CheckValue {
  return name.trim() === '' ? fail('resource must not be empty') : group.with('ResourceCheck', { resource: name });
}

function serviceAccount(authorizer: CheckValue, namespace: string, name: string): CheckValue {
  if (dnsSubdomainProblems(name).length > 0) return fail('Invalid service account name');
  if (dnsLabelProblems(namespace).length > 0) return fail('Invalid service account namespace');
  return authorizer.with('Authorizer', { serviceAccount: { namespace, name } });
}

export const authorizerFunctions: readonly FunctionDeclaration[] = [
  declare('path', ['authorizer_path', 'authorizer.(string) -> pathCheck', path]),
  declare('group', [
    'authorizer_group',
    'authorizer.(string) -> groupCheck',
    (authorizer: CheckValue, group: string) => authorizer.with('GroupCheck', { group }),
  ]),
  declare('serviceAccount', ['authorizer_serviceaccount', 'authorizer.(string, string) -> authorizer', serviceAccount]),
  declare('resource', ['groupcheck_resource', 'groupCheck.(string) -> resourceCheck', resource]),
  declare('subresource', [
    'resourcecheck_subresource',
    'resourceCheck.(string) -> resourceCheck',
    setting('subresource'),
  ]),
  declare('namespace', ['resourcecheck_namespace', 'resourceCheck.(string) -> resourceCheck', setting('namespace')]),
  declare('name', ['resourcecheck_name', 'resourceCheck.(string) -> resourceCheck', setting('name')]),
  declare('fieldSelector', [
    'authorizer_fieldselector',
    'resourceCheck.(string) -> resourceCheck',
    setting('fieldSelector'),
  ]),
  declare('labelSelector', [
    'authorizer_labelselector',
    'resourceCheck.(string) -> resourceCheck',
    setting('labelSelector'),
  ]),
  declare(
    'check',
    ['pathcheck_check', 'pathCheck.(string) -> decision', ask],
    ['resourcecheck_check', 'resourceCheck.(string) -> decision', ask],
  ),
  declare('allowed', ['decision_allowed', 'decision.() -> bool', ({ decision }: DecisionValue) => decision.allowed]),
  declare('reason', ['decision_reason', 'decision.() -> string', ({ decision }: DecisionValue) => decision.reason]),
  declare('errored', [
    'decision_errored',
    'decision.() -> bool',
    ({ decision }: DecisionValue) => decision.error !== undefined,
  ]),
  declare('error', ['decision_error', 'decision.() -> string', ({ decision }: DecisionValue) => decision.error ?? '']),
];

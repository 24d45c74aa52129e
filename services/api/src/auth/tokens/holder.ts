import { serviceAccountUsername } from '@gantry/model/kinds/serviceaccount/names.ts';
import type { AnyObject } from '../../core/stored-object.ts';
import { type User, wellKnown } from '../user.ts';
import type { BoundClaims, Reference } from './claims.ts';

// Facts about the holder of a token whose signature is right: the objects that it names must be those that are there.

/** Kinds of objects that tokens name. */
export type NamedKind = 'ServiceAccount' | 'Pod' | 'Secret' | 'Node';

/** An object that a token stands on. */
export interface NamedObject extends Reference {
  readonly kind: NamedKind;
  /** Empty for a node. */
  readonly namespace: string;
}

/** Milliseconds for which a token goes on after the time at which an object that it names should have ended: Kubernetes' leeway. */
const leewayMs = 60_000;

/** The objects that must exist for a token to be good. The node of a token that is bound to a pod is only told. */
export function namedObjects({ namespace, serviceaccount, pod, secret, node }: BoundClaims): NamedObject[] {
  return [
    { kind: 'ServiceAccount', namespace, ...serviceaccount },
    ...(pod ? [{ kind: 'Pod', namespace, ...pod } as const] : []),
    ...(secret ? [{ kind: 'Secret', namespace, ...secret } as const] : []),
    ...(node && !pod ? [{ kind: 'Node', namespace: '', ...node } as const] : []),
  ];
}

/** Milliseconds of the wall clock until which an object of that name holds up a token; undefined where it is another, or gone. */
export function standsUntilMs(named: Reference, object: AnyObject | undefined): number | undefined {
  if (object === undefined || object.metadata.uid !== named.uid) return undefined;
  const { deletionTimestamp } = object.metadata;
  return deletionTimestamp === undefined ? Number.POSITIVE_INFINITY : Date.parse(deletionTimestamp) + leewayMs;
}

/** The user of a bound token. @param id The token's own, its claim jti. */
export function boundUser({ namespace, serviceaccount, pod, node }: BoundClaims, id: string | undefined): User {
  const extra = {
    ...(id ? { 'authentication.kubernetes.io/credential-id': [`JTI=${id}`] } : {}),
    ...(node ? toldReference('node', node) : {}),
    ...(pod ? toldReference('pod', pod) : {}),
  };
  const user = accountUser(namespace, serviceaccount);
  return Object.keys(extra).length === 0 ? user : { ...user, extra };
}

/** The user of a service account. */
export function accountUser(namespace: string, { name, uid }: Reference): User {
  return {
    name: serviceAccountUsername(namespace, name),
    uid,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, wellKnown.authenticated],
  };
}

function toldReference(word: 'pod' | 'node', { name, uid }: Reference): Record<string, readonly string[]> {
  return {
    [`authentication.kubernetes.io/${word}-name`]: [name],
    [`authentication.kubernetes.io/${word}-uid`]: [uid],
  };
}

import { serviceAccountUsername } from '@gantry/model/kinds/serviceaccount/names.ts';
import type { JWTPayload } from 'jose';
import type { AnyObject } from '../../core/stored-object.ts';

/** The issuer of bound tokens, and the api's own name as their audience: kubeadm's default. */
export const tokenIssuer = 'https://kubernetes.default.svc.cluster.local';
/** The issuer of tokens in Secrets. */
export const secretTokenIssuer = 'kubernetes/serviceaccount';

/** An object that a token names. */
export interface Reference {
  readonly name: string;
  readonly uid: string;
}

/** The facts in a bound token beside those of every JWT, as Kubernetes writes them. */
export interface BoundClaims {
  readonly namespace: string;
  readonly serviceaccount: Reference;
  readonly pod?: Reference;
  readonly secret?: Reference;
  readonly node?: Reference;
}

/** The object that a token ends with. */
export type Binding =
  | { readonly type: 'pod'; readonly object: AnyObject; readonly node: AnyObject | undefined }
  | { readonly type: 'secret' | 'node'; readonly object: AnyObject };

/** The payload of a bound token. */
export function boundPayload(
  account: AnyObject,
  binding: Binding | undefined,
  token: { readonly audiences: readonly string[]; readonly seconds: number; readonly id: string },
  nowMs: number,
): JWTPayload {
  const { name, namespace = '' } = account.metadata;
  const node = binding?.type === 'pod' ? binding.node : undefined;
  const claims: BoundClaims = {
    namespace,
    ...(node && { node: referenceTo(node) }),
    ...(binding && { [binding.type]: referenceTo(binding.object) }),
    serviceaccount: referenceTo(account),
  };
  const nowSeconds = Math.floor(nowMs / 1_000);
  return {
    aud: [...token.audiences],
    exp: nowSeconds + token.seconds,
    iat: nowSeconds,
    iss: tokenIssuer,
    jti: token.id,
    'kubernetes.io': claims,
    nbf: nowSeconds,
    sub: serviceAccountUsername(namespace, name),
  };
}

/** The payload of a token that lives in a Secret for as long as that does. */
export function secretPayload(account: AnyObject, secretName: string): JWTPayload {
  const { name, namespace = '', uid = '' } = account.metadata;
  return {
    iss: secretTokenIssuer,
    'kubernetes.io/serviceaccount/namespace': namespace,
    'kubernetes.io/serviceaccount/secret.name': secretName,
    'kubernetes.io/serviceaccount/service-account.name': name,
    'kubernetes.io/serviceaccount/service-account.uid': uid,
    sub: serviceAccountUsername(namespace, name),
  };
}

function referenceTo({ metadata: { name, uid = '' } }: AnyObject): Reference {
  return { name, uid };
}

/** The bound facts in a payload whose signature was verified; undefined where it has none. */
export function boundClaims(payload: JWTPayload): BoundClaims | undefined {
  const claims = payload['kubernetes.io'] as BoundClaims | undefined;
  return claims?.serviceaccount?.name && claims.namespace ? claims : undefined;
}

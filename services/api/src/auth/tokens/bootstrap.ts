/** Bootstrap tokens: Secrets by which a machine that has no identity yet may ask for one. */
import { builtIn } from '@gantry/model/built-in.ts';
import type { Secret } from '@gantry/model/gen/gantry.core.v1.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import type { Store } from '@gantry/store/store.ts';
import { objectKey } from '../../core/keys.ts';
import type { ObjectCache } from '../../core/stored-object.ts';
import { sameSecret, type TokenAuthenticator } from '../bearer.ts';
import { wellKnown } from '../user.ts';
import { tokenIssuer } from './claims.ts';
import type { VerifiedToken } from './verifier.ts';

export const bootstrapTokenType = 'bootstrap.kubernetes.io/token';
/** Bootstrap tokens' Secrets are in this namespace, and their names start so. */
export const bootstrapNamespace = 'kube-system';
export const bootstrapPrefix = 'bootstrap-token-';
const bootstrappers = 'system:bootstrappers';
const tokenForm = /^([a-z0-9]{6})\.([a-z0-9]{16})$/;
const groupForm = /^system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]$/;

/** Names the holders of bootstrap tokens. A token that fits no Secret is nobody's. */
export function bootstrapTokens(deps: {
  readonly store: Pick<Store, 'get'>;
  readonly cache: Pick<ObjectCache, 'decode'>;
  readonly clock: Pick<Clock, 'now'>;
}): TokenAuthenticator {
  return (token) => {
    const [, id, secret] = tokenForm.exec(token) ?? [];
    return id === undefined || secret === undefined ? undefined : find(id, secret);
  };

  async function find(id: string, secret: string): Promise<VerifiedToken | undefined> {
    const { store, cache, clock } = deps;
    const entry = await store.get(
      objectKey(builtIn.kindOf('', 'Secret')!, bootstrapNamespace, `${bootstrapPrefix}${id}`),
    );
    if (entry === undefined) return undefined;
    const object = cache.decode(entry).object as unknown as Secret;
    const groups = bootstrapGroups(object, id, secret, clock.now());
    return groups && { user: { name: `system:bootstrap:${id}`, groups }, audiences: [tokenIssuer] };
  }
}

/** The groups that a Secret gives the holder of a token; undefined where it gives no access, or no more. */
export function bootstrapGroups(object: Secret, id: string, secret: string, nowMs: number): string[] | undefined {
  const value = (key: string): string => Buffer.from(object.data?.[key] ?? '', 'base64').toString('utf8');
  const isGood =
    object.type === bootstrapTokenType &&
    object.metadata.deletionTimestamp === undefined &&
    value('token-id') === id &&
    sameSecret(value('token-secret'), secret) &&
    !isExpired(object, nowMs) &&
    value('usage-bootstrap-authentication') === 'true';
  if (!isGood) return undefined;
  const extra = value('auth-extra-groups')
    .split(',')
    .map((group) => group.trim())
    .filter((group) => group !== '');
  return extra.every((group) => groupForm.test(group)) ? [bootstrappers, ...extra, wellKnown.authenticated] : undefined;
}

/** Whether a bootstrap token's time is over. One whose time cannot be read is over: nothing fails open. */
export function isExpired({ data = {} }: Pick<Secret, 'data'>, nowMs: number): boolean {
  if (data.expiration === undefined) return false;
  const untilMs = Date.parse(Buffer.from(data.expiration, 'base64').toString('utf8'));
  return !(untilMs > nowMs);
}

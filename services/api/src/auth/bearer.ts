import { timingSafeEqual } from 'node:crypto';
import type { Credentials } from '@gantry/client/credentials.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import { Metadata } from '@grpc/grpc-js';
import type { Authenticator } from './authentication.ts';
import { tokenIssuer } from './tokens/claims.ts';
import type { VerifiedToken } from './tokens/verifier.ts';
import { type User, wellKnown } from './user.ts';

const scheme = 'bearer ';

/** The holder of one kind of token; undefined where it is none of that kind. Throws (or rejects with) Unauthorized for a wrong one. */
export type TokenAuthenticator = (token: string) => VerifiedToken | undefined | Promise<VerifiedToken | undefined>;

/** Asks in order for the holder of a token. */
export function authenticateToken(
  authenticators: readonly TokenAuthenticator[],
  token: string,
): VerifiedToken | undefined | Promise<VerifiedToken | undefined> {
  const ask = (from: number): ReturnType<TokenAuthenticator> => {
    for (let index = from; index < authenticators.length; index++) {
      const found = authenticators[index]!(token);
      if (found instanceof Promise) return found.then((verified) => verified ?? ask(index + 1));
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return ask(0);
}

/** Names the callers that present a token which is meant for the api. */
export function bearerTokens(authenticators: readonly TokenAuthenticator[]): Authenticator {
  return ({ metadata }) => {
    const token = bearerOf(metadata);
    if (token === undefined) return undefined;
    const found = authenticateToken(authenticators, token);
    return found instanceof Promise ? found.then(meantForUs) : meantForUs(found);
  };
}

function meantForUs(verified: VerifiedToken | undefined): User | undefined {
  if (verified === undefined) return undefined;
  const { user, audiences } = verified;
  if (audiences.includes(tokenIssuer)) return user;
  throw new GantryError('Unauthorized', `Unauthorized: ${wrongAudience(audiences, [tokenIssuer])}`);
}

/** Kubernetes' words for a token that is meant for others. */
export function wrongAudience(meant: readonly string[], asked: readonly string[]): string {
  const list = (texts: readonly string[]): string => `[${texts.map((text) => JSON.stringify(text)).join(' ')}]`;
  return `token audiences ${list(meant)} is invalid for the target audiences ${list(asked)}`;
}

function bearerOf(metadata: Metadata): string | undefined {
  const [header] = metadata.get('authorization');
  if (typeof header !== 'string' || !header.toLowerCase().startsWith(scheme)) return undefined;
  return header.slice(scheme.length).trim() || undefined;
}

/** The cluster's own token, as reviews see it: whoever holds it is the administrator. */
export function clusterTokenHolder(credentials: Pick<Credentials, 'verify'>): TokenAuthenticator {
  const admin: User = { name: wellKnown.admin, groups: [wellKnown.masters, wellKnown.authenticated] };
  return (token) => {
    const metadata = new Metadata();
    try {
      metadata.set('authorization', `Bearer ${token}`);
    } catch {
      // Characters that no header takes.
      return undefined;
    }
    return credentials.verify(metadata) ? { user: admin, audiences: [tokenIssuer] } : undefined;
  };
}

/** Whether two secrets are the same, in a time that tells nothing of either. */
export function sameSecret(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}

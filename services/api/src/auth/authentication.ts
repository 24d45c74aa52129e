import { isIP } from 'node:net';
import { type Caller, type Credentials, unauthorized } from '@gantry/client/credentials.ts';
import { type User, wellKnown } from './user.ts';

/**
 * Looks at one kind of proof (a certificate, a service account's token, …): the user that it names, or undefined where the caller
 * presents none of this kind. Throws Unauthorized for a proof of its kind that is wrong.
 */
export type Authenticator = (caller: Caller) => User | undefined | Promise<User | undefined>;

/** Names the caller, or rejects with Unauthorized. Answers at once where no proof has to be waited for. */
export type Authenticate = (caller: Caller) => User | Promise<User>;

const admin: User = { name: wellKnown.admin, groups: [wellKnown.masters, wellKnown.authenticated] };

/** Asks the authenticators in order; the first one that knows the caller decides. Nothing fails open: who has no proof is nobody. */
export function authenticateInOrder(authenticators: readonly Authenticator[]): Authenticate {
  const ask = (caller: Caller, from: number): User | Promise<User> => {
    for (let index = from; index < authenticators.length; index++) {
      const user = authenticators[index]!(caller);
      if (user instanceof Promise) return user.then((found) => found ?? ask(caller, index + 1));
      if (user !== undefined) return user;
    }
    throw unauthorized(caller.metadata);
  };
  return (caller) => ask(caller, 0);
}

/** The cluster's token makes its holder the administrator. */
export function clusterToken(credentials: Credentials): Authenticator {
  return ({ metadata }) => (credentials.verify(metadata) ? admin : undefined);
}

/**
 * Everyone is the administrator whose connection has an address: for a listener that only those can reach who may use it. A caller
 * whose connection has no address any more is nobody.
 */
export const trustedNetwork: Authenticator = ({ peer }) => (hasAddress(peer) ? admin : undefined);

const nobody: User = { name: wellKnown.anonymous, groups: [wellKnown.unauthenticated] };

/** Callers without any proof have a name, too: roles say what everybody may do. A wrong proof stays Unauthorized. */
export const anonymous: Authenticator = ({ metadata, certificate }) =>
  certificate === undefined && metadata.get('authorization').length === 0 ? nobody : undefined;

/** Whether a peer is `address:port`, an IPv6 address with or without brackets. */
export function hasAddress(peer: string): boolean {
  const [, address = ''] = /^(.*):\d{1,5}$/.exec(peer) ?? [];
  return isIP(address.replace(/^\[(.*)\]$/, '$1')) !== 0;
}

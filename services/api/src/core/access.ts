import { isIP } from 'node:net';
import { type Caller, type Credentials, unauthorized } from '@gantry/client/credentials.ts';
import { GantryError } from '@gantry/runtime/errors.ts';

/** The authenticated user of a request. */
export interface User {
  readonly name: string;
  readonly groups: readonly string[];
}

/** An action that is to be authorized. */
export interface Attempt {
  readonly verb:
    | 'get'
    | 'list'
    | 'watch'
    | 'create'
    | 'update'
    | 'patch'
    | 'delete'
    | 'bind'
    | 'evict'
    | 'report'
    | 'connect';
  /** Resource with its group, such as pods or deployments.apps. */
  readonly resource: string;
  readonly namespace?: string;
  readonly name?: string;
}

/** Names the caller, or throws Unauthorized. */
export type Authenticate = (caller: Caller) => User;
/** Lets the attempt pass, or throws Forbidden. */
export type Authorize = (user: User, attempt: Attempt) => void;

const admin: User = { name: 'system:admin', groups: ['system:masters', 'system:authenticated'] };

/**
 * Names callers. The cluster's token makes its holder the administrator; an address alone proves nothing, since every user of a
 * machine has the loopback addresses. Nothing fails open: a caller whose connection has no address any more is nobody.
 * @param trustNetwork True if the operator vouches that whoever can reach the listener may be the administrator.
 */
export function authenticateBy(credentials: Credentials, trustNetwork: boolean): Authenticate {
  return ({ peer, metadata }) => {
    if (credentials.verify(metadata) || (trustNetwork && hasAddress(peer))) return admin;
    throw unauthorized(metadata);
  };
}

/** The rule today: administrators may do everything, and nobody else exists. */
export const authorizeAdmins: Authorize = (user, attempt) => {
  if (user.groups.includes('system:masters')) return;
  throw new GantryError(
    'Forbidden',
    `${attempt.resource}${attempt.name ? ` "${attempt.name}"` : ''} is forbidden: User "${user.name}" cannot ${attempt.verb} resource "${attempt.resource}"`,
  );
};

/** Whether a peer is `address:port`, an IPv6 address with or without brackets. */
export function hasAddress(peer: string): boolean {
  const [, address = ''] = /^(.*):\d{1,5}$/.exec(peer) ?? [];
  return isIP(address.replace(/^\[(.*)\]$/, '$1')) !== 0;
}

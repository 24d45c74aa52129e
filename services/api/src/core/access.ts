import { isIP, isIPv6 } from 'node:net';
import { GantryError } from '@gantry/runtime/errors.ts';

/** Who asks. */
export interface User {
  readonly name: string;
  readonly groups: readonly string[];
}

/** What is known of a caller before anything of the request is read. */
export interface Caller {
  /** The peer's IP address; undefined for a Unix socket, which the file system guards. */
  readonly address: string | undefined;
}

/** What somebody wants to do. */
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
 * The rule today, said plainly: there are no credentials yet. Whoever connects from this machine is the administrator;
 * whoever connects from elsewhere is refused, unless the operator vouches for the network that the api listens on.
 * @param trustNetwork True where everybody who can reach the address is to be the administrator.
 */
export function authenticateByAddress(trustNetwork: boolean): Authenticate {
  return ({ address }) => {
    if (trustNetwork || address === undefined || isLoopback(address)) return admin;
    throw new GantryError('Unauthorized', `Unauthorized: ${address} is not this machine, and no credentials are known`);
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

/** True for addresses of the loopback interface, IPv4 in IPv6 clothing included. */
export function isLoopback(address: string): boolean {
  const plain = address.replace(/^\[(.*)\]$/, '$1');
  const inner = isIPv6(plain) ? plain.replace(/^::ffff:/i, '') : plain;
  return isIP(inner) === 4 ? inner.startsWith('127.') : inner === '::1';
}

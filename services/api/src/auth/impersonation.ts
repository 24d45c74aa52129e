import { GantryError } from '@gantry/runtime/errors.ts';
import { type Authorize, attemptOn } from './authorization.ts';
import { type User, wellKnown } from './user.ts';

/** Reads headers of a request, or metadata of a call: all values of one that may be given several times. */
export interface HeaderSource {
  /** Names in lower case. */
  readonly names: () => readonly string[];
  readonly values: (name: string) => readonly string[];
}

const prefix = 'impersonate-';
const extraPrefix = 'impersonate-extra-';
const accountForm = /^system:serviceaccount:([a-z0-9-]+):([a-z0-9.-]+)$/;
/** Values that one request may impersonate, at most. */
const maxValues = 256;

/**
 * The user that a request is to be taken as: the one that its headers name, if its own user may impersonate all of that, or its own
 * where they name none. Throws BadRequest for groups, uid or extra facts without a user, and Forbidden.
 */
export function impersonated(user: User, headers: HeaderSource, authorize: Authorize): User {
  const names = headers.names().filter((name) => name.startsWith(prefix));
  if (names.length === 0) return user;
  const wanted = wantedUser(names, headers);
  if (wanted.name === '') {
    throw new GantryError(
      'BadRequest',
      `requested ${JSON.stringify({ groups: wanted.groups, uid: wanted.uid, extra: wanted.extra })} without impersonating a user name`,
    );
  }
  authorizeAll(user, wanted, authorize);
  return completed(wanted);
}

interface Wanted {
  readonly name: string;
  readonly groups: readonly string[];
  readonly uid: string;
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

function wantedUser(names: readonly string[], headers: HeaderSource): Wanted {
  const [name = ''] = headers.values(`${prefix}user`);
  const [uid = ''] = headers.values(`${prefix}uid`);
  const groups = headers.values(`${prefix}group`);
  const extra = names
    .filter((each) => each.startsWith(extraPrefix))
    .map((each) => [decoded(each.slice(extraPrefix.length)), headers.values(each)] as const);
  const count = groups.length + extra.reduce((sum, [, values]) => sum + values.length, 0);
  if (count > maxValues) throw new GantryError('BadRequest', `${count} values are impersonated, at most ${maxValues}`);
  return { name, uid, groups, extra: Object.fromEntries(extra) };
}

/** Keys of extra facts may be percent-encoded, as headers take few characters. */
function decoded(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}

function authorizeAll(user: User, { name, uid, groups, extra }: Wanted, authorize: Authorize): void {
  const [, namespace, account] = accountForm.exec(name) ?? [];
  if (account === undefined) authorize(user, attemptOn('impersonate', 'users', { name }));
  else authorize(user, attemptOn('impersonate', 'serviceaccounts', { namespace, name: account }));
  for (const group of groups) authorize(user, attemptOn('impersonate', 'groups', { name: group }));
  for (const [key, values] of Object.entries(extra)) {
    for (const value of values) {
      const attempt = attemptOn('impersonate', 'userextras.authentication.k8s.io', { name: value, version: 'v1' });
      authorize(user, { ...attempt, subresource: key });
    }
  }
  if (uid !== '') {
    authorize(user, attemptOn('impersonate', 'uids.authentication.k8s.io', { name: uid, version: 'v1' }));
  }
}

/** The user with the groups that come by themselves. */
function completed({ name, uid, groups: given, extra }: Wanted): User {
  const [, namespace] = accountForm.exec(name) ?? [];
  const groups = [...given];
  if (given.length === 0 && namespace !== undefined) {
    groups.push('system:serviceaccounts', `system:serviceaccounts:${namespace}`);
  }
  const own = name === wellKnown.anonymous ? wellKnown.unauthenticated : wellKnown.authenticated;
  if (!groups.includes(wellKnown.authenticated) && !groups.includes(wellKnown.unauthenticated)) groups.push(own);
  return {
    name,
    groups,
    ...(uid === '' ? {} : { uid }),
    ...(Object.keys(extra).length === 0 ? {} : { extra }),
  };
}

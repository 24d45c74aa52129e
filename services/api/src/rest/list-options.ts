import type { FieldCause } from '@gantry/runtime/errors.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { ReadAt } from '../core/reader.ts';
import { flag, forbidden, invalidOptions, notSupported, revisionParameter, wholeNumber } from './parameters.ts';

/** The part of a collection's state that a list is to show. */
export interface ListParameters {
  /** Most objects; 0 for all. */
  readonly limit: number;
  /** Empty for the first page. */
  readonly token: string;
  readonly at: ReadAt | undefined;
}

/** The beginning and the end of a watch. */
export interface WatchParameters {
  /** Changes after this revision are wanted; 0 for the state of now, and `now` for the changes from now on. */
  readonly after: number | 'now';
  /** The state of now may not be older than this. */
  readonly at: ReadAt | undefined;
  /** A bookmark tells the end of the state of now. */
  readonly marksInitialEvents: boolean;
  readonly takesBookmarks: boolean;
  /** Undefined where the server may choose. */
  readonly timeoutMs: number | undefined;
}

const matches = ['Exact', 'NotOlderThan'];

/** Reads the parameters of a list. Throws BadRequest or Invalid in Kubernetes' words. */
export function listParameters(query: URLSearchParams): ListParameters {
  const limit = Math.max(0, wholeNumber(query, 'limit') ?? 0);
  wholeNumber(query, 'timeoutSeconds');
  const token = query.get('continue') ?? '';
  const match = query.get('resourceVersionMatch') ?? '';
  const given = query.get('resourceVersion') ?? '';
  const causes: FieldCause[] = [];
  if (match !== '') {
    const field = 'resourceVersionMatch';
    if (given === '') causes.push(forbidden(field, `${field} is forbidden unless resourceVersion is provided`));
    if (token !== '') causes.push(forbidden(field, `${field} is forbidden when continue is provided`));
    if (!matches.includes(match)) causes.push(notSupported(field, JSON.stringify(match), [...matches, '']));
    if (match === 'Exact' && given === '0') {
      causes.push(forbidden(field, `${field} "exact" is forbidden for resourceVersion "0"`));
    }
  }
  if (query.has('sendInitialEvents')) {
    causes.push(forbidden('sendInitialEvents', 'sendInitialEvents is forbidden for list'));
  }
  if (causes.length > 0) throw invalidOptions('ListOptions', causes);
  const revision = revisionParameter(query);
  if (token !== '' && revision > 0) {
    throw new GantryError('BadRequest', 'specifying resource version is not allowed when using continue');
  }
  // A page at a revision is that revision's, also without a match: clients that knew no match expect it.
  const isExact = match === 'Exact' || (match === '' && limit > 0);
  return { limit, token, at: revision === 0 ? undefined : { revision, match: isExact ? 'exact' : 'at least' } };
}

/** Reads the parameters of a watch. Throws BadRequest or Invalid in Kubernetes' words. */
export function watchParameters(query: URLSearchParams): WatchParameters {
  const timeoutSeconds = wholeNumber(query, 'timeoutSeconds') ?? 0;
  wholeNumber(query, 'limit');
  const match = query.get('resourceVersionMatch') ?? '';
  const sendsInitialEvents = flag(query, 'sendInitialEvents');
  const causes: FieldCause[] = [];
  const field = 'resourceVersionMatch';
  if (sendsInitialEvents !== undefined && match !== 'NotOlderThan') {
    causes.push(forbidden(field, 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'));
  }
  if (match !== '') {
    if (sendsInitialEvents === undefined) {
      causes.push(forbidden(field, `${field} is forbidden for watch unless sendInitialEvents is provided`));
    }
    if (match !== 'NotOlderThan') causes.push(notSupported(field, JSON.stringify(match), ['NotOlderThan']));
    if (query.get('continue')) causes.push(forbidden(field, `${field} is forbidden when continue is provided`));
  }
  if (causes.length > 0) throw invalidOptions('ListOptions', causes);
  const revision = revisionParameter(query);
  const sendsState = sendsInitialEvents ?? revision === 0;
  return {
    after: sendsState ? 0 : revision === 0 ? 'now' : revision,
    at: sendsState && revision > 0 ? { revision, match: 'at least' } : undefined,
    marksInitialEvents: sendsInitialEvents === true,
    takesBookmarks: flag(query, 'allowWatchBookmarks') ?? false,
    timeoutMs: timeoutSeconds > 0 ? timeoutSeconds * 1_000 : undefined,
  };
}

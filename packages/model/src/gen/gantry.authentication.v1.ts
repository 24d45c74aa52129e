// Generated from proto/ by `npm run generate`; not edited by hand.

import type { ObjectMeta } from './gantry.meta.v1.ts';

/** Asks as which user a request is taken. It is answered, never stored. */
export interface SelfSubjectReview {
  apiVersion: string;
  kind: 'SelfSubjectReview';
  /** Empty but for the time of the answer. */
  metadata?: ObjectMeta;
  /** The answer. */
  status?: SelfSubjectReviewStatus;
}

/** The user that made a request. */
export interface SelfSubjectReviewStatus {
  /** The user. */
  userInfo?: UserInfo;
}

/** A user as the api knows one. */
export interface UserInfo {
  /** Name that tells the user from all others. */
  username?: string;
  /** Identity that another user of the same name, at another time, does not have. */
  uid?: string;
  /** Groups that the user belongs to. */
  groups?: string[];
  /** Further facts that the proof of identity carries. */
  extra?: Record<string, string[]>;
}

// Generated from proto/ by `npm run generate`; not edited by hand.

import type { ObjectMeta } from './gantry.meta.v1.ts';

/** An object that a token is bound to. */
export interface BoundObjectReference {
  /** Pod, Secret or Node. */
  kind?: string;
  /** Its apiVersion. */
  apiVersion?: string;
  /** Its name. */
  name?: string;
  /** Its uid; that of the object at the time of the request where empty. */
  uid?: string;
}

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

/** Asks for a token of a service account: the body of its token subresource, and the answer. */
export interface TokenRequest {
  /** The service account's name and namespace. */
  metadata?: Partial<ObjectMeta>;
  /** The wanted token. */
  spec?: TokenRequestSpec;
  /** The token, set by the server. */
  status?: TokenRequestStatus;
}

/** A wanted token. */
export interface TokenRequestSpec {
  /** Recipients that the token is meant for; the api where empty. */
  audiences?: string[];
  /** Seconds that the token is good for, 600 at least; 3,600 by default. The server may choose less. */
  expirationSeconds?: number;
  /** An object with whose end the token ends. */
  boundObjectRef?: BoundObjectReference;
}

/** A token that was made. */
export interface TokenRequestStatus {
  /** The token. */
  token?: string;
  /** End of the token's life. */
  expirationTimestamp?: string;
}

/** Asks whose token this is: it can only be created, and is never stored. */
export interface TokenReview {
  apiVersion: string;
  kind: 'TokenReview';
  /** Unused. */
  metadata?: Partial<ObjectMeta>;
  /** The token. */
  spec?: TokenReviewSpec;
  /** The answer, set by the server. */
  status?: TokenReviewStatus;
}

/** A token to be reviewed. */
export interface TokenReviewSpec {
  /** The token. */
  token?: string;
  /** Names of the recipient that asks, one of which the token must be meant for; the api's where empty. */
  audiences?: string[];
}

/** Outcome of a review. */
export interface TokenReviewStatus {
  /** True where the token is that of a known user. */
  authenticated?: boolean;
  /** The user. */
  user?: UserInfo;
  /** Those of the asked audiences that the token is meant for. */
  audiences?: string[];
  /** Reason for which the token could not be checked. */
  error?: string;
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

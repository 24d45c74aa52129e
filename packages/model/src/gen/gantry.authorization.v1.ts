// Generated from proto/ by `npm run generate`; not edited by hand.

import type { FieldSelectorRequirement, LabelSelectorRequirement, ObjectMeta } from './gantry.meta.v1.ts';

/** A selection by fields. */
export interface FieldSelectorAttributes {
  /** The text of the selector; one of the two. */
  rawSelector?: string;
  /** The parsed selector; one of the two. */
  requirements?: FieldSelectorRequirement[];
}

/** A selection by labels. */
export interface LabelSelectorAttributes {
  /** The text of the selector; one of the two. */
  rawSelector?: string;
  /** The parsed selector; one of the two. */
  requirements?: LabelSelectorRequirement[];
}

/** Asks if a user may take an action in the namespace of the request. */
export interface LocalSubjectAccessReview {
  apiVersion: string;
  kind: 'LocalSubjectAccessReview';
  /** Empty but for the namespace. */
  metadata?: ObjectMeta;
  /** The question, about a resource of the namespace. */
  spec: SubjectAccessReviewSpec;
  /** The answer. */
  status?: SubjectAccessReviewStatus;
}

/** A request for a path that is no resource. */
export interface NonResourceAttributes {
  /** The path, such as /metrics. */
  path?: string;
  /** The method in lower case. */
  verb?: string;
}

/** Requests that are allowed for paths. */
export interface NonResourceRule {
  /** Verbs; "*" is all. */
  verbs: string[];
  /** Paths; a "*" at the end stands for whatever follows. */
  nonResourceURLs?: string[];
}

/** An action on resources. "*" stands for all values of a field. */
export interface ResourceAttributes {
  /** Namespace; empty for all namespaces, and for resources that are in none. */
  namespace?: string;
  /** Verb, such as get. */
  verb?: string;
  /** Group; empty for the core group. */
  group?: string;
  /** Version. */
  version?: string;
  /** Plural name, such as pods. */
  resource?: string;
  /** Such as log; empty for the object itself. */
  subresource?: string;
  /** Name of the object; empty for all. */
  name?: string;
  /** Limits the action to objects with these fields. */
  fieldSelector?: FieldSelectorAttributes;
  /** Limits the action to objects with these labels. */
  labelSelector?: LabelSelectorAttributes;
}

/** Actions that are allowed on resources. */
export interface ResourceRule {
  /** Verbs; "*" is all. */
  verbs: string[];
  /** Groups; "*" is all. */
  apiGroups?: string[];
  /** Resources and subresources; "*" is all. */
  resources?: string[];
  /** Names of the objects; any where there are none. */
  resourceNames?: string[];
}

/** Asks if the user of the request may take an action. */
export interface SelfSubjectAccessReview {
  apiVersion: string;
  kind: 'SelfSubjectAccessReview';
  /** Empty. */
  metadata?: ObjectMeta;
  /** The question. */
  spec: SelfSubjectAccessReviewSpec;
  /** The answer. */
  status?: SubjectAccessReviewStatus;
}

/** An action. */
export interface SelfSubjectAccessReviewSpec {
  /** The action on resources; one of the two. */
  resourceAttributes?: ResourceAttributes;
  /** The request for a path; one of the two. */
  nonResourceAttributes?: NonResourceAttributes;
}

/** Asks for all that the user of the request may do in a namespace. */
export interface SelfSubjectRulesReview {
  apiVersion: string;
  kind: 'SelfSubjectRulesReview';
  /** Empty. */
  metadata?: ObjectMeta;
  /** The question. */
  spec: SelfSubjectRulesReviewSpec;
  /** The answer. */
  status?: SubjectRulesReviewStatus;
}

/** The namespace. */
export interface SelfSubjectRulesReviewSpec {
  /** Namespace; required. */
  namespace?: string;
}

/** Asks if a user may take an action. */
export interface SubjectAccessReview {
  apiVersion: string;
  kind: 'SubjectAccessReview';
  /** Empty. */
  metadata?: ObjectMeta;
  /** The question. */
  spec: SubjectAccessReviewSpec;
  /** The answer. */
  status?: SubjectAccessReviewStatus;
}

/** An action, and the user whom it is asked about. */
export interface SubjectAccessReviewSpec {
  /** The action on resources; one of the two. */
  resourceAttributes?: ResourceAttributes;
  /** The request for a path; one of the two. */
  nonResourceAttributes?: NonResourceAttributes;
  /** The user's name. */
  user?: string;
  /** The user's groups. */
  groups?: string[];
  /** Further facts of the user's proof of identity. */
  extra?: Record<string, string[]>;
  /** The user's uid. */
  uid?: string;
}

/** The answer to a question about one action. */
export interface SubjectAccessReviewStatus {
  /** True where the action is allowed. */
  allowed?: boolean;
  /** True where it is refused whatever another authorizer would say. */
  denied?: boolean;
  /** The reason of the answer. */
  reason?: string;
  /** A failure on the way; the answer may have been found all the same. */
  evaluationError?: string;
}

/** The rules that a user has in a namespace. */
export interface SubjectRulesReviewStatus {
  /** Actions on resources. */
  resourceRules: ResourceRule[];
  /** Requests for paths. */
  nonResourceRules: NonResourceRule[];
  /** True where there may be more rules than these. */
  incomplete?: boolean;
  /** A failure on the way. */
  evaluationError?: string;
}

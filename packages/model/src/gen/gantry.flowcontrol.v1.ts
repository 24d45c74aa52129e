// Generated from proto/ by `npm run generate`; not edited by hand.

import type { ObjectMeta } from './gantry.meta.v1.ts';

/** The share of the exempt level, which bounds nothing: others may borrow from it. */
export interface ExemptPriorityLevelConfiguration {
  /** Its part of the capacity; by default 0. */
  nominalConcurrencyShares?: number;
  /** Percent of its seats that other levels may use meanwhile, 0 to 100; by default 0. */
  lendablePercent?: number;
}

/** How requests are told apart into flows. */
export interface FlowDistinguisherMethod {
  /** "ByUser" or "ByNamespace". */
  type?: string;
}

/** Requests that belong together, and the priority level that they go to. */
export interface FlowSchema {
  apiVersion: string;
  kind: 'FlowSchema';
  /** Identity. */
  metadata: ObjectMeta;
  /** Its requests and where they go. */
  spec?: FlowSchemaSpec;
  /** Observed state. */
  status?: FlowSchemaStatus;
}

/** One observed aspect of a schema. */
export interface FlowSchemaCondition {
  /** Type; unique within the object. */
  type?: string;
  /** "True", "False" or "Unknown". */
  status?: string;
  /** When status last changed. */
  lastTransitionTime?: string;
  /** One CamelCase word for why, for programs. */
  reason?: string;
  /** Why, for people. */
  message?: string;
}

/** The requests of a schema and where they go. */
export interface FlowSchemaSpec {
  /** The priority level that its requests go to. */
  priorityLevelConfiguration?: PriorityLevelConfigurationReference;
  /** Order among the schemas that match a request, the lowest first: 1 to 10,000, by default 1,000. Only the schema "exempt" may have 1. */
  matchingPrecedence?: number;
  /** How its requests are told apart into flows; all are one flow where absent. */
  distinguisherMethod?: FlowDistinguisherMethod;
  /** The requests: those of any of the rules. None where empty. */
  rules?: PolicyRulesWithSubjects[];
}

/** Observed state of a schema. */
export interface FlowSchemaStatus {
  /** Conditions, "Dangling" among them: its priority level is missing. */
  conditions?: FlowSchemaCondition[];
}

/** A group of users by name. */
export interface GroupSubject {
  /** The group's name; "*" is every group. */
  name: string;
}

/** Treatment of requests that cannot be served at once. */
export interface LimitResponse {
  /** "Queue": they wait; "Reject": they are refused. */
  type: string;
  /** The queues, with type "Queue" only. */
  queuing?: QueuingConfiguration;
}

/** The share of a limited level, and what happens beyond it. */
export interface LimitedPriorityLevelConfiguration {
  /** Its part of the capacity, in relation to the shares of all levels together; by default 30. */
  nominalConcurrencyShares?: number;
  /** Treatment of requests that cannot be served at once. */
  limitResponse?: LimitResponse;
  /** Percent of its seats that other levels may use meanwhile, 0 to 100; by default 0. */
  lendablePercent?: number;
  /** Seats that it may borrow from others, in percent of its own; no bound where absent. */
  borrowingLimitPercent?: number;
}

/** Requests for paths that are no resources: each field must fit. */
export interface NonResourcePolicyRule {
  /** Verbs such as "get"; "*" alone is all of them. */
  verbs: string[];
  /** Paths such as "/healthz" or "/healthz/*"; "*" alone is all of them. */
  nonResourceURLs: string[];
}

/** Requests by who makes them and what they ask for: one of the subjects, and one of the rules. */
export interface PolicyRulesWithSubjects {
  /** Those who make the requests; at least one. */
  subjects: Subject[];
  /** Requests for resources. */
  resourceRules?: ResourcePolicyRule[];
  /** Requests for other paths. */
  nonResourceRules?: NonResourcePolicyRule[];
}

/** A share of the api's capacity, and the treatment of requests beyond it. */
export interface PriorityLevelConfiguration {
  apiVersion: string;
  kind: 'PriorityLevelConfiguration';
  /** Identity. */
  metadata: ObjectMeta;
  /** The share. */
  spec?: PriorityLevelConfigurationSpec;
  /** Observed state. */
  status?: PriorityLevelConfigurationStatus;
}

/** One observed aspect of a level. */
export interface PriorityLevelConfigurationCondition {
  /** Type; unique within the object. */
  type?: string;
  /** "True", "False" or "Unknown". */
  status?: string;
  /** When status last changed. */
  lastTransitionTime?: string;
  /** One CamelCase word for why, for programs. */
  reason?: string;
  /** Why, for people. */
  message?: string;
}

/** Names a priority level. */
export interface PriorityLevelConfigurationReference {
  /** Its name. */
  name: string;
}

/** A share of the api's capacity. */
export interface PriorityLevelConfigurationSpec {
  /** "Limited", or "Exempt": its requests never wait. Only the level "exempt" is exempt. */
  type: string;
  /** Settings of a limited level. */
  limited?: LimitedPriorityLevelConfiguration;
  /** Settings of the exempt level. */
  exempt?: ExemptPriorityLevelConfiguration;
}

/** Observed state of a level. */
export interface PriorityLevelConfigurationStatus {
  /** Conditions. */
  conditions?: PriorityLevelConfigurationCondition[];
}

/** The queues of a level. A flow is dealt a hand of them, and each of its requests waits in the shortest of these. */
export interface QueuingConfiguration {
  /** Number of queues; by default 64. */
  queues?: number;
  /** Number of queues that a flow is dealt; by default 8. */
  handSize?: number;
  /** Most requests that wait in one queue; more are refused. By default 50. */
  queueLengthLimit?: number;
}

/** Requests for resources: each field must fit. */
export interface ResourcePolicyRule {
  /** Verbs such as "get"; "*" alone is all of them. */
  verbs: string[];
  /** Groups of the api, "" for the core group; "*" alone is all of them. */
  apiGroups: string[];
  /** Resources in the plural, with a subresource where that is meant ("pods/status"); "*" alone is all of them. */
  resources: string[];
  /** Also requests that are in no namespace. */
  clusterScope?: boolean;
  /** Namespaces; "*" alone is all of them. May be empty with clusterScope only. */
  namespaces?: string[];
}

/** A service account by name. */
export interface ServiceAccountSubject {
  /** Its namespace. */
  namespace: string;
  /** Its name; "*" is each one of the namespace. */
  name: string;
}

/** Someone who makes requests: a user, a group or a service account. */
export interface Subject {
  /** "User", "Group" or "ServiceAccount": which of the other fields is set. */
  kind: string;
  /** A user. */
  user?: UserSubject;
  /** A group of users. */
  group?: GroupSubject;
  /** A service account. */
  serviceAccount?: ServiceAccountSubject;
}

/** A user by name. */
export interface UserSubject {
  /** The user's name; "*" is everyone. */
  name: string;
}

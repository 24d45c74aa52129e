// Generated from proto/ by `npm run generate`; not edited by hand.

import type { ObjectMeta } from './gantry.meta.v1.ts';

/** A version of an API group, and the server of its objects. Its name is the version, a dot and the group. */
export interface APIService {
  apiVersion: string;
  kind: 'APIService';
  /** Identity. */
  metadata: ObjectMeta;
  /** The version of the group and its server. */
  spec?: APIServiceSpec;
  /** Observed state. */
  status?: APIServiceStatus;
}

/** One observed aspect of a version of a group. */
export interface APIServiceCondition {
  /** Type; unique within the object. */
  type: string;
  /** "True", "False" or "Unknown". */
  status: string;
  /** When status last changed. */
  lastTransitionTime?: string;
  /** One CamelCase word for why, for programs. */
  reason?: string;
  /** Why, for people. */
  message?: string;
}

/** A version of an API group and its server. */
export interface APIServiceSpec {
  /** The service of the server; the api itself serves the version where absent. */
  service?: ServiceReference;
  /** API group, such as "metrics.k8s.io". */
  group?: string;
  /** Version, such as "v1". */
  version?: string;
  /** The server's certificate is not verified; only for tests. */
  insecureSkipTLSVerify?: boolean;
  /** Certificates in PEM of the authorities that may sign the server's; those of the system where absent. */
  caBundle?: string;
  /** Place of the group among all groups, the highest first: 1 to 20,000. Of several versions the highest counts. */
  groupPriorityMinimum?: number;
  /** Place of the version in its group, the highest first: 1 to 1,000. Equal ones go by their names: stable before beta and alpha. */
  versionPriority?: number;
}

/** Observed state of a version of a group. */
export interface APIServiceStatus {
  /** Conditions; "Available" says whether requests are passed on. */
  conditions?: APIServiceCondition[];
}

/** A service that serves a version of a group over TLS. */
export interface ServiceReference {
  /** Namespace of the service. */
  namespace?: string;
  /** Name of the service. */
  name?: string;
  /** Port of the service; by default 443. */
  port?: number;
}

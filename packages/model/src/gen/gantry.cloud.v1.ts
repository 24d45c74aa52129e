// Generated from proto/ by `npm run generate`; not edited by hand.

import type { LoadBalancerIngress, Node, NodeAddress, Service } from './gantry.core.v1.ts';

/** A machine. Its node is given what is said here and keeps the rest. */
export interface CloudInstance {
  /** The state. */
  state?: 'UNKNOWN' | 'RUNNING' | 'SHUTDOWN' | 'GONE';
  /** Its identifier, <provider>://<id>. */
  providerID?: string;
  /** Type of the machine, such as m5.large. */
  instanceType?: string;
  /** Addresses by which it is reached; the node's own stay beside them. */
  addresses?: NodeAddress[];
  /** Zone that it is in. */
  zone?: string;
  /** Region that it is in. */
  region?: string;
  /** Further labels of its node. */
  labels?: Record<string, string>;
}

/** The load balancer of a Service. */
export interface CloudLoadBalancer {
  /** Its addresses, for status.loadBalancer.ingress. */
  ingress?: LoadBalancerIngress[];
}

/** Asks for the end of the load balancer of a Service. */
export interface DeleteLoadBalancerRequest {
  /** The Service as it was last. */
  service?: Service;
}

/** Confirms that there is none any more. */
export interface DeleteLoadBalancerResponse {
}

/** Asks for the load balancer of a Service. */
export interface EnsureLoadBalancerRequest {
  /** The Service, with its status as it is. */
  service?: Service;
  /** Nodes that may get its traffic, at the Service's node ports. */
  nodes?: Node[];
}

/** Asks for the machine of a node. */
export interface GetInstanceRequest {
  /** Name of the node. */
  nodeName?: string;
  /** The machine's identifier, <provider>://<id>; empty where the node does not tell it yet. */
  providerID?: string;
}

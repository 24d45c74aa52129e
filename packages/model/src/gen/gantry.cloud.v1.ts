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

/** A way of packets to the pods of a node. */
export interface CloudRoute {
  /** Its name, by which the cloud also lists it: Gantry's are <cluster>-<uid of the node>, with -1 for the node's second range. */
  name?: string;
  /** Name of the node that it leads to; empty where it leads to none. */
  targetNode?: string;
  /** Addresses that it is for, such as 10.244.1.0/24. */
  destinationCIDR?: string;
  /** It leads to nothing any more: its machine is gone. */
  blackhole?: boolean;
}

/** Asks for a route. */
export interface CreateRouteRequest {
  /** Name of the cluster. */
  clusterName?: string;
  /** The route. */
  route?: CloudRoute;
  /** The node that it leads to, with its addresses and its machine's identifier. */
  node?: Node;
}

/** Confirms that it is there. */
export interface CreateRouteResponse {
}

/** Asks for the end of the load balancer of a Service. */
export interface DeleteLoadBalancerRequest {
  /** The Service as it was last. */
  service?: Service;
}

/** Confirms that there is none any more. */
export interface DeleteLoadBalancerResponse {
}

/** Asks for the end of a route. */
export interface DeleteRouteRequest {
  /** Name of the cluster. */
  clusterName?: string;
  /** The route as it was listed. */
  route?: CloudRoute;
}

/** Confirms that there is none of its name any more. */
export interface DeleteRouteResponse {
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

/** Asks for the routes of a cluster. */
export interface ListRoutesRequest {
  /** Name of the cluster. */
  clusterName?: string;
}

/** The routes of a cluster. */
export interface ListRoutesResponse {
  /** The routes, in any order. */
  routes?: CloudRoute[];
}

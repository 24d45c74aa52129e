// Generated from proto/ by `npm run generate`; not edited by hand.

import type { ObjectReference } from './gantry.core.v1.ts';
import type { ObjectMeta } from './gantry.meta.v1.ts';

/** One backend of a service, mostly a pod. */
export interface Endpoint {
  /** Its addresses, all alike; 1 to 100, of which the first is used. */
  addresses: string[];
  /** Whether it takes traffic. */
  conditions?: EndpointConditions;
  /** Its host name, by which DNS finds it below the service. */
  hostname?: string;
  /** The object behind it, mostly a Pod. */
  targetRef?: ObjectReference;
  /** Topology labels, from before nodeName and zone; read only. */
  deprecatedTopology?: Record<string, string>;
  /** The node that it runs on. */
  nodeName?: string;
  /** The zone that it is in. */
  zone?: string;
  /** Topology hints. */
  hints?: EndpointHints;
}

/** Whether an endpoint takes traffic. */
export interface EndpointConditions {
  /** Serving and not terminating, or published all the same by publishNotReadyAddresses; absent means true. */
  ready?: boolean;
  /** Passes its readiness, also while it terminates; equal to ready where absent. */
  serving?: boolean;
  /** On its way out; absent means false. */
  terminating?: boolean;
}

/** Topology hints of an endpoint, which keep traffic near. */
export interface EndpointHints {
  /** Zones whose clients should; 8 at most. */
  forZones?: ForZone[];
  /** Nodes whose clients should; 8 at most. */
  forNodes?: ForNode[];
}

/** A port of all endpoints of a slice. */
export interface EndpointPort {
  /** Name, that of the service's port; unique in the slice. May be empty. */
  name?: string;
  /** "TCP" (default), "UDP" or "SCTP". */
  protocol?: string;
  /** Number; absent means all ports. */
  port?: number;
  /** Application protocol of the service's port. */
  appProtocol?: string;
}

/** Some of a service's endpoints, of one address family. The service's name is the label kubernetes.io/service-name. */
export interface EndpointSlice {
  apiVersion: string;
  kind: 'EndpointSlice';
  /** Identity and labels; the service is its owner. */
  metadata: ObjectMeta;
  /** "IPv4", "IPv6" or "FQDN"; fixed after creation. */
  addressType: string;
  /** The endpoints, 1,000 at most. */
  endpoints?: Endpoint[];
  /** Ports that each of the endpoints has, 100 at most; none means none, an absent number all of them. */
  ports?: EndpointPort[];
}

/** A node. */
export interface ForNode {
  /** Its name. */
  name: string;
}

/** A zone. */
export interface ForZone {
  /** Its name. */
  name: string;
}

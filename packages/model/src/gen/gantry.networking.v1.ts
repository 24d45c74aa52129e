// Generated from proto/ by `npm run generate`; not edited by hand.

import type { TypedLocalObjectReference } from './gantry.core.v1.ts';
import type { Condition, LabelSelector, ObjectMeta } from './gantry.meta.v1.ts';

/** A path and the target of its requests. */
export interface HTTPIngressPath {
  /** The path; begins with a slash. */
  path?: string;
  /** "Exact", "Prefix" (whole elements of the path count) or "ImplementationSpecific". */
  pathType: string;
  /** Target of the requests. */
  backend: IngressBackend;
}

/** Paths of HTTP. */
export interface HTTPIngressRuleValue {
  /** The paths, at least one; the longest that matches counts. */
  paths: HTTPIngressPath[];
}

/** An address that belongs to an object. Its name is the address in canonical form. Not namespaced. */
export interface IPAddress {
  apiVersion: string;
  kind: 'IPAddress';
  /** Identity: the address. */
  metadata: ObjectMeta;
  /** The object that it belongs to. */
  spec: IPAddressSpec;
}

/** The object that an address belongs to. */
export interface IPAddressSpec {
  /** The object. Fixed after creation. */
  parentRef: ParentReference;
}

/** A range of addresses. */
export interface IPBlock {
  /** The range, such as "192.168.1.0/24" or "2001:db8::/64". */
  cidr: string;
  /** Smaller ranges within it that are left out. */
  except?: string[];
}

/** Rules by which requests from outside go to Services. */
export interface Ingress {
  apiVersion: string;
  kind: 'Ingress';
  /** Identity and labels. */
  metadata: ObjectMeta;
  /** Desired state: the rules and their class. */
  spec: IngressSpec;
  /** Addresses that requests can be sent to. */
  status?: IngressStatus;
}

/** Target of requests: one of the two is set. */
export interface IngressBackend {
  /** A Service in the same namespace. */
  service?: IngressServiceBackend;
  /** Another object in the same namespace. */
  resource?: TypedLocalObjectReference;
}

/** A class of Ingresses and its controller. Not namespaced. */
export interface IngressClass {
  apiVersion: string;
  kind: 'IngressClass';
  /** Identity; the annotation ingressclass.kubernetes.io/is-default-class marks the default one. */
  metadata: ObjectMeta;
  /** The controller and its parameters. */
  spec: IngressClassSpec;
}

/** Points at an object with settings. */
export interface IngressClassParametersReference {
  /** Group of the object; the core group where absent. */
  apiGroup?: string;
  /** Its kind. */
  kind: string;
  /** Its name. */
  name: string;
  /** "Cluster" (default) or "Namespace". */
  scope?: string;
  /** Its namespace; with scope Namespace alone. */
  namespace?: string;
}

/** The controller and its parameters. */
export interface IngressClassSpec {
  /** The controller, such as "example.com/ingress"; 250 characters at most. Fixed after creation. */
  controller: string;
  /** An object with further settings for the controller. */
  parameters?: IngressClassParametersReference;
}

/** An address of a load balancer. */
export interface IngressLoadBalancerIngress {
  /** IP address. */
  ip?: string;
  /** Host name, where addresses are known by name only. */
  hostname?: string;
  /** Its ports. */
  ports?: IngressPortStatus[];
}

/** Addresses of a load balancer. */
export interface IngressLoadBalancerStatus {
  /** The addresses. */
  ingress?: IngressLoadBalancerIngress[];
}

/** A port of a load balancer. */
export interface IngressPortStatus {
  /** Number of the port. */
  port?: number;
  /** "TCP", "UDP" or "SCTP". */
  protocol?: string;
  /** One CamelCase word for why the port is out of order. */
  error?: string;
}

/** Paths of one host. */
export interface IngressRule {
  /** Host name, of which a leading "*." stands for one label; every host where empty. */
  host?: string;
  /** Those of HTTP; without them everything goes to the default backend. */
  http?: HTTPIngressRuleValue;
}

/** Paths, by protocol. */
export interface IngressRuleValue {
  /** Those of HTTP; without them everything goes to the default backend. */
  http?: HTTPIngressRuleValue;
}

/** A port of a Service. */
export interface IngressServiceBackend {
  /** Name of the Service. */
  name: string;
  /** The port. */
  port?: ServiceBackendPort;
}

/** Desired state: the rules and their class. */
export interface IngressSpec {
  /** The IngressClass; that which is marked as default where absent. */
  ingressClassName?: string;
  /** Target of requests that no rule matches; needed where there are no rules. */
  defaultBackend?: IngressBackend;
  /** Certificates by host name. Hosts share port 443 by the name that the client asks for. */
  tls?: IngressTLS[];
  /** Rules by host name. */
  rules?: IngressRule[];
}

/** Addresses that requests can be sent to. */
export interface IngressStatus {
  /** Addresses of the load balancer. */
  loadBalancer?: IngressLoadBalancerStatus;
}

/** A certificate and the hosts that it is for. */
export interface IngressTLS {
  /** Host names of the certificate; a leading "*." stands for one label. */
  hosts?: string[];
  /** Secret in the same namespace with the certificate and its key. */
  secretName?: string;
}

/** The traffic that some pods may take and send. Pods that no policy selects take and send all; policies add to one another. */
export interface NetworkPolicy {
  apiVersion: string;
  kind: 'NetworkPolicy';
  /** Identity and labels. */
  metadata: ObjectMeta;
  /** The pods and their traffic. */
  spec: NetworkPolicySpec;
}

/** Traffic that pods may send: to any of the ports of any of the peers. */
export interface NetworkPolicyEgressRule {
  /** Ports of the receivers; all where empty. */
  ports?: NetworkPolicyPort[];
  /** Receivers; all where empty. */
  to?: NetworkPolicyPeer[];
}

/** Traffic that pods may take: on any of the ports from any of the peers. */
export interface NetworkPolicyIngressRule {
  /** Ports of the pods; all where empty. */
  ports?: NetworkPolicyPort[];
  /** Senders; all where empty. */
  from?: NetworkPolicyPeer[];
}

/** One side of traffic: pods, or a range of addresses. */
export interface NetworkPolicyPeer {
  /** Pods in the policy's namespace, or in those that namespaceSelector selects. */
  podSelector?: LabelSelector;
  /** Namespaces; with all of their pods where there is no podSelector. */
  namespaceSelector?: LabelSelector;
  /** A range of addresses; without the other two. */
  ipBlock?: IPBlock;
}

/** A port, or a range of ports. */
export interface NetworkPolicyPort {
  /** "TCP" (default), "UDP" or "SCTP". */
  protocol?: string;
  /** Number or name of the port; all where absent. */
  port?: number | string;
  /** Last port of a range that begins with port, which is a number then. */
  endPort?: number;
}

/** The pods and their traffic. */
export interface NetworkPolicySpec {
  /** The pods, in the policy's namespace; all of them where empty. */
  podSelector?: LabelSelector;
  /** Traffic that the pods may take; none where empty and policyTypes has Ingress. */
  ingress?: NetworkPolicyIngressRule[];
  /** Traffic that the pods may send; none where empty and policyTypes has Egress. */
  egress?: NetworkPolicyEgressRule[];
  /** Directions that the policy is about: "Ingress", "Egress" or both. By default Ingress, and Egress where there are such rules. */
  policyTypes?: string[];
}

/** Points at an object by its resource. */
export interface ParentReference {
  /** Group; empty for the core group. */
  group?: string;
  /** Resource, such as "services". */
  resource: string;
  /** Namespace; empty for objects that are in none. */
  namespace?: string;
  /** Name. */
  name: string;
}

/** A port of a Service: one of the two is set. */
export interface ServiceBackendPort {
  /** Its name. */
  name?: string;
  /** Its number. */
  number?: number;
}

/** Ranges that the addresses of Services are taken from. Not namespaced. */
export interface ServiceCIDR {
  apiVersion: string;
  kind: 'ServiceCIDR';
  /** Identity and labels. */
  metadata: ObjectMeta;
  /** The ranges. */
  spec: ServiceCIDRSpec;
  /** Observed state. */
  status?: ServiceCIDRStatus;
}

/** The ranges. */
export interface ServiceCIDRSpec {
  /** One range, or one of each family. Fixed after creation, but for the second one, which can be added. */
  cidrs?: string[];
}

/** Observed state. */
export interface ServiceCIDRStatus {
  /** Conditions: Ready. */
  conditions?: Condition[];
}

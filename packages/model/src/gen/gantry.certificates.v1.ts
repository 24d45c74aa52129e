// Generated from proto/ by `npm run generate`; not edited by hand.

import type { Condition, ObjectMeta } from './gantry.meta.v1.ts';

/** Asks a signer for a certificate, which is issued once somebody has approved of it. */
export interface CertificateSigningRequest {
  apiVersion: string;
  kind: 'CertificateSigningRequest';
  /** Identity and labels. */
  metadata: ObjectMeta;
  /** The request, fixed after creation. */
  spec: CertificateSigningRequestSpec;
  /** Approval, and the certificate. */
  status?: CertificateSigningRequestStatus;
}

/** One condition of a request. */
export interface CertificateSigningRequestCondition {
  /** Approved, Denied or Failed, or a signer's own. */
  type: string;
  /** True, False or Unknown; those three are always True. */
  status: string;
  /** One word that tells why. */
  reason?: string;
  /** The same for people. */
  message?: string;
  /** Last update. */
  lastUpdateTime?: string;
  /** Last change of the status. */
  lastTransitionTime?: string;
}

/** A request for a certificate. */
export interface CertificateSigningRequestSpec {
  /** A PKCS #10 request in a PEM block "CERTIFICATE REQUEST" (base64 of it in JSON). */
  request?: string;
  /** The signer, such as "kubernetes.io/kube-apiserver-client". */
  signerName?: string;
  /** Wanted seconds of validity, 600 at least; the signer may choose less. */
  expirationSeconds?: number;
  /** Uses of the key, such as "digital signature" and "client auth". */
  usages?: string[];
  /** Name of the user who asked, set by the server. */
  username?: string;
  /** Uid of the user who asked, set by the server. */
  uid?: string;
  /** Groups of the user who asked, set by the server. */
  groups?: string[];
  /** Further facts of the user who asked, set by the server. */
  extra?: Record<string, string[]>;
}

/** State of a request. */
export interface CertificateSigningRequestStatus {
  /** Conditions: Approved or Denied by the approval subresource, Failed by the signer. None of them is ever taken back. */
  conditions?: CertificateSigningRequestCondition[];
  /** The issued certificate and its intermediates, in PEM (base64 of it in JSON). */
  certificate?: string;
}

/** Certificates of authorities that pods may trust. */
export interface ClusterTrustBundle {
  apiVersion: string;
  kind: 'ClusterTrustBundle';
  /** Identity and labels. The name of a signer's bundle begins with the signer's, with colons in place of slashes. */
  metadata: ObjectMeta;
  /** The certificates. */
  spec: ClusterTrustBundleSpec;
}

/** Certificates, and the signer that they belong to. */
export interface ClusterTrustBundleSpec {
  /** The signer, fixed after creation; whoever writes its bundles must be allowed to attest for it. Empty for a bundle of no signer. */
  signerName?: string;
  /** Certificates of authorities in PEM, each once and without headers. */
  trustBundle?: string;
}

/** Asks a signer for a certificate of a pod, on behalf of the pod's node. */
export interface PodCertificateRequest {
  apiVersion: string;
  kind: 'PodCertificateRequest';
  /** Identity and labels. */
  metadata: ObjectMeta;
  /** The request, fixed after creation. */
  spec: PodCertificateRequestSpec;
  /** The certificate, or why there is none. */
  status?: PodCertificateRequestStatus;
}

/** The pod and the key that a certificate is for. */
export interface PodCertificateRequestSpec {
  /** The signer, such as "example.com/spiffe". */
  signerName?: string;
  /** Name of the pod that the certificate is mounted into. */
  podName?: string;
  /** Uid of that pod. */
  podUID?: string;
  /** Service account of the pod. */
  serviceAccountName?: string;
  /** Uid of that service account. */
  serviceAccountUID?: string;
  /** Node of the pod. */
  nodeName?: string;
  /** Uid of that node. */
  nodeUID?: string;
  /** Longest validity in seconds, from 3600 to 7862400 (91 days); 86400 by default. */
  maxExpirationSeconds?: number;
  /** A PKCS #10 request in DER (base64 of it in JSON) whose subject key the certificate is for. */
  stubPKCS10Request?: string;
  /** Further wishes of the pod's author, which nobody has verified; keys have a domain. */
  unverifiedUserAnnotations?: Record<string, string>;
}

/** State of a request. */
export interface PodCertificateRequestStatus {
  /** One of Issued, Denied and Failed, which is always True and ends the request. */
  conditions?: Condition[];
  /** The issued certificate and its intermediates, in PEM. */
  certificateChain?: string;
  /** Begin of the certificate's validity. */
  notBefore?: string;
  /** The time from which the node asks for the next certificate. */
  beginRefreshAt?: string;
  /** End of the certificate's validity. */
  notAfter?: string;
}

/** Protocol of a Service's port. */
import type { ServicePort } from '@gantry/model/gen/gantry.core.v1.ts';

/** http: HTTP/1.1 to the pods; http2: HTTP/2 without TLS, as gRPC; tcp: bytes. */
export type PortProtocol = 'http' | 'http2' | 'tcp';

/**
 * appProtocol decides where it is set (with or without Kubernetes' prefix kubernetes.io/); else the port's name up to
 * its first dash, as Istio and GKE read it (http, http-web, grpc-api); else it is TCP. TLS is passed through as TCP.
 * Undefined for transports other than TCP, which Envoy's listeners here don't carry.
 */
export function portProtocol(port: ServicePort): PortProtocol | undefined {
  if ((port.protocol ?? 'TCP') !== 'TCP') return undefined;
  if (port.appProtocol) return byName(port.appProtocol.toLowerCase().replace(/^kubernetes\.io\//, ''));
  return byName((port.name ?? '').split('-')[0]!.toLowerCase());
}

function byName(name: string): PortProtocol {
  switch (name) {
    case 'http':
    case 'http1':
    case 'ws':
      return 'http';
    case 'http2':
    case 'h2c':
    case 'grpc':
      return 'http2';
    default:
      return 'tcp';
  }
}

/** TLS of the REST edge, and the certificates of its clients. */
import {
  createSecureServer,
  type Http2SecureServer,
  type SecureServerOptions,
  type ServerHttp2Stream,
} from 'node:http2';
import {
  type CertificateSource,
  type CertifiedSocket,
  type VerifiedCertificate,
  verifiedCertificate,
} from '@gantry/runtime/certificates.ts';
import type { Incoming } from './body.ts';

/**
 * A server whose certificates change with their source. It asks clients for a certificate; those that give none, or one of another
 * authority, are known by a token or not at all.
 */
export function secureServer(
  source: CertificateSource,
  options: SecureServerOptions,
  listener: Parameters<typeof createSecureServer>[1],
): Http2SecureServer {
  const server = createSecureServer(
    { ...options, ...source.current, requestCert: true, rejectUnauthorized: false, allowHTTP1: true },
    listener,
  );
  const stop = source.onChange((certificates) => server.setSecureContext(certificates));
  server.on('close', stop);
  return server;
}

/** Certificates by connection, HTTP/2 or HTTP/1.1: reading one takes as long as a small request. */
const byConnection = new WeakMap<object, VerifiedCertificate | 'none'>();

/** The verified certificate of a request's connection. */
export function certificateOf(incoming: Incoming): VerifiedCertificate | undefined {
  // The socket of an HTTP/2 request is another object each time.
  const { stream } = incoming as { readonly stream?: ServerHttp2Stream };
  const connection = stream?.session ?? incoming.socket;
  const known = byConnection.get(connection);
  if (known !== undefined) return known === 'none' ? undefined : known;
  const found = verifiedCertificate(incoming.socket as CertifiedSocket);
  byConnection.set(connection, found ?? 'none');
  return found;
}

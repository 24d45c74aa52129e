/** One TLS port for gRPC and for HTTP/1.1: clients say in their handshake (ALPN) what they speak. */
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import type { LateCertificates } from '@gantry/runtime/certificates.ts';
import { GantryError } from '@gantry/runtime/errors.ts';

export interface SharedPortOptions {
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  /** Certificates of the server, and the authority of its clients'. Nobody gets in before they are there. */
  readonly certificates: LateCertificates;
  /** Takes connections that speak HTTP/2. */
  readonly grpc: (socket: TLSSocket) => void;
  /** Answers requests over HTTP/1.1. */
  readonly http: RequestListener;
}

/** A listening port. Disposing of it ends connections over HTTP/1.1; those of gRPC are their server's. */
export interface SharedPort extends AsyncDisposable {
  readonly port: number;
}

/** Connections at one time. */
const maxConnections = 10_000;
const handshakeTimeoutMs = 10_000;
const requestTimeoutMs = 30_000;
const idleTimeoutMs = 60_000;
const maxHeaderBytes = 32 * 1024;

/** Listens. A client that speaks both gets HTTP/1.1: those of gRPC speak HTTP/2 alone. Rejects with ServiceUnavailable where the address is taken. */
export async function listenShared({ host, port, certificates, grpc, http }: SharedPortOptions): Promise<SharedPort> {
  const bounds = { maxHeaderSize: maxHeaderBytes, requestTimeout: requestTimeoutMs, keepAliveTimeout: idleTimeoutMs };
  const answering = createHttpServer(bounds, http);
  answering.on('clientError', (_, socket) => socket.destroy());
  const server = createServer({
    ...certificates.current,
    ALPNProtocols: ['http/1.1', 'h2'],
    // A caller without a certificate may still have a token, or ask for health.
    requestCert: true,
    rejectUnauthorized: false,
    handshakeTimeout: handshakeTimeoutMs,
  });
  server.maxConnections = maxConnections;
  server.on('tlsClientError', () => {});
  server.on('secureConnection', (socket) => {
    socket.on('error', () => {});
    if (socket.alpnProtocol === 'h2') grpc(socket);
    else answering.emit('connection', socket);
  });
  const stop = certificates.onChange((now) => server.setSecureContext(now));
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      reject(new GantryError('ServiceUnavailable', `cannot listen on ${host}:${port}: ${cause.message}`, { cause }));
    });
    server.listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: () => {
      stop();
      server.close();
      answering.closeAllConnections();
      return Promise.resolve();
    },
  };
}

/** The door of a gRPC server: it names each caller, and keeps out whom it may not let in. */
import {
  type CertifiedSocket,
  nameOf,
  type VerifiedCertificate,
  verifiedCertificate,
} from '@gantry/runtime/certificates.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import { organizations } from '@gantry/runtime/identities.ts';
import type { DiagnosticsDoor } from '@gantry/runtime/metrics.ts';
import {
  Metadata,
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
} from '@grpc/grpc-js';
import { type Caller, type Credentials, noCredentials, unauthorized } from './credentials.ts';
import { toServiceError } from './errors-grpc.ts';

/** Lets a caller pass, or throws (or rejects with) Unauthorized or Forbidden. */
export type Admit = (caller: Caller) => void | Promise<void>;

/**
 * Admits services by the common names of their certificates. Addresses prove nothing: other users of this machine have them too.
 * Throws Unauthorized for nobody, Forbidden for anybody else.
 */
export function admitPeers(credentials: Credentials, names: readonly string[]): Admit {
  return (caller) => {
    if (credentials.isPeer(caller, names)) return;
    const { certificate, metadata } = caller;
    if (certificate === undefined) throw unauthorized(metadata);
    const who = JSON.stringify(certificate.commonName);
    throw new GantryError('Forbidden', `forbidden: ${who} may not call this port, which is for ${names.join(', ')}`);
  };
}

/** Groups whose certificates may read metrics. */
const metricsReaders: readonly string[] = [organizations.monitoring, organizations.masters];

/**
 * The door of a diagnostics server: metrics are for those whose certificate is of a group that may read them, and for holders of the token.
 * @param open Lets everybody in, where the operator vouches for the network.
 */
export function diagnosticsDoor(credentials: Credentials = noCredentials, open = false): DiagnosticsDoor {
  return {
    certificates: credentials.certificates,
    admits: ({ authorization, certificate }) => {
      if (open || certificate?.organizations.some((group) => metricsReaders.includes(group))) return true;
      const metadata = new Metadata();
      if (authorization !== undefined) metadata.set('authorization', authorization);
      return credentials.verify(metadata);
    },
  };
}

/** Everybody may ask whether a server is well: it tells nothing else. */
const openPaths = /^\/grpc\.health\.v1\.Health\//;

/** Keeps from a server's methods, reflection included, whom `admit` refuses. Health alone is open. */
export function guard(admit: Admit): ServerInterceptor {
  return (method, call) =>
    new ServerInterceptingCall(call, {
      start(next) {
        next({
          onReceiveMetadata(metadata, pass) {
            const refuse = (error: unknown): void => {
              const { code, details, metadata: trailers } = toServiceError(error);
              call.sendStatus({ code, details, metadata: trailers });
            };
            try {
              const caller = { peer: call.getPeer(), metadata, certificate: certificateOf(call) };
              callers.set(metadata, caller);
              const waiting = openPaths.test(method.path) ? undefined : admit(caller);
              if (waiting === undefined) pass(metadata);
              else waiting.then(() => pass(metadata), refuse);
            } catch (error) {
              refuse(error);
            }
          },
        });
      },
    });
}

/** The callers of calls that were let in, by the metadata of each, which is made for one call. */
const callers = new WeakMap<Metadata, Caller>();

/** The caller of a call that came through a guard. */
export function callerOf(call: { readonly metadata: Metadata; getPeer(): string }): Caller {
  return callers.get(call.metadata) ?? { peer: call.getPeer(), metadata: call.metadata };
}

/** Certificates by connection: reading one takes as long as a small call. */
const bySession = new WeakMap<object, VerifiedCertificate | 'none'>();

/** The verified certificate of a call's connection. */
function certificateOf(call: ServerInterceptingCallInterface): VerifiedCertificate | undefined {
  const session = sessionOf(call);
  if (session === undefined) return nameOf(call.getAuthContext().sslPeerCertificate);
  const known = bySession.get(session);
  if (known !== undefined) return known === 'none' ? undefined : known;
  const found = verifiedCertificate(session.socket);
  bySession.set(session, found ?? 'none');
  return found;
}

/** The HTTP/2 session below a call, as far as the library shows it. */
function sessionOf(call: object): { readonly socket: CertifiedSocket } | undefined {
  const { stream } = call as { stream?: { session?: { socket: CertifiedSocket } } };
  return stream?.session;
}

/**
 * Proof of identity between the parts of a cluster, and of its users. Every listener and every dial takes a `Credentials`: certificates of
 * the cluster's authority for its services, and one token for administrators and scripts.
 */
import { hash, timingSafeEqual } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PeerCertificate } from 'node:tls';
import {
  type CertificateSource,
  type Certificates,
  certificateFiles,
  followCertificates,
  type LateCertificates,
  pathsIn,
  type VerifiedCertificate,
} from '@gantry/runtime/certificates.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import {
  ChannelCredentials,
  type ClientOptions,
  experimental,
  InterceptingCall,
  type Interceptor,
  type Metadata,
  ServerCredentials,
} from '@grpc/grpc-js';

/** Facts about a caller that are known before anything of the request is read. */
export interface Caller {
  /** `address:port`, or `unknown` for a Unix socket and for a connection that is closed already. */
  readonly peer: string;
  readonly metadata: Metadata;
  /** The certificate that the caller's connection began with, verified; absent where it gave none that the server believes. */
  readonly certificate?: VerifiedCertificate | undefined;
}

/** Both sides of a connection between parts of one cluster. */
export interface Credentials {
  /**
   * Transport and options that a client dials with.
   * @param peer Common name of the server's certificate, see serviceNames: one with another name is not believed.
   */
  dial(peer: string): { readonly transport: ChannelCredentials; readonly options: ClientOptions };
  /** Transport that a server listens with. */
  readonly listener: ServerCredentials;
  /** The certificates, for listeners and dials that are not gRPC's; undefined where a token is all there is. */
  readonly certificates?: CertificateSource;
  /** The certificates of listeners, where there are certificates. */
  readonly serving?: LateCertificates;
  /** Whether a call's metadata proves that the caller holds the cluster's token, and so is its administrator. */
  verify(metadata: Metadata): boolean;
  /** Whether a caller is one of these services, by the common names of certificates; with a token alone, every holder is. */
  isPeer(caller: Caller, names: readonly string[]): boolean;
}

/** Metadata key of the token, as in HTTP: `authorization: Bearer <token>`. */
const authorizationKey = 'authorization';
const scheme = 'Bearer ';
/** Shortest token that is taken: less can be guessed. */
const minTokenChars = 16;
/** Longest one; a header must stay small. */
const maxTokenChars = 4_096;
/** A token's file is read again after this long, so that a new token needs no restart. */
const reloadMs = 1_000;

/** Presents nothing, and accepts nobody. */
export const noCredentials: Credentials = {
  dial: () => ({ transport: ChannelCredentials.createInsecure(), options: {} }),
  listener: ServerCredentials.createInsecure(),
  verify: () => false,
  isPeer: () => false,
};

/**
 * One secret that its holders share: administrators', or that of all parts where there are no certificates, over plain text then.
 * @param token Gives the secret as of now; called for each call.
 * @param ca Gives the authority of the server's certificate; plain text without.
 */
export function tokenCredentials(token: () => string, ca?: () => string): Credentials {
  const verify = verifierOf(token);
  const interceptors = [presenting(token)];
  return {
    ...noCredentials,
    dial: (peer) =>
      ca === undefined
        ? { transport: ChannelCredentials.createInsecure(), options: { interceptors } }
        : {
            transport: ChannelCredentials.createSsl(Buffer.from(ca()), null, null, {
              checkServerIdentity: named(peer),
            }),
            options: { interceptors, ...serverName },
          },
    verify,
    isPeer: ({ metadata }) => verify(metadata),
  };
}

/**
 * A certificate of the cluster's authority, by which its holder is known to those that it calls and that call it. Connections that are made
 * after a change use the new certificate.
 * @param token Secret that callers may present instead, as administrators; none if absent.
 * @param serving Certificates of listeners, where they are others; a listener lets nobody in before they are there.
 */
export function certificateCredentials(
  source: CertificateSource,
  token?: () => string,
  serving: LateCertificates = source,
): Credentials {
  const provider = providerOf(source);
  const { addIdentityCertificateListener, removeIdentityCertificateListener } = providerOf(serving);
  // One object for both: the library has it the other way round than its types, the authority second.
  const listening = { ...provider, addIdentityCertificateListener, removeIdentityCertificateListener };
  return {
    certificates: source,
    serving,
    dial: (peer) => ({
      transport: experimental.createCertificateProviderChannelCredentials(provider, provider, {
        checkServerIdentity: named(peer),
      }),
      options: serverName,
    }),
    // A caller without a certificate may still have a token, or ask for health.
    listener: experimental.createCertificateProviderServerCredentials(listening, listening, false),
    verify: token === undefined ? () => false : verifierOf(token),
    isPeer: ({ certificate }, names) => certificate !== undefined && names.includes(certificate.commonName),
  };
}

/** Transport to a server outside of the cluster, which is known by its host; this side shows its own certificate. */
export function hostCredentials(source: CertificateSource): ChannelCredentials {
  const provider = providerOf(source);
  return experimental.createCertificateProviderChannelCredentials(provider, provider, {});
}

/** Servers are known by the name in their certificates, and not by addresses, which change. This one is for TLS' own field. */
const serverName: ClientOptions = { 'grpc.ssl_target_name_override': 'gantry' };

/** Holds a server's certificate, which is verified already, to the name of the service that is called. */
function named(peer: string): (host: string, certificate: PeerCertificate) => Error | undefined {
  return (_, certificate) =>
    certificate.subject.CN === peer
      ? undefined
      : new Error(
          `the server's certificate names ${JSON.stringify(certificate.subject.CN)}, not ${JSON.stringify(peer)}`,
        );
}

type Provider = Parameters<typeof experimental.createCertificateProviderChannelCredentials>[0];

/** The source in the form of gRPC's library, which hears of each change. */
function providerOf(source: LateCertificates): Provider {
  const stops = new Map<unknown, () => void>();
  const follow = <U>(listener: (update: U | null) => void, make: (certificates: Certificates) => U): void => {
    const updateOf = (): U | null => (source.current === undefined ? null : make(source.current));
    stops.set(
      listener,
      source.onChange(() => listener(updateOf())),
    );
    // The library is not ready to hear while it adds a listener.
    queueMicrotask(() => {
      if (stops.has(listener)) listener(updateOf());
    });
  };
  const stop = (listener: unknown): void => {
    stops.get(listener)?.();
    stops.delete(listener);
  };
  return {
    addCaCertificateListener: (listener) => follow(listener, ({ ca }) => ({ caCertificate: Buffer.from(ca) })),
    removeCaCertificateListener: stop,
    addIdentityCertificateListener: (listener) =>
      follow(listener, ({ cert, key }) => ({ certificate: Buffer.from(cert), privateKey: Buffer.from(key) })),
    removeIdentityCertificateListener: stop,
  };
}

/** An interceptor that adds the token to each call. */
function presenting(token: () => string): Interceptor {
  return (options, nextCall) =>
    new InterceptingCall(nextCall(options), {
      start(metadata, listener, next) {
        metadata.set(authorizationKey, `${scheme}${token()}`);
        next(metadata, listener);
      },
    });
}

function verifierOf(token: () => string): (metadata: Metadata) => boolean {
  let known = { secret: '', digest: digestOf('') };
  return (metadata) => {
    const [presented] = metadata.get(authorizationKey);
    if (typeof presented !== 'string' || !presented.startsWith(scheme)) return false;
    const secret = token();
    if (known.secret !== secret) known = { secret, digest: digestOf(secret) };
    return timingSafeEqual(digestOf(presented.slice(scheme.length)), known.digest);
  };
}

/** Hashes have one length, whatever was presented: comparing them takes a time that tells nothing of the secret. */
function digestOf(text: string): Buffer {
  return hash('sha256', text, 'buffer');
}

/** The token in a file, read anew when it is older than a second. Throws FailedPrecondition naming the file when it cannot be read. */
export function tokenFromFile(path: string, monotonic: () => number = () => performance.now()): () => string {
  const read = (): string => checkedToken(readToken(path), `the token in ${path}`);
  let token = read();
  let readAtMs = monotonic();
  return () => {
    if (monotonic() - readAtMs < reloadMs) return token;
    readAtMs = monotonic();
    try {
      token = read();
    } catch {
      // A file that is being replaced, or is gone, leaves the token that is known.
    }
    return token;
  };
}

function readToken(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (cause) {
    throw new GantryError('FailedPrecondition', `the token file cannot be read: ${(cause as Error).message}`, {
      cause,
    });
  }
}

function checkedToken(token: string, what: string): string {
  if (token.length >= minTokenChars && token.length <= maxTokenChars && /^[\x21-\x7e]+$/.test(token)) return token;
  throw new GantryError(
    'FailedPrecondition',
    `${what} must be ${minTokenChars} to ${maxTokenChars} printable characters without blanks`,
  );
}

/**
 * Credentials from the environment; undefined where it has none. GANTRY_CERTS names a folder with ca.crt, tls.crt and tls.key (with ca.crt
 * alone, the authority by which servers are known). GANTRY_TOKEN_FILE names the file with the cluster's token, GANTRY_TOKEN is the token
 * itself. Throws FailedPrecondition for certificates that cannot be read, and for a token that cannot be one.
 */
export function credentialsFromEnv(env: Readonly<Record<string, string | undefined>>): Credentials | undefined {
  const { GANTRY_CERTS: folder } = env;
  const token = tokenFromEnv(env);
  if (folder) return credentialsIn(folder, token);
  return token === undefined ? undefined : tokenCredentials(token);
}

/** The credentials of a folder of certificates, with a token that its holder takes, or presents where it has no certificate. */
export function credentialsIn(folder: string, token?: () => string): Credentials {
  if (existsSync(join(folder, certificateFiles.cert)) || token === undefined) {
    return certificateCredentials(followCertificates(pathsIn(folder)), token);
  }
  return tokenCredentials(token, () => readFileSync(join(folder, certificateFiles.ca), 'utf8'));
}

function tokenFromEnv({ GANTRY_TOKEN_FILE: file, GANTRY_TOKEN: token }: Readonly<Record<string, string | undefined>>) {
  if (file) return tokenFromFile(file);
  if (!token) return undefined;
  const checked = checkedToken(token, 'GANTRY_TOKEN');
  return () => checked;
}

/**
 * Throws FailedPrecondition where a server has no credentials, so that nobody could call it.
 * @param trustVariable Environment variable by which the operator vouches for the network instead.
 */
export function requireCredentials(
  credentials: Credentials | undefined,
  trustVariable: string,
): asserts credentials is Credentials {
  if (credentials !== undefined) return;
  throw new GantryError(
    'FailedPrecondition',
    `no credentials: name the folder with this service's certificate in GANTRY_CERTS, or set ${trustVariable}=true where only those can reach the port who may use it`,
  );
}

/** Unauthorized, with what is missing and how to get it. */
export function unauthorized(metadata: Metadata): GantryError {
  return new GantryError(
    'Unauthorized',
    metadata.get(authorizationKey).length === 0
      ? "Unauthorized: the call presents no token and no certificate of this cluster; name the folder with a certificate in GANTRY_CERTS, or the file that holds the cluster's token in GANTRY_TOKEN_FILE or --token-file"
      : "Unauthorized: the token is not this cluster's",
  );
}

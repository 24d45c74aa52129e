/**
 * Proof of identity between services. Every listener and every dial takes a `Credentials`: today it is one token that all parts of a
 * cluster and its administrators share; certificates of the cluster's authority can take its place without a change to the users.
 */
import { hash, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { GantryError } from '@gantry/runtime/errors.ts';
import {
  ChannelCredentials,
  InterceptingCall,
  type Interceptor,
  type Metadata,
  ServerCredentials,
  ServerInterceptingCall,
  type ServerInterceptor,
} from '@grpc/grpc-js';
import { toServiceError } from './errors-grpc.ts';

/** Both sides of a connection between parts of one cluster. */
export interface Credentials {
  /** Transport that a client dials with. */
  readonly channel: ChannelCredentials;
  /** Interceptors of a client; they add the proof to each call. */
  readonly interceptors: readonly Interceptor[];
  /** Transport that a server listens with. */
  readonly listener: ServerCredentials;
  /** Whether a call's metadata proves that the caller holds these credentials. */
  verify(metadata: Metadata): boolean;
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
  channel: ChannelCredentials.createInsecure(),
  interceptors: [],
  listener: ServerCredentials.createInsecure(),
  verify: () => false,
};

/**
 * One secret that all parts share, over plain text: for one machine, or a network that nobody listens to.
 * @param token Gives the secret as of now; called for each call.
 */
export function tokenCredentials(token: () => string): Credentials {
  let known = { secret: '', digest: digestOf('') };
  const isSecret = (presented: string): boolean => {
    const secret = token();
    if (known.secret !== secret) known = { secret, digest: digestOf(secret) };
    return timingSafeEqual(digestOf(presented), known.digest);
  };
  return {
    ...noCredentials,
    interceptors: [
      (options, nextCall) =>
        new InterceptingCall(nextCall(options), {
          start(metadata, listener, next) {
            metadata.set(authorizationKey, `${scheme}${token()}`);
            next(metadata, listener);
          },
        }),
    ],
    verify(metadata) {
      const [presented] = metadata.get(authorizationKey);
      return typeof presented === 'string' && presented.startsWith(scheme)
        ? isSecret(presented.slice(scheme.length))
        : false;
    },
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
 * Credentials from the environment: GANTRY_TOKEN_FILE names the file with the cluster's token, GANTRY_TOKEN is the token itself;
 * undefined where neither is set. Throws FailedPrecondition for a token that cannot be one.
 */
export function credentialsFromEnv(env: Readonly<Record<string, string | undefined>>): Credentials | undefined {
  const { GANTRY_TOKEN_FILE: file, GANTRY_TOKEN: token } = env;
  if (file) return tokenCredentials(tokenFromFile(file));
  if (!token) return undefined;
  const checked = checkedToken(token, 'GANTRY_TOKEN');
  return tokenCredentials(() => checked);
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
    `no credentials: name the file with the cluster's token in GANTRY_TOKEN_FILE, or set ${trustVariable}=true where only those can reach the port who may use it`,
  );
}

/** Facts about a caller that are known before anything of the request is read. */
export interface Caller {
  /** `address:port`, or `unknown` for a Unix socket and for a connection that is closed already. */
  readonly peer: string;
  readonly metadata: Metadata;
}

/** Lets a caller pass, or throws (or rejects with) Unauthorized. */
export type Admit = (caller: Caller) => void | Promise<void>;

/** Admits those who hold the credentials. Addresses prove nothing: other users of this machine have them too. */
export function admitHolders(credentials: Credentials): Admit {
  return ({ metadata }) => {
    if (!credentials.verify(metadata)) throw unauthorized(metadata);
  };
}

/** Unauthorized, with what is missing and how to get it. */
export function unauthorized(metadata: Metadata): GantryError {
  return new GantryError(
    'Unauthorized',
    metadata.get(authorizationKey).length === 0
      ? "Unauthorized: the call presents no token; name the file that holds the cluster's in GANTRY_TOKEN_FILE or --token-file"
      : "Unauthorized: the token is not this cluster's",
  );
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
              const waiting = openPaths.test(method.path) ? undefined : admit({ peer: call.getPeer(), metadata });
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

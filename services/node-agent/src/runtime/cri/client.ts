import { fileURLToPath } from 'node:url';
import { GantryError, type Reason } from '@gantry/runtime/errors.ts';
import * as grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

const protoDirectory = fileURLToPath(new URL('../../../../../proto/cri/', import.meta.url));

/** Default bound of one call, in milliseconds: long enough for a machine under heavy load. */
const defaultTimeoutMs = 30_000;
/** CRI's own bound of a message (16 MiB), so that a long list still arrives. */
const maxMessageBytes = 16 * 1024 * 1024;

/** Bounds of one call. */
export interface CallOptions {
  /** 30 seconds if absent. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** A connection to a container runtime's socket. It connects when first used, and again whenever the connection was lost. */
export interface CriClient extends Disposable {
  /** One call of RuntimeService, such as `RunPodSandbox`. */
  runtime<Response>(method: string, request: object, options?: CallOptions): Promise<Response>;
  /** One call of ImageService. */
  image<Response>(method: string, request: object, options?: CallOptions): Promise<Response>;
  /** containerd's events from now on, until the signal fires; throws when the connection breaks. */
  events(signal: AbortSignal): AsyncIterable<{ readonly topic: string; readonly namespace: string }>;
}

/** Connects to the unix socket at `socketPath`. */
export function connectCri(socketPath: string): CriClient {
  const definition = loadSync(['runtime.proto', 'containerd_events.proto'], {
    includeDirs: [protoDirectory],
    longs: Number,
    enums: String,
    defaults: true,
  });
  const client = new grpc.Client(`unix:${socketPath}`, grpc.credentials.createInsecure(), {
    // A connection of its own: one that others share may be waiting out an outage that is over.
    'grpc.use_local_subchannel_pool': 1,
    'grpc.max_receive_message_length': maxMessageBytes,
    'grpc.max_send_message_length': maxMessageBytes,
    // A runtime that restarts is back within a second: look for it more often than gRPC's default of up to two minutes.
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.min_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 1000,
  });
  const methodOf = (service: string, name: string) => {
    const method = (definition[service] as grpc.ServiceDefinition)[name];
    if (method === undefined) throw new Error(`invariant broken: ${service} has no method ${name}`);
    return method;
  };
  const call = <Response>(
    service: string,
    name: string,
    request: object,
    options: CallOptions = {},
  ): Promise<Response> => unary(client, methodOf(service, name), name, request, options) as Promise<Response>;
  return {
    runtime: (method, request, options) => call('runtime.v1.RuntimeService', method, request, options),
    image: (method, request, options) => call('runtime.v1.ImageService', method, request, options),
    events: (signal) => subscribe(client, methodOf('containerd.services.events.v1.Events', 'Subscribe'), signal),
    [Symbol.dispose]: () => client.close(),
  };
}

type AnyMethod = grpc.MethodDefinition<object, object>;

function unary(
  client: grpc.Client,
  method: AnyMethod,
  name: string,
  request: object,
  options: CallOptions,
): Promise<object> {
  const { timeoutMs = defaultTimeoutMs, signal } = options;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(cancelled(name, signal));
    const onAbort = () => call.cancel();
    const call = client.makeUnaryRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      request,
      new grpc.Metadata({ waitForReady: false }),
      { deadline: Date.now() + timeoutMs },
      (error, response) => {
        signal?.removeEventListener('abort', onAbort);
        if (error) reject(signal?.aborted ? cancelled(name, signal) : fromCri(name, error));
        else resolve(response as object);
      },
    );
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

async function* subscribe(client: grpc.Client, method: AnyMethod, signal: AbortSignal) {
  const call = client.makeServerStreamRequest(method.path, method.requestSerialize, method.responseDeserialize, {
    filters: [],
  });
  const onAbort = () => call.cancel();
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) call.cancel();
  try {
    for await (const envelope of call) yield envelope as { topic: string; namespace: string };
  } catch (error) {
    if (!signal.aborted) throw fromCri('Subscribe', error as grpc.ServiceError);
  } finally {
    signal.removeEventListener('abort', onAbort);
    call.cancel();
  }
}

function cancelled(name: string, signal: AbortSignal): GantryError {
  return new GantryError('Cancelled', `${name} was cancelled`, { cause: signal.reason });
}

const reasonByCode: Partial<Record<grpc.status, Reason>> = {
  [grpc.status.CANCELLED]: 'Cancelled',
  [grpc.status.INVALID_ARGUMENT]: 'Invalid',
  [grpc.status.DEADLINE_EXCEEDED]: 'Timeout',
  [grpc.status.NOT_FOUND]: 'NotFound',
  [grpc.status.ALREADY_EXISTS]: 'AlreadyExists',
  [grpc.status.PERMISSION_DENIED]: 'Forbidden',
  [grpc.status.UNAUTHENTICATED]: 'Forbidden',
  [grpc.status.RESOURCE_EXHAUSTED]: 'TooManyRequests',
  [grpc.status.FAILED_PRECONDITION]: 'FailedPrecondition',
  [grpc.status.UNIMPLEMENTED]: 'MethodNotAllowed',
  [grpc.status.UNAVAILABLE]: 'ServiceUnavailable',
};

/** The error for a failed CRI call. Runtimes send most failures as UNKNOWN with a text, so the text decides where it is clear. */
export function fromCri(
  method: string,
  error: { readonly code?: grpc.status; readonly details?: string; readonly message: string },
): GantryError {
  const text = error.details || error.message;
  const byCode = error.code === undefined ? undefined : reasonByCode[error.code];
  return new GantryError(byCode ?? reasonByText(method, text), `${method}: ${text}`, { cause: error });
}

function reasonByText(method: string, text: string): Reason {
  if (method === 'PullImage') {
    if (/\b(401|403)\b|authorization failed|access denied/i.test(text)) return 'Forbidden';
    if (/connection refused|no such host|i\/o timeout|network is unreachable|\b50[0-9]\b/i.test(text))
      return 'ServiceUnavailable';
  }
  const badCommand = /executable file .*not found|no such file or directory|permission denied|exec format error/i;
  if (method === 'StartContainer' && badCommand.test(text)) return 'Invalid';
  if (/is reserved for/.test(text)) return 'AlreadyExists';
  if (/not found/i.test(text)) return 'NotFound';
  if (/container .*is (not )?in |not running|is not ready/i.test(text)) return 'FailedPrecondition';
  return 'InternalError';
}

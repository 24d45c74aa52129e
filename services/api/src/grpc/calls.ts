import type { EventEmitter } from 'node:events';
import { toServiceError } from '@gantry/client/errors-grpc.ts';
import { GantryError, GrpcCode } from '@gantry/runtime/errors.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import type {
  handleBidiStreamingCall,
  handleServerStreamingCall,
  handleUnaryCall,
  Metadata,
  MethodDefinition,
  ServerDuplexStream,
  ServerUnaryCall,
  ServerWritableStream,
  ServiceDefinition,
  ServiceError,
} from '@grpc/grpc-js';
import type { Authenticate } from '../core/access.ts';
import type { RequestContext } from '../core/context.ts';
import type { ApiMetrics } from '../metrics.ts';

/** What the wrappers around handlers need. */
export interface CallDeps {
  readonly authenticate: Authenticate;
  readonly metrics: ApiMetrics;
  readonly log: Logger;
  /** Unary calls in work at one time; one more is refused. */
  readonly maxInFlight: number;
}

/** A request whose bytes are not that message. */
class Undecodable {
  readonly problem: unknown;
  constructor(problem: unknown) {
    this.problem = problem;
  }
}

/** The service with requests that cannot be decoded handed on as such, so that they end with INVALID_ARGUMENT. */
export function tolerant(service: ServiceDefinition): ServiceDefinition {
  const entries = Object.entries(service).map(([name, method]): [string, MethodDefinition<unknown, unknown>] => [
    name,
    {
      ...method,
      requestDeserialize: (bytes: Buffer) => {
        try {
          return method.requestDeserialize(bytes);
        } catch (error) {
          return new Undecodable(error);
        }
      },
    },
  ]);
  return Object.fromEntries(entries) as ServiceDefinition;
}

/** Wraps handlers: authenticates, counts, bounds, hands out a signal that fires when the caller is gone, maps errors. */
export class Calls {
  readonly #deps: CallDeps;
  #inFlight = 0;

  constructor(deps: CallDeps) {
    this.#deps = deps;
  }

  /** A unary method. */
  unary<Request, Response>(
    handle: (context: RequestContext, request: Request) => Promise<Response>,
  ): handleUnaryCall<Request, Response> {
    return (call, callback) => {
      const answer = (response: Response): void => callback(null, response);
      this.#finish(call, this.#run(call, handle), answer, (error) => callback(error));
    };
  }

  /** A method that streams what an iterable gives, as fast as the caller takes it. */
  serverStream<Request, Response>(
    handle: (context: RequestContext, request: Request) => AsyncIterable<Response>,
  ): handleServerStreamingCall<Request, Response> {
    return (call) => {
      const fail = (error: ServiceError): void => void call.emit('error', error);
      this.#finish(call, this.#stream(call, handle), () => call.end(), fail);
    };
  }

  /** A method that streams both ways. Leaving `input` unread holds the caller back. */
  duplex<Request, Response>(
    handle: (context: RequestContext, input: AsyncIterator<Request>) => AsyncIterable<Response>,
  ): handleBidiStreamingCall<Request, Response> {
    return (call) => {
      // A caller that is gone makes reading and writing fail; both are told by the signal.
      call.on('error', () => {});
      const fail = (error: ServiceError): void => void call.emit('error', error);
      this.#finish(call, this.#exchange(call, handle), () => call.end(), fail);
    };
  }

  /** Ends a call with its work's outcome, and counts it. Nothing can be thrown past this. */
  #finish<T>(
    call: { getPath(): string },
    work: Promise<T>,
    succeed: (outcome: T) => void,
    fail: (error: ServiceError) => void,
  ): void {
    const ended = this.#deps.metrics.started(call.getPath());
    work
      .then(
        (outcome) => {
          ended(0);
          succeed(outcome);
        },
        (thrown: unknown) => {
          const error = toServiceError(thrown);
          ended(error.code);
          if (error.code === GrpcCode.INTERNAL)
            this.#deps.log.error({ error: thrown, method: call.getPath() }, 'a request failed');
          fail(error);
        },
      )
      .catch((error: unknown) => this.#deps.log.error({ error, method: call.getPath() }, 'no answer could be sent'));
  }

  async #exchange<Request, Response>(
    call: ServerDuplexStream<Request, Response>,
    handle: (context: RequestContext, input: AsyncIterator<Request>) => AsyncIterable<Response>,
  ): Promise<void> {
    const context = this.context(call);
    for await (const message of handle(context, inputOf<Request>(call))) {
      if (context.signal.aborted) return;
      if (!call.write(message)) await drained(call, context.signal);
    }
  }

  async #run<Request, Response>(
    call: ServerUnaryCall<Request, Response>,
    handle: (context: RequestContext, request: Request) => Promise<Response>,
  ): Promise<Response> {
    if (this.#inFlight >= this.#deps.maxInFlight) {
      throw new GantryError('TooManyRequests', 'too many requests, please try again later', { retryAfterMs: 1_000 });
    }
    this.#inFlight++;
    try {
      return await handle(this.context(call), decoded(call.request));
    } finally {
      this.#inFlight--;
    }
  }

  async #stream<Request, Response>(
    call: ServerWritableStream<Request, Response>,
    handle: (context: RequestContext, request: Request) => AsyncIterable<Response>,
  ): Promise<void> {
    const context = this.context(call);
    for await (const message of handle(context, decoded(call.request))) {
      if (context.signal.aborted) return;
      if (!call.write(message)) await drained(call, context.signal);
    }
  }

  /** Who calls, and a signal that fires when they are gone. */
  context(call: CallSurface): RequestContext {
    const user = this.#deps.authenticate({ peer: call.getPeer(), metadata: call.metadata });
    const gone = new AbortController();
    call.on('cancelled', () => gone.abort(new GantryError('Cancelled', 'the request was cancelled')));
    if (call.cancelled) gone.abort(new GantryError('Cancelled', 'the request was cancelled'));
    return { user, signal: gone.signal };
  }
}

/** What every kind of server call has. */
interface CallSurface {
  readonly cancelled: boolean;
  readonly metadata: Metadata;
  getPeer(): string;
  on(event: 'cancelled', listener: () => void): unknown;
}

async function* inputOf<Request>(call: ServerDuplexStream<Request, unknown>): AsyncGenerator<Request> {
  // Not by the stream's own iterator: that one would destroy the call when the input is left early.
  for await (const message of call.iterator({ destroyOnReturn: false })) yield decoded(message as Request);
}

function decoded<Request>(request: Request): Request {
  if (request instanceof Undecodable) {
    throw new GantryError('BadRequest', 'the request is not a valid protobuf message', { cause: request.problem });
  }
  return request;
}

/** Resolves when the caller takes more, or is gone. */
function drained(call: EventEmitter, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const go = (): void => {
      call.off('drain', go);
      signal.removeEventListener('abort', go);
      resolve();
    };
    call.once('drain', go);
    signal.addEventListener('abort', go, { once: true });
    if (signal.aborted) go();
  });
}

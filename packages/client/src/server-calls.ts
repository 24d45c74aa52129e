import type { EventEmitter } from 'node:events';
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
import { toServiceError } from './errors-grpc.ts';

/** The part of a handler's context that every server has. */
export interface CallContext {
  /** Fires when the call is over: its caller is gone, or has taken the whole answer. */
  readonly signal: AbortSignal;
}

/** The caller's side of a call, from which a context is made. */
export interface CallerSide {
  readonly metadata: Metadata;
  getPeer(): string;
}

/** The other side of a call that streams both ways. */
export interface Peer<Input, Output> {
  /** Leaving it unread holds the caller back. */
  readonly input: AsyncIterator<Input>;
  /** Resolves when the next message may follow: a slow caller holds the writer back. Does nothing once the call is over. */
  write(message: Output): Promise<void>;
}

export interface ServerCallsOptions<Context extends CallContext, Purpose = never> {
  /** Makes the context of a call; throws where the caller may not call at all. */
  readonly contextOf: (caller: CallerSide, signal: AbortSignal) => Context | Promise<Context>;
  readonly log: Logger;
  /** A call of a method began; returns the function that is told its status code when it ended. */
  readonly onStart?: (method: string) => (code: number) => void;
  /** Lets a call whose handler names a purpose begin, now or later, until the result is disposed of; throws where it may not. */
  readonly enter?: (context: Context, purpose: Purpose) => Disposable | Promise<Disposable>;
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

/**
 * The one wrapper around gRPC handlers. It gives each call a context with a signal that fires when the call is over, bounds
 * what is in work, waits for slow callers, and turns what handlers throw into statuses. No exception passes it.
 */
export class ServerCalls<Context extends CallContext, Purpose = never> {
  readonly #options: ServerCallsOptions<Context, Purpose>;

  constructor(options: ServerCallsOptions<Context, Purpose>) {
    this.#options = options;
  }

  /**
   * A unary method.
   * @param purposeOf The purpose of a request, by which it is let in; one without is let in at once.
   */
  unary<Request, Response>(
    handle: (context: Context, request: Request) => Promise<Response> | Response,
    purposeOf?: (request: Request) => Purpose,
  ): handleUnaryCall<Request, Response> {
    return (call, callback) => {
      const answer = (response: Response): void => callback(null, response);
      this.#finish(call, this.#run(call, handle, purposeOf), answer, (error) => callback(error));
    };
  }

  /** A method that streams the messages of an iterable, as fast as the caller takes them. */
  serverStream<Request, Response>(
    handle: (context: Context, request: Request) => AsyncIterable<Response>,
  ): handleServerStreamingCall<Request, Response> {
    return (call) => {
      const fail = (error: ServiceError): void => void call.emit('error', error);
      this.#finish(call, this.#stream(call, handle), () => call.end(), fail);
    };
  }

  /** A method that streams both ways, and answers with the messages of an iterable. */
  duplex<Request, Response>(
    handle: (context: Context, input: AsyncIterator<Request>) => AsyncIterable<Response>,
  ): handleBidiStreamingCall<Request, Response> {
    return this.exchange(async (context, { input, write }) => {
      for await (const message of handle(context, input)) {
        if (context.signal.aborted) return;
        await write(message);
      }
    });
  }

  /** A method that streams both ways, each side when it has something to say. */
  exchange<Request, Response>(
    handle: (context: Context, peer: Peer<Request, Response>) => Promise<void>,
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
    const { log, onStart } = this.#options;
    const method = call.getPath();
    const ended = onStart?.(method);
    work
      .then(
        (outcome) => {
          ended?.(0);
          succeed(outcome);
        },
        (thrown: unknown) => {
          const error = toServiceError(thrown);
          ended?.(error.code);
          if (error.code === GrpcCode.INTERNAL) log.error({ error: thrown, method }, 'a request failed');
          fail(error);
        },
      )
      .catch((error: unknown) => log.error({ error, method }, 'no answer could be sent'));
  }

  async #run<Request, Response>(
    call: ServerUnaryCall<Request, Response>,
    handle: (context: Context, request: Request) => Promise<Response> | Response,
    purposeOf: ((request: Request) => Purpose) | undefined,
  ): Promise<Response> {
    const request = decoded(call.request);
    const context = await this.#context(call);
    const { enter } = this.#options;
    if (purposeOf === undefined || enter === undefined) return await handle(context, request);
    using _place = await enter(context, purposeOf(request));
    return await handle(context, request);
  }

  async #stream<Request, Response>(
    call: ServerWritableStream<Request, Response>,
    handle: (context: Context, request: Request) => AsyncIterable<Response>,
  ): Promise<void> {
    const context = await this.#context(call);
    for await (const message of handle(context, decoded(call.request))) {
      if (context.signal.aborted) return;
      if (!call.write(message)) await drained(call, context.signal);
    }
  }

  async #exchange<Request, Response>(
    call: ServerDuplexStream<Request, Response>,
    handle: (context: Context, peer: Peer<Request, Response>) => Promise<void>,
  ): Promise<void> {
    const context = await this.#context(call);
    const write = async (message: Response): Promise<void> => {
      if (context.signal.aborted || call.destroyed || call.write(message)) return;
      await drained(call, context.signal);
    };
    await handle(context, { input: inputOf<Request>(call), write });
  }

  #context(call: CallerSide & CancelledSide): Context | Promise<Context> {
    const over = new AbortController();
    const end = (): void => over.abort(callOver);
    call.on('cancelled', end);
    if (call.cancelled) end();
    return this.#options.contextOf(call, over.signal);
  }
}

interface CancelledSide {
  readonly cancelled: boolean;
  on(event: 'cancelled', listener: () => void): unknown;
}

/** The reason of every call's signal: each call ends so, and an error of its own would cost the trace of its stack. */
const callOver = new GantryError('Cancelled', 'the request was cancelled');

function cancelled(cause?: unknown): GantryError {
  return new GantryError('Cancelled', 'the request was cancelled', cause === undefined ? {} : { cause });
}

async function* inputOf<Request>(call: ServerDuplexStream<Request, unknown>): AsyncGenerator<Request> {
  try {
    // Not by the stream's own iterator: that one would destroy the call when the input is left early.
    for await (const message of call.iterator({ destroyOnReturn: false })) yield decoded(message as Request);
  } catch (error) {
    // A caller that hangs up in the middle of its messages is no failure of ours.
    if ((error as { code?: unknown }).code === 'ERR_STREAM_PREMATURE_CLOSE') throw cancelled(error);
    throw error;
  }
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

/** How calls are made with @grpc/grpc-js: deadlines, cancelling, retries and streams, all with GantryErrors. */
import { type BackoffPolicy, backoffMs } from '@gantry/runtime/backoff.ts';
import { type Clock, systemClock } from '@gantry/runtime/clock.ts';
import { GantryError, isError } from '@gantry/runtime/errors.ts';
import {
  type ClientDuplexStream,
  type ClientReadableStream,
  type Client as GrpcClient,
  Metadata,
  type MethodDefinition,
} from '@grpc/grpc-js';
import { fromGrpcError } from './errors-grpc.ts';

// biome-ignore lint/suspicious/noExplicitAny: a method's messages are typed where it is called.
type Method = MethodDefinition<any, any>;

/** How one call is bounded. */
export interface CallBounds {
  readonly signal?: AbortSignal;
  /** Milliseconds for the call with all of its retries. */
  readonly timeoutMs: number;
  /** True where a call that may have been carried out already can be repeated without harm. */
  readonly idempotent: boolean;
  readonly whenAway: WhenAway;
}

/**
 * Behaviour of a call without a connection: `wait` for one until its time is up, and repeat what is idempotent
 * when it is lost; or `fail` at once with ServiceUnavailable.
 */
export type WhenAway = 'wait' | 'fail';

/** Settings that all calls of a client share. */
export type CallDefaults = Pick<CallBounds, 'timeoutMs' | 'whenAway'>;

/** Waits between the attempts of one call; short, as the deadline bounds them all. */
const retryBackoff: BackoffPolicy = { initialMs: 50, maxMs: 2_000, factor: 2, jitter: 0.3 };

/** A unary call. */
export async function callUnary<Request, Response>(
  client: GrpcClient,
  method: Method,
  request: Request,
  bounds: CallBounds,
  clock: Clock = systemClock,
): Promise<Response> {
  const untilMs = clock.monotonic() + bounds.timeoutMs;
  const mayRepeat = bounds.idempotent && bounds.whenAway === 'wait';
  for (let attempt = 1; ; attempt++) {
    try {
      return await attemptUnary<Request, Response>(client, method, request, untilMs - clock.monotonic(), bounds);
    } catch (error) {
      const waitMs = backoffMs(retryBackoff, attempt);
      const worthIt = mayRepeat && isError(error, 'ServiceUnavailable') && clock.monotonic() + waitMs < untilMs;
      if (!worthIt) throw error;
      await clock.sleep(waitMs, bounds.signal).catch(() => {
        throw cancelled();
      });
    }
  }
}

function attemptUnary<Request, Response>(
  client: GrpcClient,
  method: Method,
  request: Request,
  leftMs: number,
  { signal, whenAway }: CallBounds,
): Promise<Response> {
  if (signal?.aborted) return Promise.reject(cancelled());
  return new Promise((resolve, reject) => {
    const call = client.makeUnaryRequest<Request, Response>(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      request,
      // Nothing was sent while it waits, so this is no repetition of a write.
      new Metadata({ waitForReady: whenAway === 'wait' }),
      // gRPC takes a time of the wall clock, and turns it into a wait at once.
      { deadline: Date.now() + leftMs },
      (error, response) => {
        signal?.removeEventListener('abort', cancel);
        if (error) reject(fromGrpcError(error));
        else resolve(response as Response);
      },
    );
    const cancel = (): void => call.cancel();
    signal?.addEventListener('abort', cancel, { once: true });
  });
}

/**
 * The messages of a server's stream, read as fast as they are taken: the server is held back by HTTP/2 flow control.
 * Leaving the loop cancels the call.
 */
export function callServerStream<Request, Response>(
  client: GrpcClient,
  method: Method,
  request: Request,
  signal: AbortSignal,
): AsyncGenerator<Response> {
  const call = client.makeServerStreamRequest<Request, Response>(
    method.path,
    method.requestSerialize,
    method.responseDeserialize,
    request,
    new Metadata(),
    {},
  );
  return messagesOf(call, signal);
}

/** The messages of a call; the call ends when the loop over them is left or the signal fires. To be iterated once. */
export function messagesOf<Response>(
  call: ClientReadableStream<Response> | ClientDuplexStream<unknown, Response>,
  signal: AbortSignal,
): AsyncGenerator<Response> {
  // From the start: a call may fail, or the signal fire, before anybody iterates.
  let failure: unknown;
  call.on('error', (error) => {
    failure = error;
  });
  const cancel = (): void => call.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  call.once('status', () => signal.removeEventListener('abort', cancel));
  if (signal.aborted) cancel();
  return iterate(call as AsyncIterable<Response>, cancel, () => failure);
}

async function* iterate<Response>(
  messages: AsyncIterable<Response>,
  cancel: () => void,
  failure: () => unknown,
): AsyncGenerator<Response> {
  try {
    yield* messages;
    if (failure() !== undefined) throw failure();
  } catch (error) {
    throw fromGrpcError(error);
  } finally {
    cancel();
  }
}

function cancelled(): GantryError {
  return new GantryError('Cancelled', 'the request was cancelled');
}

/** Reaching into running pods: logs, commands, forwarded connections. For clients of the api, and for the api as client of a node agent. */
import type { ClientDuplexStream, Client as GrpcClient } from '@grpc/grpc-js';
import { Metadata, type MethodDefinition } from '@grpc/grpc-js';
import { type CallDefaults, callServerStream, callUnary, messagesOf } from './calls.ts';
import type {
  ExecInput,
  ExecOutput,
  ExecStart,
  LogChunk,
  LogsRequest,
  PortForwardChunk,
  PortForwardStart,
  StatsRequest,
  StatsResponse,
} from './pod-messages.ts';
import { podService } from './protos.ts';

/** A two-way stream: write messages, read messages. Disposing of it, or leaving the reading loop, ends the call. */
export interface DuplexCall<Input, Output> extends Disposable {
  /** Resolves when the message may be followed by the next one: a slow receiver holds the writer back. */
  write(message: Input): Promise<void>;
  /** No more messages follow. */
  end(): void;
  /** Output; throws a GantryError when the call fails. May be iterated once. */
  readonly output: AsyncIterable<Output>;
}

/** Bytes of standard input larger than this are sent in several messages. */
export const maxStdinBytes = 64 * 1024;

/** PodService as the other side calls it. */
export class PodCalls {
  readonly #client: GrpcClient;
  readonly #defaults: CallDefaults;

  constructor(client: GrpcClient, defaults: CallDefaults) {
    this.#client = client;
    this.#defaults = defaults;
  }

  /** Output of a container, in pieces cut anywhere; with `follow` until it ends or the signal fires. */
  async *logs(request: LogsRequest, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const chunks = callServerStream<LogsRequest, LogChunk>(this.#client, podService.Logs!, request, signal);
    for await (const chunk of chunks) yield chunk.data;
  }

  /** Runs a command in a container; the last message is its exit. */
  exec(start: ExecStart, signal: AbortSignal): DuplexCall<ExecInput, ExecOutput> {
    return this.#duplex(podService.Exec!, { start }, signal);
  }

  /** Connects to a container's own streams. */
  attach(start: ExecStart, signal: AbortSignal): DuplexCall<ExecInput, ExecOutput> {
    return this.#duplex(podService.Attach!, { start }, signal);
  }

  /** One connection to a port of a pod. */
  portForward(start: PortForwardStart, signal: AbortSignal): DuplexCall<PortForwardChunk, PortForwardChunk> {
    return this.#duplex(podService.PortForward!, { start }, signal);
  }

  /** Present resource usage of containers. */
  stats(request: StatsRequest, options: { signal?: AbortSignal; timeoutMs?: number } = {}): Promise<StatsResponse> {
    const bounds = { ...this.#defaults, signal: options.signal, idempotent: true };
    return callUnary(this.#client, podService.Stats!, request, {
      ...bounds,
      timeoutMs: options.timeoutMs ?? this.#defaults.timeoutMs,
    });
  }

  #duplex<Input, Output>(
    method: MethodDefinition<Input, Output>,
    first: Input,
    signal: AbortSignal,
  ): DuplexCall<Input, Output> {
    const call = this.#client.makeBidiStreamRequest<Input, Output>(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      new Metadata(),
      {},
    );
    const output = messagesOf(call, signal);
    call.write(first);
    return {
      write: (message) => write(call, message),
      end: () => call.end(),
      output,
      [Symbol.dispose]: () => call.cancel(),
    };
  }
}

function write<Input, Output>(call: ClientDuplexStream<Input, Output>, message: Input): Promise<void> {
  // A call that failed takes no more; the reader of its output hears why.
  if (call.destroyed || call.writableEnded) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      call.off('close', done);
      resolve();
    };
    call.once('close', done);
    call.write(message, done);
  });
}

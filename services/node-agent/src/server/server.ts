import { admitHolders, type Credentials, guard } from '@gantry/client/credentials.ts';
import { toServiceError } from '@gantry/client/errors-grpc.ts';
import type {
  ExecInput,
  ExecOutput,
  LogChunk,
  LogsRequest,
  PortForwardChunk,
  StatsRequest,
  StatsResponse,
} from '@gantry/client/pod-messages.ts';
import { podService } from '@gantry/client/protos.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import {
  Server,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import type { Pods } from '../pods/pods.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { containerLogs } from './logs.ts';
import { containerStats } from './stats.ts';
import { forwardPort, type Peer, runStreams } from './streams.ts';

/** What PodService of a node is served from. */
export interface PodServerDeps {
  readonly nodeName: string;
  readonly pods: Pods;
  readonly runtime: Runtime;
  readonly clock: Clock;
  /** Proof that callers must give: whoever can call may run commands in every container of the node. */
  readonly credentials: Credentials;
}

/** A listening PodService. Disposing of it ends its calls. */
export interface PodServer extends AsyncDisposable {
  readonly port: number;
}

/** Serves logs, commands, forwarded ports and usage of the node's pods. Rejects where the address is taken. */
export async function servePods(
  listen: { readonly host: string; readonly port: number },
  deps: PodServerDeps,
): Promise<PodServer> {
  const { credentials } = deps;
  const server = new Server({
    'grpc.max_receive_message_length': 1024 * 1024,
    interceptors: [guard(admitHolders(credentials))],
  });
  server.addService(podService, handlersOf(deps));
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`${listen.host}:${listen.port}`, credentials.listener, (error, bound) =>
      error === null ? resolve(bound) : reject(new GantryError('FailedPrecondition', error.message, { cause: error })),
    );
  });
  return {
    port,
    async [Symbol.asyncDispose]() {
      server.forceShutdown();
    },
  };
}

function handlersOf(deps: PodServerDeps): UntypedServiceImplementation {
  return {
    Logs: (call: ServerWritableStream<LogsRequest, LogChunk>) =>
      serve(call, async (signal) => {
        for await (const data of containerLogs(deps.pods, call.request, deps.clock, signal))
          await write(call, { data });
      }),
    Exec: (call: ServerDuplexStream<ExecInput, ExecOutput>) =>
      serve(call, (signal) => execute(deps, call, false, signal)),
    Attach: (call: ServerDuplexStream<ExecInput, ExecOutput>) =>
      serve(call, (signal) => execute(deps, call, true, signal)),
    PortForward: (call: ServerDuplexStream<PortForwardChunk, PortForwardChunk>) =>
      serve(call, async (signal) => {
        const { first, peer } = await conversation(call);
        if (!first?.start)
          throw new GantryError('BadRequest', 'start: Required value: the first message names the port');
        await forwardPort(deps, first.start, peer, signal);
      }),
    Stats: (call: ServerUnaryCall<StatsRequest, StatsResponse>, callback: sendUnaryData<StatsResponse>) => {
      containerStats(deps, call.request, AbortSignal.timeout(10_000)).then(
        (containers) => callback(null, { containers }),
        (error: unknown) => callback(toServiceError(error)),
      );
    },
  };
}

async function execute(
  deps: PodServerDeps,
  call: ServerDuplexStream<ExecInput, ExecOutput>,
  attach: boolean,
  signal: AbortSignal,
): Promise<void> {
  const { first, peer } = await conversation(call);
  if (!first?.start) throw new GantryError('BadRequest', 'start: Required value: the first message says what to run');
  await runStreams(deps, first.start, attach, peer, signal);
}

/** The first message of a two-way call, and the rest of it. */
async function conversation<Input, Output>(
  call: ServerDuplexStream<Input, Output>,
): Promise<{ readonly first: Input | undefined; readonly peer: Peer<Input, Output> }> {
  const messages = (call as AsyncIterable<Input>)[Symbol.asyncIterator]();
  const { value, done } = await messages.next();
  const input = { [Symbol.asyncIterator]: () => messages };
  return { first: done ? undefined : value, peer: { input, write: (message) => write(call, message) } };
}

/** Runs a streaming call to its end; the signal fires when the caller is gone. */
function serve(
  call: ServerWritableStream<unknown, unknown> | ServerDuplexStream<unknown, unknown>,
  work: (signal: AbortSignal) => Promise<void>,
): void {
  const gone = new AbortController();
  call.on('cancelled', () => gone.abort());
  // A caller that hangs up is no failure of ours.
  call.on('error', () => gone.abort());
  work(gone.signal).then(
    () => call.end(),
    (error: unknown) => {
      if (!gone.signal.aborted) call.emit('error', toServiceError(error));
    },
  );
}

/** Resolves when the caller took enough for the next message to be sent, or is gone. */
function write<Output>(
  call: ServerWritableStream<unknown, Output> | ServerDuplexStream<unknown, Output>,
  message: Output,
): Promise<void> {
  if (call.destroyed || call.cancelled || call.write(message)) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      call.off('drain', done);
      call.off('cancelled', done);
      call.off('close', done);
      resolve();
    };
    call.once('drain', done);
    call.once('cancelled', done);
    call.once('close', done);
  });
}

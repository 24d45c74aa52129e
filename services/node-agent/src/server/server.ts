import type { RequestListener } from 'node:http';
import type { Credentials } from '@gantry/client/credentials.ts';
import { admitPeers } from '@gantry/client/guard.ts';
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
import { type GrpcServer, serveGrpc } from '@gantry/client/serve.ts';
import { ServerCalls, type Peer as ServerPeer } from '@gantry/client/server-calls.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import { serviceNames } from '@gantry/runtime/identities.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import type { Pods } from '../pods/pods.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Samples } from '../statistics/sampler.ts';
import { containerLogs } from './logs.ts';
import { statsOf } from './stats.ts';
import { forwardPort, type Peer, runStreams } from './streams.ts';

/** Dependencies of a node's PodService. */
export interface PodServerDeps {
  readonly nodeName: string;
  readonly pods: Pods;
  readonly runtime: Runtime;
  /** Answers requests over HTTP at the same port. */
  readonly http?: RequestListener;
  /** Usage as it was read last. */
  readonly samples: { readonly latest: Samples };
  readonly clock: Clock;
  readonly log: Logger;
  /** Proof that callers must give: whoever can call may run commands in every container of the node. */
  readonly credentials: Credentials;
}

/** Requests are small; what is typed and sent comes in chunks. */
const maxRequestBytes = 1024 * 1024;

/** Serves logs, commands, forwarded ports and usage of the node's pods. Rejects where the address is taken. */
export function servePods(
  listen: { readonly host: string; readonly port: number },
  deps: PodServerDeps,
): Promise<GrpcServer> {
  const { credentials } = deps;
  const service = { name: 'PodService', definition: podService, handlers: handlersOf(deps) };
  const admit = admitPeers(credentials, [serviceNames.api]);
  // Logs and commands may go on for ever: nobody waits for their ends.
  const { http } = deps;
  const both = http === undefined ? {} : { http };
  return serveGrpc([service], { ...listen, maxRequestBytes, credentials, admit, drainMs: 0, ...both });
}

function handlersOf(deps: PodServerDeps): UntypedServiceImplementation {
  const { pods, clock, log } = deps;
  const calls = new ServerCalls({ contextOf: (_, signal) => ({ signal }), log });
  const run = (attach: boolean) =>
    calls.exchange<ExecInput, ExecOutput>(async ({ signal }, peer) => {
      const { start } = await firstOf(peer);
      if (!start) throw new GantryError('BadRequest', 'start: Required value: the first message says what to run');
      await runStreams(deps, start, attach, restOf(peer), signal);
    });
  return {
    Logs: calls.serverStream(async function* ({ signal }, request: LogsRequest): AsyncGenerator<LogChunk> {
      for await (const data of containerLogs(pods, request, clock, signal)) yield { data };
    }),
    Exec: run(false),
    Attach: run(true),
    PortForward: calls.exchange<PortForwardChunk, PortForwardChunk>(async ({ signal }, peer) => {
      const { start } = await firstOf(peer);
      if (!start) throw new GantryError('BadRequest', 'start: Required value: the first message names the port');
      await forwardPort(deps, start, restOf(peer), signal);
    }),
    Stats: calls.unary(async (_, request: StatsRequest): Promise<StatsResponse> => statsOf(deps, request)),
  };
}

/** The first message of a call that streams both ways; empty where the caller sends none. */
async function firstOf<Input>({ input }: ServerPeer<Input, unknown>): Promise<Partial<Input>> {
  const { value, done } = await input.next();
  return done ? {} : value;
}

function restOf<Input, Output>({ input, write }: ServerPeer<Input, Output>): Peer<Input, Output> {
  return { input: { [Symbol.asyncIterator]: () => input }, write };
}

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Credentials } from '@gantry/client/credentials.ts';
import { admitPeers } from '@gantry/client/guard.ts';
import type {
  DefragmentRequest,
  ExplainPodRequest,
  PodExplanation,
  SimulateRequest,
  SimulateResponse,
} from '@gantry/client/placement-messages.ts';
import { placementService } from '@gantry/client/protos.ts';
import { serveGrpc } from '@gantry/client/serve.ts';
import { ServerCalls } from '@gantry/client/server-calls.ts';
import { parseAddress } from '@gantry/runtime/address.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { serviceNames } from '@gantry/runtime/identities.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import { reachableAddress } from '@gantry/runtime/reachable-address.ts';
import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import type { Defragmenter } from '../defrag/defragmenter.ts';
import { explainPod } from '../explain/explain.ts';
import type { Scheduler } from '../scheduler.ts';
import { simulate } from '../simulate/simulate.ts';

/** A simulation names thousands of pods by their uids, and brings nodes and pods of every group. */
const maxRequestBytes = 4 * 1024 * 1024;
/** Milliseconds after which a simulation lets the scheduler go on. */
const simulationSliceMs = 10;

/** Dependencies of PlacementService. */
export interface PlacementDeps {
  readonly scheduler: Scheduler;
  readonly defragmenter: Pick<Defragmenter, 'run'>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Proof that callers must give. */
  readonly credentials: Credentials;
}

/** A listening PlacementService. */
export interface PlacementServer extends AsyncDisposable {
  /** `host:port` under which it can be reached. */
  readonly address: string;
}

/**
 * Serves what there is to know of a scheduler's decisions.
 * @param listen `host:port`; port 0 for any free one.
 */
export async function servePlacement(listen: string, deps: PlacementDeps): Promise<PlacementServer> {
  const { host, port } = parseAddress(listen);
  const service = { name: 'PlacementService', definition: placementService, handlers: handlersOf(deps) };
  const { credentials } = deps;
  const admit = admitPeers(credentials, [serviceNames.api]);
  const server = await serveGrpc([service], { host, port, maxRequestBytes, credentials, admit });
  return {
    address: reachableAddress(host, server.port),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

function handlersOf({ scheduler, defragmenter, clock, log }: PlacementDeps): UntypedServiceImplementation {
  const calls = new ServerCalls({ contextOf: (_, signal) => ({ signal }), log });
  return {
    ExplainPod: calls.unary((_, request: ExplainPodRequest): PodExplanation => {
      return explainPod(scheduler, request, clock.now() - clock.monotonic());
    }),
    Defragment: calls.serverStream(({ signal }, { execute, maxMoves = 0 }: DefragmentRequest) =>
      defragmenter.run(execute, maxMoves, signal),
    ),
    Simulate: calls.unary(({ signal }, request: SimulateRequest) =>
      inSlices(simulate(scheduler, request), clock, signal),
    ),
  };
}

/** Runs a simulation while pods go on being placed: it lets go after each slice of time. */
async function inSlices(
  simulation: Generator<void, SimulateResponse>,
  clock: Clock,
  signal: AbortSignal,
): Promise<SimulateResponse> {
  for (let startedMs = clock.monotonic(); ; ) {
    const { done, value } = simulation.next();
    if (done) return value;
    if (clock.monotonic() - startedMs < simulationSliceMs) continue;
    await nextTurn();
    signal.throwIfAborted();
    startedMs = clock.monotonic();
  }
}

import { admitHolders, type Credentials } from '@gantry/client/credentials.ts';
import { toServiceError } from '@gantry/client/errors-grpc.ts';
import type {
  DefragmentProgress,
  DefragmentRequest,
  ExplainPodRequest,
  PodExplanation,
} from '@gantry/client/placement-messages.ts';
import { placementService } from '@gantry/client/protos.ts';
import { serveGrpc } from '@gantry/client/serve.ts';
import { parseAddress } from '@gantry/runtime/address.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import type { ServerUnaryCall, ServerWritableStream, sendUnaryData, UntypedServiceImplementation } from '@grpc/grpc-js';
import type { Defragmenter } from '../defrag/defragmenter.ts';
import { explainPod } from '../explain/explain.ts';
import type { Scheduler } from '../scheduler.ts';
import { reachableAddress } from './address.ts';

/** Questions are small. */
const maxRequestBytes = 64 * 1024;

/** Dependencies of PlacementService. */
export interface PlacementDeps {
  readonly scheduler: Scheduler;
  readonly defragmenter: Pick<Defragmenter, 'run'>;
  readonly clock: Clock;
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
  const admit = admitHolders(credentials);
  const server = await serveGrpc([service], { host, port, maxRequestBytes, credentials, admit });
  return {
    address: reachableAddress(host, server.port),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

function handlersOf({ scheduler, defragmenter, clock }: PlacementDeps): UntypedServiceImplementation {
  return {
    ExplainPod: (call: ServerUnaryCall<ExplainPodRequest, PodExplanation>, answer: sendUnaryData<PodExplanation>) => {
      try {
        answer(null, explainPod(scheduler, call.request, clock.now() - clock.monotonic()));
      } catch (error) {
        answer(toServiceError(error));
      }
    },
    Defragment: (call: ServerWritableStream<DefragmentRequest, DefragmentProgress>) => {
      const { execute, maxMoves = 0 } = call.request;
      send(call, (signal) => defragmenter.run(execute, maxMoves, signal));
    },
  };
}

/** Sends what an iterable gives, few as these messages are. The signal fires when the caller is gone. */
function send<T>(call: ServerWritableStream<unknown, T>, messages: (signal: AbortSignal) => AsyncIterable<T>): void {
  const gone = new AbortController();
  call.on('cancelled', () => gone.abort());
  // A caller that hangs up is no failure of ours.
  call.on('error', () => gone.abort());
  const sendAll = async (): Promise<void> => {
    for await (const message of messages(gone.signal)) call.write(message);
  };
  sendAll().then(
    () => call.end(),
    (error: unknown) => {
      if (!gone.signal.aborted) call.emit('error', toServiceError(error));
    },
  );
}

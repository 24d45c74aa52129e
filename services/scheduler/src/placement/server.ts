import { toServiceError } from '@gantry/client/errors-grpc.ts';
import type { ExplainPodRequest, PodExplanation } from '@gantry/client/placement-messages.ts';
import { placementService } from '@gantry/client/protos.ts';
import { type GrpcServer, serveGrpc } from '@gantry/client/serve.ts';
import { parseAddress } from '@gantry/runtime/address.ts';
import type { ServerUnaryCall, sendUnaryData, UntypedServiceImplementation } from '@grpc/grpc-js';
import { explainPod } from '../explain/explain.ts';
import type { Scheduler } from '../scheduler.ts';
import { reachableAddress } from './address.ts';

/** Questions are small. */
const maxRequestBytes = 64 * 1024;

/** A listening PlacementService. */
export interface PlacementServer extends AsyncDisposable {
  /** `host:port` under which it can be reached. */
  readonly address: string;
}

/**
 * Serves what there is to know of a scheduler's decisions.
 * @param listen `host:port`; port 0 for any free one.
 */
export async function servePlacement(listen: string, scheduler: Scheduler): Promise<PlacementServer> {
  const { host, port } = parseAddress(listen);
  const service = { name: 'PlacementService', definition: placementService, handlers: handlersOf(scheduler) };
  const server: GrpcServer = await serveGrpc([service], { host, port, maxRequestBytes });
  return {
    address: reachableAddress(host, server.port),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

function handlersOf(scheduler: Scheduler): UntypedServiceImplementation {
  return {
    ExplainPod: (call: ServerUnaryCall<ExplainPodRequest, PodExplanation>, answer: sendUnaryData<PodExplanation>) => {
      try {
        answer(null, explainPod(scheduler, call.request));
      } catch (error) {
        answer(toServiceError(error));
      }
    },
  };
}

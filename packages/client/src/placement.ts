/** Calls about placements. For clients of the api, and for the api as client of a scheduler. */
import type { Client as GrpcClient } from '@grpc/grpc-js';
import type { CallOptions } from './api.ts';
import { type CallDefaults, callServerStream, callUnary } from './calls.ts';
import type {
  DefragmentProgress,
  DefragmentRequest,
  ExplainPodRequest,
  PodExplanation,
  SimulateRequest,
  SimulateResponse,
} from './placement-messages.ts';
import { placementService } from './protos.ts';

/** Annotation by which the holder of a scheduler's Lease says where its PlacementService listens, as `host:port`. */
export const schedulerAddressAnnotation = 'gantry.dev/scheduler-address';

/** PlacementService as the other side calls it. */
export class PlacementCalls {
  readonly #client: GrpcClient;
  readonly #defaults: CallDefaults;

  constructor(client: GrpcClient, defaults: CallDefaults) {
    this.#client = client;
    this.#defaults = defaults;
  }

  /** Why a pod has, or does not have, its node. */
  explainPod(request: ExplainPodRequest, options?: CallOptions): Promise<PodExplanation> {
    const { signal, timeoutMs = this.#defaults.timeoutMs } = options ?? {};
    const bounds = { ...this.#defaults, signal, timeoutMs, idempotent: true };
    return callUnary(this.#client, placementService.ExplainPod!, request, bounds);
  }

  /** Tells where waiting pods would go with other nodes, which nodes that takes, and which nodes could be emptied. Changes nothing. */
  simulate(request: SimulateRequest, options?: CallOptions): Promise<SimulateResponse> {
    const { signal, timeoutMs = this.#defaults.timeoutMs } = options ?? {};
    const bounds = { ...this.#defaults, signal, timeoutMs, idempotent: true };
    return callUnary(this.#client, placementService.Simulate!, request, bounds);
  }

  /** Plans to free whole nodes and, where it is asked to, does so; the first message is the plan. */
  defragment(request: DefragmentRequest, signal: AbortSignal): AsyncGenerator<DefragmentProgress> {
    return callServerStream(this.#client, placementService.Defragment!, request, signal);
  }
}

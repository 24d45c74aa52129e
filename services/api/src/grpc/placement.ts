import type { DefragmentRequest, ExplainPodRequest, SimulateRequest } from '@gantry/client/placement-messages.ts';
import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import type { PlacementProxy } from '../placement/proxy.ts';
import type { Calls } from './calls.ts';
import { on } from './purposes.ts';

/** PlacementService over the proxy to schedulers. */
export function placementHandlers(proxy: PlacementProxy, calls: Calls): UntypedServiceImplementation {
  return {
    ExplainPod: calls.unary(
      (context, request: ExplainPodRequest) => proxy.explainPod(context, request),
      () => on('get', 'pods'),
    ),
    Simulate: calls.unary(
      (context, request: SimulateRequest) => proxy.simulate(context, request),
      () => on('create', 'nodes/simulation'),
    ),
    Defragment: calls.serverStream((context, request: DefragmentRequest) => proxy.defragment(context, request)),
  };
}

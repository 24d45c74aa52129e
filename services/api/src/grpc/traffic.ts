import type { MeasureTrafficRequest, WatchTrafficRequest } from '@gantry/client/traffic-messages.ts';
import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import type { TrafficProxy } from '../traffic/proxy.ts';
import type { Calls } from './calls.ts';
import { on } from './purposes.ts';

/** TrafficService over the proxy to xDS servers. */
export function trafficHandlers(proxy: TrafficProxy, calls: Calls): UntypedServiceImplementation {
  return {
    Measure: calls.unary(
      (context, request: MeasureTrafficRequest) => proxy.measure(context, request),
      ({ namespace, service }) => on('get', 'services/traffic', namespace, service),
    ),
    Watch: calls.serverStream((context, request: WatchTrafficRequest) => proxy.watch(context, request)),
  };
}

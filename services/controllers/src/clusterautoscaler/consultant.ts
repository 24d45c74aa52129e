import type { Client } from '@gantry/client/client.ts';
import type { CloudSide, Consultant, ProviderSide } from '../core/consult.ts';

/** Milliseconds for a simulation: it looks at all nodes and thousands of pods. */
const simulationTimeoutMs = 30_000;

/** Calls the provider of nodes and the cloud, as far as there are some; and by the api the scheduler, and evictions. */
export function consultantOf(
  client: Pick<Client, 'placement' | 'evict'>,
  provider: ProviderSide | undefined,
  cloud: CloudSide | undefined,
): Consultant {
  return {
    provider,
    cloud,
    scheduling: {
      simulate: (request, signal) => client.placement.simulate(request, { signal, timeoutMs: simulationTimeoutMs }),
      evict: (request, signal) => client.evict(request, { signal }),
    },
  };
}

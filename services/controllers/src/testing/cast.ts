import { deploymentController } from '../deployment/deployment.ts';
import { disruptionController } from '../disruption/disruption.ts';
import { endpointSliceController } from '../endpointslice/endpointslice.ts';
import { garbageController } from '../garbage/garbage.ts';
import { namespaceController } from '../namespace/namespace.ts';
import { HeartbeatTracker } from '../nodehealth/heartbeats.ts';
import { nodeHealthController } from '../nodehealth/nodehealth.ts';
import { podGroupController } from '../podgroup/podgroup.ts';
import { replicaSetController } from '../replicaset/replicaset.ts';
import { volumeController } from '../volumes/volumes.ts';
import type { SimulationOptions } from './simulation.ts';

const silenceTimes = { confirmMs: 3_000, recoveryMs: 15_000 };

/** All controllers, as the service runs them, with what it does beside them. */
export function wholeCast(): Pick<SimulationOptions, 'controllers' | 'beside'> {
  let tracker = new HeartbeatTracker(silenceTimes);
  return {
    controllers: () => {
      tracker = new HeartbeatTracker(silenceTimes);
      return [
        replicaSetController,
        deploymentController,
        endpointSliceController,
        garbageController,
        namespaceController,
        disruptionController,
        podGroupController,
        volumeController,
        nodeHealthController(tracker),
      ];
    },
    beside: (simulation) => {
      const nodes = [...(simulation.view?.list('Node') ?? [])].map(({ metadata }) => metadata.name);
      for (const name of tracker.observe(nodes, simulation.players.heard(), simulation.clock.monotonic())) {
        simulation.add('node-lifecycle-controller', name);
      }
    },
  };
}

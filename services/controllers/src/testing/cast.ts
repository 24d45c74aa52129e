import { deploymentController } from '../deployment/deployment.ts';
import { disruptionController } from '../disruption/disruption.ts';
import { endpointSliceController } from '../endpointslice/endpointslice.ts';
import { garbageController } from '../garbage/garbage.ts';
import { namespaceController } from '../namespace/namespace.ts';
import { NodeMonitor } from '../nodehealth/monitor.ts';
import { nodeHealthController } from '../nodehealth/nodehealth.ts';
import { defaultEvictionSettings } from '../nodehealth/zones.ts';
import { podGroupController } from '../podgroup/podgroup.ts';
import { replicaSetController } from '../replicaset/replicaset.ts';
import { claimProtectionController, volumeProtectionController } from '../volumes/protection.ts';
import { volumeController } from '../volumes/volumes.ts';
import type { SimulationOptions } from './simulation.ts';

const silenceTimes = { confirmMs: 3_000, recoveryMs: 15_000 };
/** Milliseconds between looks at heartbeats. */
const lookMs = 1_000;

/** All controllers, as the service runs them, with what it does beside them. */
export function wholeCast(): Pick<SimulationOptions, 'controllers' | 'beside'> {
  let monitor = new NodeMonitor(silenceTimes, defaultEvictionSettings);
  let nextLookMs = 0;
  return {
    controllers: ({ clock }) => {
      monitor = new NodeMonitor(silenceTimes, defaultEvictionSettings);
      return [
        replicaSetController,
        deploymentController,
        endpointSliceController,
        garbageController,
        namespaceController(clock),
        disruptionController,
        podGroupController,
        volumeController(clock),
        claimProtectionController,
        volumeProtectionController,
        nodeHealthController(monitor, clock),
      ];
    },
    beside: (simulation) => {
      const nowMs = simulation.clock.monotonic();
      if (nowMs < nextLookMs) return;
      nextLookMs = nowMs + lookMs;
      const heard = { names: simulation.players.heard(), revision: simulation.store.revision };
      for (const name of monitor.observe([...(simulation.view?.list('Node') ?? [])], heard, nowMs)) {
        simulation.add('node-lifecycle-controller', name);
      }
    },
  };
}

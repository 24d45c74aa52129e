import { allControllers, type ControllerSettings } from '../controllers.ts';
import type { AutoscalerSettings } from '../horizontalpodautoscaler/settings.ts';
import { NodeMonitor } from '../nodehealth/monitor.ts';
import { defaultEvictionSettings } from '../nodehealth/zones.ts';
import type { SimulationOptions } from './simulation.ts';

const silenceTimes = { confirmMs: 3_000, recoveryMs: 15_000 };
/** Milliseconds between looks at heartbeats. */
const lookMs = 1_000;

/** Autoscaling as it is, with all times a tenth or less. */
const autoscaling: AutoscalerSettings = {
  syncPeriodMs: 1_000,
  downscaleStabilizationMs: 5_000,
  tolerance: 0.1,
  cpuInitializationPeriodMs: 2_000,
  initialReadinessDelayMs: 1_000,
};

/** All controllers, as the service runs them, with what it does beside them. */
export function wholeCast(settings: ControllerSettings = {}): Pick<SimulationOptions, 'controllers' | 'beside'> {
  let monitor = new NodeMonitor(silenceTimes, defaultEvictionSettings);
  let nextLookMs = 0;
  return {
    controllers: ({ clock }) => {
      monitor = new NodeMonitor(silenceTimes, defaultEvictionSettings);
      return allControllers(clock, monitor, { autoscaling, ...settings });
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

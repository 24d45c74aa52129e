import { Counter, type Registry } from 'prom-client';

/**
 * Result of the work on a key. `refused`: somebody else was faster, and the next attempt goes by their write. `error`: a call failed.
 * `exception`: the controller itself threw, which is a bug.
 */
export type ReconcileResult = 'success' | 'refused' | 'error' | 'exception';

/** Counts reconciles, by the controller's name. */
export interface ControllerMetrics {
  reconciled(controller: string, result: ReconcileResult): void;
}

/** Registers the metrics of the controllers. */
export function createControllerMetrics(registry: Registry): ControllerMetrics {
  const reconciles = new Counter({
    name: 'gantry_controller_reconciles_total',
    help: 'Reconciles of a key, by controller and how they ended.',
    labelNames: ['controller', 'result'],
    registers: [registry],
  });
  return { reconciled: (controller, result) => reconciles.inc({ controller, result }) };
}

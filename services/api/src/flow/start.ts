import type { Clock } from '@gantry/runtime/clock.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import type { Registry } from 'prom-client';
import type { ResourceApi } from '../core/api.ts';
import type { Limits } from '../core/limits.ts';
import type { ChangeObserver } from '../watch/observers.ts';
import { FlowControl } from './flow-control.ts';
import { keepFlowConfiguration, keepFlowObjects } from './keeping.ts';
import { registerFlowMetrics } from './metrics.ts';
import { FlowView } from './view.ts';

/** Priority and fairness of an api process. */
export interface Flow {
  readonly control: FlowControl;
  /** Follows the stored flow schemas and priority levels. */
  readonly observer: ChangeObserver;
  /** Makes those that every api has. */
  makeObjects(api: ResourceApi): Promise<void>;
  /** Keeps them as they should be, until the signal fires. Run by one leader. */
  keep(api: ResourceApi, signal: AbortSignal): Promise<void>;
}

/** Puts the parts of priority and fairness together. @param deps.enabled False for one bound in place of all levels. */
export function flowOf(deps: {
  readonly clock: Clock;
  readonly log: Logger;
  readonly limits: Limits;
  readonly registry: Registry;
  readonly enabled: boolean;
}): Flow {
  const { clock, limits, registry, enabled } = deps;
  const view = new FlowView();
  // Without a configuration there is the level that catches all, with all seats.
  const control = new FlowControl({ view: enabled ? view : new FlowView(), clock, seats: limits.maxInFlight });
  registerFlowMetrics(registry, control);
  return {
    control,
    observer: view,
    makeObjects: (api) => keepFlowObjects({ api, view }, new AbortController().signal),
    keep: async (api, signal) => {
      if (enabled) await keepFlowConfiguration({ ...deps, api, view }, signal);
    },
  };
}

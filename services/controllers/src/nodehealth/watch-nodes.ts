import type { Client } from '@gantry/client/client.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { isError } from '@gantry/runtime/errors.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import type { View } from '../core/action.ts';
import type { NodeMonitor } from './monitor.ts';

/** Everything that the watch over nodes needs. */
export interface NodeWatchDeps {
  readonly client: Pick<Client, 'listHeartbeats'>;
  readonly view: Pick<View, 'list'>;
  readonly monitor: NodeMonitor;
  readonly clock: Clock;
  readonly log: Logger;
  /** Milliseconds between looks. */
  readonly pollMs: number;
  /** Has a node reconciled. */
  readonly reconcileNode: (name: string) => void;
}

/** Tells the monitor who is heard until the signal fires, and has the nodes reconciled that this concerns. */
export async function watchNodes(deps: NodeWatchDeps, signal: AbortSignal): Promise<void> {
  const { monitor, clock, log, pollMs } = deps;
  while (!signal.aborted) {
    try {
      await lookAtHeartbeats(deps, signal);
    } catch (error) {
      // While the api is away no node counts as lost: none can be heard.
      monitor.heartbeats.interrupted();
      if (!signal.aborted && !isError(error, 'ServiceUnavailable')) log.warn({ error }, 'heartbeats could not be read');
    }
    await clock.sleep(pollMs, signal).catch(() => {});
  }
}

async function lookAtHeartbeats(deps: NodeWatchDeps, signal: AbortSignal): Promise<void> {
  const { client, view, monitor, clock, reconcileNode } = deps;
  const { heartbeats, resourceVersion } = await client.listHeartbeats({ signal });
  const heard = { names: new Set(heartbeats.map(({ nodeName }) => nodeName)), revision: resourceVersion };
  for (const name of monitor.observe([...view.list('Node')], heard, clock.monotonic())) reconcileNode(name);
}

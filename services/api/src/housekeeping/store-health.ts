import type { Logger } from '@gantry/runtime/log.ts';
import type { Health } from '@gantry/store/store.ts';
import { Counter, Gauge, type Registry } from 'prom-client';
import type { ApiEvents } from '../events/recorder.ts';

/** The object that events about the store as a whole are about. */
const cluster = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kube-system' } };

/** Says loudly what goes wrong with the store as a whole: in the log, as an event, and in metrics. Returns the way to stop. */
export function reportStoreHealth(
  store: Health,
  deps: { readonly registry: Registry; readonly events: Pick<ApiEvents, 'record'>; readonly log: Logger },
): Disposable {
  const { registry, events, log } = deps;
  const losses = new Counter({
    name: 'gantry_api_store_losses_total',
    help: 'Times that the store turned out to have lost acknowledged changes.',
    registers: [registry],
  });
  new Gauge({
    name: 'gantry_api_store_sound',
    help: '1 while the store takes writes, 0 while they are refused because something is wrong with it.',
    registers: [registry],
    collect() {
      this.set(store.problem === undefined ? 1 : 0);
    },
  });
  const stop = store.onLoss(({ revision }) => {
    losses.inc();
    const message = `the store lost acknowledged changes; it had reached revision ${revision}`;
    log.error({ revision }, message);
    events.record({ about: cluster, type: 'Warning', reason: 'StoreLostData', message, component: 'api' });
  });
  return { [Symbol.dispose]: () => void stop() };
}

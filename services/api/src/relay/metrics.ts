import { Counter, Gauge, type Registry } from 'prom-client';

/** Metrics of a relay. */
export interface RelayMetrics {
  /** This process leads from now, or leads no more. */
  leading(isLeading: boolean): void;
  /** So many more changes were handed to the bus; `revision` is that of the last. */
  published(changes: number, revision: number): void;
  /** The bus did not take a message; it is offered again. */
  refused(): void;
}

/** Counters of a relay in a registry. */
export function createRelayMetrics(registry: Registry): RelayMetrics {
  const registers = [registry];
  const leading = new Gauge({
    name: 'gantry_relay_leading',
    help: '1 where this process publishes changes to the event bus, 0 where another one does.',
    registers,
  });
  const revision = new Gauge({
    name: 'gantry_relay_revision',
    help: 'Revision of the last change that this process published.',
    registers,
  });
  const published = new Counter({
    name: 'gantry_relay_published_total',
    help: 'Changes that this process published.',
    registers,
  });
  const refused = new Counter({
    name: 'gantry_relay_refused_total',
    help: 'Times that the event bus did not take a message.',
    registers,
  });
  return {
    leading: (isLeading) => leading.set(isLeading ? 1 : 0),
    published: (changes, last) => {
      revision.set(last);
      published.inc(changes);
    },
    refused: () => refused.inc(),
  };
}

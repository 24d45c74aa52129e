import { Gauge, type Registry } from 'prom-client';
import { type ApiServicesView, availableOf } from './view.ts';

/** Tells which API services are not available, by kube-aggregator's name. */
export function registerAvailability(registry: Registry, view: Pick<ApiServicesView, 'services'>): void {
  new Gauge({
    name: 'aggregator_unavailable_apiservice',
    help: 'API services whose requests are not passed on (1), and others (0), by name.',
    labelNames: ['name'],
    registers: [registry],
    collect() {
      this.reset();
      for (const service of view.services) {
        this.set({ name: service.metadata.name ?? '' }, availableOf(service)?.status === 'True' ? 0 : 1);
      }
    },
  });
}

import { Counter, Gauge, Registry } from 'prom-client';

/**
 * Results of health checks as Kubernetes' components tell them at /metrics/slis: that of the last time that a check was asked for, and how
 * often it was what. Checks that nobody asked for yet are absent.
 */
export class HealthMetrics {
  readonly #registry = new Registry();
  readonly #last = new Gauge({
    name: 'kubernetes_healthcheck',
    help: '[STABLE] This metric records the result of a single healthcheck.',
    labelNames: ['name', 'type'],
    registers: [this.#registry],
  });
  readonly #total = new Counter({
    name: 'kubernetes_healthchecks_total',
    help: '[STABLE] This metric records the results of all healthcheck.',
    labelNames: ['name', 'status', 'type'],
    registers: [this.#registry],
  });

  /** @param startedAtMs Start of the service, in milliseconds since the Unix epoch. */
  constructor(startedAtMs: number) {
    const name = 'process_start_time_seconds';
    const help = '[ALPHA] Start time of the process since unix epoch in seconds.';
    new Gauge({ name, help, registers: [this.#registry] }).set(startedAtMs / 1_000);
  }

  /**
   * Counts a result.
   * @param type Question that the check was part of, such as livez.
   */
  observe(name: string, type: string, isHealthy: boolean): void {
    this.#last.set({ name, type }, isHealthy ? 1 : 0);
    this.#total.inc({ name, status: isHealthy ? 'success' : 'error', type });
  }

  /** Resolves to Prometheus' text. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }
}

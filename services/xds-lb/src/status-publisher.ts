/** Writes the statuses that status.ts asks for. */
import type { Service } from '@gantry/model/gen/gantry.core.v1.ts';
import { backoffMs, defaultBackoff } from '@gantry/runtime/backoff.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { isError } from '@gantry/runtime/errors.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import { keyOfService, type ServiceKey } from './names.ts';

/** Writes the status of a Service; rejects with Conflict where the Service changed since it was read. */
export interface ServiceStatusWriter {
  updateStatus(service: Service, options: { readonly signal: AbortSignal }): Promise<unknown>;
}

/**
 * Writes one status after the other. Replicas of xds-lb derive the same statuses: the first writes, and the others' writes
 * are conflicts that are not retried, because the informer brings the new object, which needs no write.
 */
export class StatusPublisher implements AsyncDisposable {
  readonly #writer: ServiceStatusWriter;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #stop = new AbortController();
  #wanted = new Map<ServiceKey, Service>();
  #running: Promise<void> | undefined;

  constructor(writer: ServiceStatusWriter, options: { readonly clock: Clock; readonly log: Logger }) {
    this.#writer = writer;
    this.#clock = options.clock;
    this.#log = options.log;
  }

  /** Takes the Services whose status is to be written; they replace those that were not written yet. */
  want(services: readonly Service[]): void {
    this.#wanted = new Map(services.map((service) => [keyOfService(service), service]));
    this.#write();
  }

  /** Takes one more. */
  also(service: Service): void {
    this.#wanted.set(keyOfService(service), service);
    this.#write();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new DOMException('the status publisher was stopped', 'AbortError'));
    await this.#running;
  }

  #write(): void {
    if (this.#wanted.size === 0 || this.#stop.signal.aborted) return;
    this.#running ??= this.#writeAll().finally(() => {
      this.#running = undefined;
      // Services that were asked for as the loop ended.
      if (this.#wanted.size > 0) this.#write();
    });
  }

  async #writeAll(): Promise<void> {
    const { signal } = this.#stop;
    for (let failures = 0; this.#wanted.size > 0 && !signal.aborted; ) {
      const [key, service] = this.#wanted.entries().next().value!;
      this.#wanted.delete(key);
      try {
        await this.#writer.updateStatus(service, { signal });
        failures = 0;
      } catch (error) {
        if (signal.aborted || isError(error, 'Conflict', 'NotFound')) continue;
        failures += 1;
        this.#log.warn({ service: key, error }, 'the status of a service was not written');
        if (!this.#wanted.has(key)) this.#wanted.set(key, service);
        await this.#clock.sleep(backoffMs(defaultBackoff, failures), signal).catch(() => {});
      }
    }
  }
}

/** Reports problems to users, as events on their Services. */
import type { Service } from '@gantry/model/gen/gantry.core.v1.ts';
import type { Client } from 'envoy-control-plane-ts/server.ts';
import type { RequestEvent } from 'envoy-control-plane-ts/stream-state.ts';
import { listenerType } from 'envoy-control-plane-ts/type-urls.ts';
import type { Built } from './build.ts';
import { keyOfService, resourceName, type ServiceKey } from './names.ts';

/** Takes events for users; never waits and never throws (packages/client's EventRecorder is one). */
export interface EventSink {
  record(subject: Service, type: 'Normal' | 'Warning', reason: string, message: string): void;
}

/** A warning about a Service. */
export interface Report {
  readonly service: Service;
  readonly reason: string;
  readonly message: string;
}

/** Warnings that follow from a build. */
export function reportsOf(built: Built, services: readonly Service[]): Report[] {
  return services.flatMap((service) => {
    const key = keyOfService(service);
    const problem = built.problems.get(key);
    const refused = built.claims.get(key)?.refused ?? [];
    const denied = [...(built.denied.get(key) ?? [])];
    return [
      ...denied.map(([address, slice]) => {
        const message = `no request is sent to ${address} of EndpointSlice ${slice.metadata.name}: it is an address of the load balancer's own machine or link, or one that its operator denies`;
        return { service, reason: 'EndpointDenied', message };
      }),
      ...refused.map(({ reason, message }) => ({ service, reason, message })),
      ...(problem ? [{ service, reason: 'InvalidConfiguration', message: problem.message }] : []),
    ];
  });
}

/** Warnings that follow from a NACK: Envoy could not open the listeners that its error names. */
export function reportsOfRejection(client: Client, event: RequestEvent, services: readonly Service[]): Report[] {
  if (event.kind !== 'rejected' || event.typeUrl !== listenerType) return [];
  const error = event.rejection.error.message ?? '';
  const names = new Set(error.match(/[a-z0-9.-]+:\d+/g) ?? []);
  return services
    .filter((service) => (service.spec.ports ?? []).some(({ port }) => names.has(resourceName(service, port))))
    .map((service) => {
      const message = `Envoy ${client.node?.id ?? client.peer} refused the listener and keeps what it had: ${error}`;
      return { service, reason: 'ListenerRejected', message };
    });
}

/** Records only reports that the round before did not have, so that a lasting problem is reported once. */
export class Reporter {
  readonly #events: EventSink;
  #told = new Map<ServiceKey, Set<string>>();

  constructor(events: EventSink) {
    this.#events = events;
  }

  report(reports: readonly Report[]): void {
    const telling = new Map<ServiceKey, Set<string>>();
    for (const { service, reason, message } of reports) {
      const key = keyOfService(service);
      const messages = telling.get(key) ?? new Set();
      telling.set(key, messages.add(message));
      if (!this.#told.get(key)?.has(message)) this.#events.record(service, 'Warning', reason, message);
    }
    this.#told = telling;
  }
}

import { watchSource } from '@gantry/client/change-source.ts';
import { Informer } from '@gantry/client/informer.ts';
import type { Namespace, Service } from '@gantry/model/gen/gantry.core.v1.ts';
import type { EndpointSlice } from '@gantry/model/gen/gantry.discovery.v1.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import type { AgentApi } from '../api.ts';
import type { DnsRecords } from './dns-answer.ts';
import { hasClusterIp, type ServiceEndpoints, serviceNameLabel } from './endpoints.ts';

/** The cluster's services as the node knows them. Several agents in one process may share one. */
export interface Services extends AsyncDisposable {
  /** Resolves once all of them are known. */
  readonly hasSynced: Promise<void>;
  readonly records: DnsRecords;
  /** Every service with its endpoints. */
  all(): ServiceEndpoints[];
  inNamespace(namespace: string): Service[];
  /** Calls back on each change. Returns the way to stop. */
  onChange(handler: () => void): () => void;
}

/** Watches services, their endpoints and namespaces. */
export function watchServices(client: Pick<AgentApi, 'list' | 'watch'>, log: Logger): Services {
  const onError = (error: unknown): void => log.warn({ error }, 'services cannot be watched');
  const namespaces = new Informer<Namespace>({ source: watchSource(client, 'Namespace'), onError }).start();
  const services = new Informer<Service>({
    source: watchSource(client, 'Service'),
    indexers: {
      namespace: ({ metadata }) => [metadata.namespace ?? ''],
      ip: (service) => (hasClusterIp(service) ? [service.spec?.clusterIP ?? ''] : []),
    },
    onError,
  }).start();
  const slices = new Informer<EndpointSlice>({
    source: watchSource(client, 'EndpointSlice'),
    indexers: {
      service: ({ metadata }) => [`${metadata.namespace}/${metadata.labels?.[serviceNameLabel] ?? ''}`],
      ip: ({ endpoints = [] }) => endpoints.flatMap(({ addresses }) => addresses.slice(0, 1)),
    },
    onError,
  }).start();
  const slicesOf = (namespace: string, name: string) => slices.byIndex('service', `${namespace}/${name}`);
  return {
    hasSynced: Promise.all([services.hasSynced, slices.hasSynced, namespaces.hasSynced]).then(() => {}),
    records: {
      service: (namespace, name) => services.get(`${namespace}/${name}`),
      slices: slicesOf,
      hasNamespace: (namespace) => namespaces.get(namespace) !== undefined,
      serviceByIp: (ip) => services.byIndex('ip', ip)[0],
      slicesByIp: (ip) => slices.byIndex('ip', ip),
    },
    all: () =>
      [...services.values()].map((service) => ({
        service,
        slices: slicesOf(service.metadata.namespace ?? '', service.metadata.name ?? ''),
      })),
    inNamespace: (namespace) => services.byIndex('namespace', namespace),
    onChange(handler) {
      const stops = [services.onChange(handler), slices.onChange(handler)];
      return () => {
        for (const stop of stops) stop();
      };
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([namespaces, services, slices].map((informer) => informer[Symbol.asyncDispose]()));
    },
  };
}

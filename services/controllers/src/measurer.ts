import type { Client } from '@gantry/client/client.ts';
import { type ContainerUse, type Measurer, type MetricValue, noMeasurer } from './core/measure.ts';
import { queryPrometheus } from './rollout/prometheus.ts';

/** Milliseconds in which the api, and those that it asks, answer from memory. */
const timeoutMs = 10_000;

/** Asks the api for what Envoys counted and for metrics of pods, objects and others, and Prometheus where there is one. */
export function measurerOf(client: Pick<Client, 'traffic' | 'metrics'>, prometheus: string | undefined): Measurer {
  return {
    ...noMeasurer,
    ...(prometheus === undefined
      ? {}
      : { prometheus: (query: string, signal: AbortSignal) => queryPrometheus(prometheus, query, signal) }),
    traffic: (query, signal) => client.traffic.sample(query, { signal, timeoutMs }),
    podMetrics: async ({ namespace, labelSelector }, signal) => {
      const { pods = [] } = await client.metrics.pods({ namespace, labelSelector }, { signal, timeoutMs });
      return pods.map(({ name, timestampMs = 0, windowMs = 0, containers = [] }) => {
        return { name, timestampMs, windowMs, containers: containers.map(useOf) };
      });
    },
    customMetric: async (query, signal) => {
      const { values = [] } = await client.metrics.custom(query, { signal, timeoutMs });
      return values.map(({ name, ...value }) => metricValueOf(name, value));
    },
    externalMetric: async (query, signal) => {
      const { values = [] } = await client.metrics.external(query, { signal, timeoutMs });
      return values.map((value) => metricValueOf('', value));
    },
  };
}

/** The use of a container; zero is absent in a message. */
function useOf({ name, cpuNanocores = 0, memoryWorkingSetBytes = 0 }: Partial<ContainerUse>): ContainerUse {
  return { name: name ?? '', cpuNanocores, memoryWorkingSetBytes };
}

/** A value of a message, whose window is 0 where nobody says how long it is. */
function metricValueOf(
  name: string,
  { timestampMs = 0, windowSeconds = 0, value }: Partial<Omit<MetricValue, 'value'>> & Pick<MetricValue, 'value'>,
): MetricValue {
  return { name, timestampMs, windowSeconds: windowSeconds > 0 ? windowSeconds : undefined, value };
}

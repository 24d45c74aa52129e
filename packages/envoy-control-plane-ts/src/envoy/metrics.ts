/** The metrics service: envoy/service/metrics/v3, and Prometheus' data model that it carries (io.prometheus.client). */
import { double, enumeration, int64, many, message, one, string, uint64, type ValueOf } from '../proto/schema.ts';
import { Node } from './core.ts';

export const MetricType = enumeration('io.prometheus.client.MetricType', {
  COUNTER: 0,
  GAUGE: 1,
  SUMMARY: 2,
  UNTYPED: 3,
  HISTOGRAM: 4,
});

export const MetricGauge = message('io.prometheus.client.Gauge', { value: one(1, double) });
export const MetricCounter = message('io.prometheus.client.Counter', { value: one(1, double) });

/** Number of samples up to a bound, those of all lower buckets included. */
export const MetricBucket = message('io.prometheus.client.Bucket', {
  cumulativeCount: one(1, uint64),
  upperBound: one(2, double),
});

export const MetricHistogram = message('io.prometheus.client.Histogram', {
  sampleCount: one(1, uint64),
  sampleSum: one(2, double),
  bucket: many(3, MetricBucket),
});
export type MetricHistogram = ValueOf<typeof MetricHistogram>;

export const Metric = message('io.prometheus.client.Metric', {
  gauge: one(2, MetricGauge),
  counter: one(3, MetricCounter),
  timestampMs: one(6, int64),
  histogram: one(7, MetricHistogram),
});

/** One statistic. Envoy sends each as a family of its own, under its full name. */
export const MetricFamily = message('io.prometheus.client.MetricFamily', {
  name: one(1, string),
  type: one(3, MetricType),
  metric: many(4, Metric),
});
export type MetricFamily = ValueOf<typeof MetricFamily>;

/** Identity of the sender; in the first message of a stream. */
export const MetricsIdentifier = message('envoy.service.metrics.v3.StreamMetricsMessage.Identifier', {
  node: one(1, Node),
});

/** All statistics of an Envoy at one flush. */
export const StreamMetricsMessage = message('envoy.service.metrics.v3.StreamMetricsMessage', {
  identifier: one(1, MetricsIdentifier),
  envoyMetrics: many(2, MetricFamily),
});
export type StreamMetricsMessage = ValueOf<typeof StreamMetricsMessage>;

export const StreamMetricsResponse = message('envoy.service.metrics.v3.StreamMetricsResponse', {});

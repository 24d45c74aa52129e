/** The messages of gantry.api.v1.MetricsService as servers and clients handle them; see proto/gantry/api/v1/metrics.proto. */

export interface PodMetricsRequest {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly name?: string;
}

export interface PodMetricsResponse {
  readonly pods: readonly PodMetrics[];
}

export interface PodMetrics {
  readonly namespace: string;
  readonly name: string;
  /** Milliseconds since the Unix epoch. */
  readonly timestampMs: number;
  readonly windowMs: number;
  readonly containers: readonly ContainerMetrics[];
}

export interface ContainerMetrics {
  readonly name: string;
  readonly cpuNanocores: number;
  readonly memoryWorkingSetBytes: number;
}

export interface NodeMetricsRequest {
  readonly labelSelector?: string;
  readonly name?: string;
}

export interface NodeMetricsResponse {
  readonly nodes: readonly NodeMetrics[];
}

export interface NodeMetrics {
  readonly name: string;
  /** Milliseconds since the Unix epoch. */
  readonly timestampMs: number;
  readonly windowMs: number;
  readonly cpuNanocores: number;
  readonly memoryWorkingSetBytes: number;
}

export interface CustomMetricsRequest {
  readonly group?: string;
  readonly resource: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly labelSelector?: string;
  readonly metric: string;
  readonly metricSelector?: string;
}

export interface CustomMetricsResponse {
  readonly values: readonly CustomMetricValue[];
}

export interface CustomMetricValue {
  readonly kind: string;
  readonly apiVersion: string;
  readonly namespace: string;
  readonly name: string;
  readonly metric: string;
  /** Milliseconds since the Unix epoch. */
  readonly timestampMs: number;
  readonly windowSeconds: number;
  /** A quantity. */
  readonly value: string;
}

export interface ExternalMetricsRequest {
  readonly namespace: string;
  readonly metric: string;
  readonly metricSelector?: string;
}

export interface ExternalMetricsResponse {
  readonly values: readonly ExternalMetricValue[];
}

export interface ExternalMetricValue {
  readonly metric: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Milliseconds since the Unix epoch. */
  readonly timestampMs: number;
  readonly windowSeconds: number;
  /** A quantity. */
  readonly value: string;
}

/** Measurements from outside of the cluster's objects: of Envoy by the xDS server, of Prometheus, and of the metrics api. */

/** Requests of one revision of a Service's pods that Envoy counted. */
export interface TrafficQuery {
  readonly namespace: string;
  /** Name of the Service. */
  readonly service: string;
  /** Value of pod-template-hash or controller-revision-hash; empty for all. */
  readonly revision: string;
  /** Seconds to look back. */
  readonly windowSeconds: number;
}

/** Counts of a window. */
export interface TrafficSample {
  readonly requests: number;
  /** Answers of class 5xx, and requests without an answer. */
  readonly errors: number;
  /** Milliseconds within which that percent of the requests were answered, by 50, 90, 95 and 99; empty without requests. */
  readonly latencyMs: ReadonlyMap<number, number>;
  /** Requests and connections under way, as the mean of the window; undefined where nobody counts them. */
  readonly active?: number | undefined;
}

/** The use of resources by the pods of a selector. */
export interface PodMetricsQuery {
  readonly namespace: string;
  /** As text. */
  readonly labelSelector: string;
}

/** The use of one pod. */
export interface PodUse {
  readonly name: string;
  /** End of the time that was measured, in milliseconds since the Unix epoch. */
  readonly timestampMs: number;
  /** Its length. */
  readonly windowMs: number;
  readonly containers: readonly ContainerUse[];
}

/** The use of one container; a figure is undefined where nobody has it. */
export interface ContainerUse {
  readonly name: string;
  readonly cpuNanocores: number | undefined;
  readonly memoryWorkingSetBytes: number | undefined;
}

/** A metric of objects: of the one with the name, or of those of the selector. */
export interface CustomMetricQuery {
  /** Of the objects; empty for the core group. */
  readonly group: string;
  /** Plural name of their kind. */
  readonly resource: string;
  /** Of the objects; the name of a namespace that is itself the object goes here, too. */
  readonly namespace: string;
  readonly name?: string;
  /** As text. */
  readonly labelSelector?: string;
  readonly metric: string;
  /** Labels of the metric, as text; empty for any. */
  readonly metricSelector: string;
}

/** A metric that belongs to no object. */
export interface ExternalMetricQuery {
  readonly namespace: string;
  readonly metric: string;
  /** Labels of the metric, as text; empty for any. */
  readonly metricSelector: string;
}

/** A value of a custom or an external metric. */
export interface MetricValue {
  /** Of the object; empty where it belongs to none. */
  readonly name: string;
  /** When it was measured, in milliseconds since the Unix epoch. */
  readonly timestampMs: number;
  /** Seconds that it is of; undefined where nobody says. */
  readonly windowSeconds: number | undefined;
  /** A quantity, as text. */
  readonly value: string;
}

/** Asks for numbers. Rejects where there are none, or nobody answered within a few seconds. */
export interface Measurer {
  traffic(query: TrafficQuery, signal: AbortSignal): Promise<TrafficSample>;
  /** The one value of a PromQL expression. */
  prometheus(query: string, signal: AbortSignal): Promise<number>;
  podMetrics(query: PodMetricsQuery, signal: AbortSignal): Promise<readonly PodUse[]>;
  customMetric(query: CustomMetricQuery, signal: AbortSignal): Promise<readonly MetricValue[]>;
  externalMetric(query: ExternalMetricQuery, signal: AbortSignal): Promise<readonly MetricValue[]>;
}

/** Has no numbers: nobody was named who has them. */
export const noMeasurer: Measurer = {
  traffic: () => Promise.reject(new Error('no xDS server is known to this process')),
  prometheus: () => Promise.reject(new Error('no Prometheus is configured')),
  podMetrics: () => Promise.reject(new Error('the server could not find the requested resource')),
  customMetric: () => Promise.reject(new Error('the server could not find the requested resource')),
  externalMetric: () => Promise.reject(new Error('the server could not find the requested resource')),
};

/** One question of a measurement. */
export type Question =
  | ({ readonly type: 'traffic' } & TrafficQuery)
  | { readonly type: 'prometheus'; readonly query: string }
  | ({ readonly type: 'podMetrics' } & PodMetricsQuery)
  | ({ readonly type: 'customMetric' } & CustomMetricQuery)
  | ({ readonly type: 'externalMetric' } & ExternalMetricQuery);

/** Questions that are asked at once, and the name by which the controller knows their answers. */
export interface Measurement {
  readonly id: string;
  readonly questions: readonly Question[];
}

/** The answer to a question: a sample, a value, or the reason why there is none. */
export type Answer =
  | { readonly type: 'traffic'; readonly sample: TrafficSample }
  | { readonly type: 'prometheus'; readonly value: number }
  | { readonly type: 'podMetrics'; readonly pods: readonly PodUse[] }
  | { readonly type: 'values'; readonly values: readonly MetricValue[] }
  | { readonly type: 'none'; readonly problem: string };

/** The answers to a measurement's questions, in their order. */
export interface Measured {
  readonly id: string;
  readonly answers: readonly Answer[];
}

/** Asks all questions side by side. Rejects only where the signal fires. */
export async function measure(
  { id, questions }: Measurement,
  measurer: Measurer,
  signal: AbortSignal,
): Promise<Measured> {
  const answers = await Promise.all(questions.map((question) => answerTo(question, measurer, signal)));
  signal.throwIfAborted();
  return { id, answers };
}

async function answerTo(question: Question, measurer: Measurer, signal: AbortSignal): Promise<Answer> {
  try {
    switch (question.type) {
      case 'traffic':
        return { type: 'traffic', sample: await measurer.traffic(question, signal) };
      case 'prometheus':
        return { type: 'prometheus', value: await measurer.prometheus(question.query, signal) };
      case 'podMetrics':
        return { type: 'podMetrics', pods: await measurer.podMetrics(question, signal) };
      case 'customMetric':
        return { type: 'values', values: await measurer.customMetric(question, signal) };
      case 'externalMetric':
        return { type: 'values', values: await measurer.externalMetric(question, signal) };
    }
  } catch (error) {
    return { type: 'none', problem: error instanceof Error ? error.message : String(error) };
  }
}

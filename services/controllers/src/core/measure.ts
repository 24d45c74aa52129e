/** Measurements from outside of the cluster's objects: of Envoy by the xDS server, and of Prometheus. */

/** Requests of one revision of a Service's pods that Envoy counted. */
export interface TrafficQuery {
  readonly namespace: string;
  /** Name of the Service. */
  readonly service: string;
  /** Value of pod-template-hash or controller-revision-hash. */
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
}

/** Asks for numbers. Rejects where there are none, or nobody answered within a few seconds. */
export interface Measurer {
  traffic(query: TrafficQuery, signal: AbortSignal): Promise<TrafficSample>;
  /** The one value of a PromQL expression. */
  prometheus(query: string, signal: AbortSignal): Promise<number>;
}

/** Has no numbers: nobody was named who has them. */
export const noMeasurer: Measurer = {
  traffic: () => Promise.reject(new Error('no xDS server is known to this process')),
  prometheus: () => Promise.reject(new Error('no Prometheus is configured')),
};

/** One question of a measurement. */
export type Question =
  | ({ readonly type: 'traffic' } & TrafficQuery)
  | { readonly type: 'prometheus'; readonly query: string };

/** Questions that are asked at once, and the name by which the controller knows their answers. */
export interface Measurement {
  readonly id: string;
  readonly questions: readonly Question[];
}

/** The answer to a question: a sample, a value, or the reason why there is none. */
export type Answer =
  | { readonly type: 'traffic'; readonly sample: TrafficSample }
  | { readonly type: 'prometheus'; readonly value: number }
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
    if (question.type === 'traffic') {
      return { type: 'traffic', sample: await measurer.traffic(question, signal) };
    }
    return { type: 'prometheus', value: await measurer.prometheus(question.query, signal) };
  } catch (error) {
    return { type: 'none', problem: error instanceof Error ? error.message : String(error) };
  }
}

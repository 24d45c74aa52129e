import type {
  CustomMetricsRequest,
  CustomMetricValue,
  ExternalMetricsRequest,
  ExternalMetricValue,
} from '@gantry/client/metrics-messages.ts';
import type { Kind, KubeObject } from '@gantry/model/kind.ts';
import { apiVersionOf, type Registry, resourceOf } from '@gantry/model/registry.ts';
import { parseLabelSelector, type Requirement } from '@gantry/model/selectors.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { GantryError, isError } from '@gantry/runtime/errors.ts';
import type { MetricSource, Sample } from './source.ts';
import type { ReadObjects } from './stored.ts';
import { problemOf, quantityText } from './values.ts';

/** Parts that answers are made of. */
export interface AnswersDeps {
  readonly kinds: Registry;
  readonly read: ReadObjects;
  readonly clock: Pick<Clock, 'now'>;
  /** The first that has a metric is asked. */
  readonly sources: readonly MetricSource[];
}

/** A metric of objects that exists. */
export interface ListedMetric {
  /** With the group, such as deployments.apps. */
  readonly resource: string;
  readonly namespaced: boolean;
  readonly metric: string;
}

/** Answers questions about custom and external metrics. Nobody is authorized here. */
export class MetricAnswers {
  readonly #deps: AnswersDeps;

  constructor(deps: AnswersDeps) {
    this.#deps = deps;
  }

  /** Metrics of objects that exist, in the order of their names, each once. */
  get customMetrics(): readonly ListedMetric[] {
    const all = this.#deps.sources.flatMap((source) => source.list().custom);
    const named = all.map(({ kind, metric }) => [`${resourceOf(kind)}/${metric}`, { kind, metric }] as const);
    return [...new Map(named)].sort(byName).map(([, { kind, metric }]) => {
      return { resource: resourceOf(kind), namespaced: kind.namespaced, metric };
    });
  }

  /** Names of metrics of no object. */
  get externalMetrics(): readonly string[] {
    return [...new Set(this.#deps.sources.flatMap((source) => source.list().external))].sort();
  }

  /** Throws NotFound where an object or its metric does not exist, and ServiceUnavailable where its source cannot tell. */
  async custom(request: CustomMetricsRequest, signal: AbortSignal): Promise<CustomMetricValue[]> {
    const { group = '', resource, namespace = '', name = '', labelSelector = '', metric } = request;
    const kind = this.#kindOf(group, resource);
    if (kind.namespaced && namespace === '') throw new GantryError('BadRequest', 'namespace: Required value');
    const selector = requirementsIn(request.metricSelector);
    const objects = await this.#deps.read<KubeObject>(kind, { namespace, name, labelSelector }, signal);
    const missing = (problem: string): GantryError => notFoundFor(kind, metric, name, problem);
    if (objects.length === 0) throw missing(name === '' ? 'no object is selected' : 'there is no such object');
    const samples = await this.#first(
      (source) => source.custom({ kind, namespace, objects, metric, selector }, signal),
      (problem) => unavailable(missing('').message, problem),
    );
    if (samples === undefined) throw missing('');
    const { sound, problem } = this.#sound(samples);
    if (sound.length === 0) throw missing(problem ?? 'it has no value now');
    const own = { kind: kind.kind, apiVersion: apiVersionOf(kind), namespace: kind.namespaced ? namespace : '' };
    return sound.map(({ value, ...sample }) => ({ ...own, metric, ...sample, value: quantityText(value) }));
  }

  /** Throws NotFound where the metric does not exist, and ServiceUnavailable where its source cannot tell. */
  async external(request: ExternalMetricsRequest, signal: AbortSignal): Promise<ExternalMetricValue[]> {
    const { namespace, metric } = request;
    if (!namespace) throw new GantryError('BadRequest', 'namespace: Required value');
    const selector = requirementsIn(request.metricSelector);
    const samples = await this.#first(
      (source) => source.external({ namespace, metric, selector }, signal),
      (problem) => unavailable(externalNotFound(metric).message, problem),
    );
    if (samples === undefined) throw externalNotFound(metric);
    const { sound, problem } = this.#sound(samples);
    // A sum that lacks a series would be wrong.
    if (problem !== undefined || sound.length === 0) throw externalNotFound(metric, problem ?? 'no series is selected');
    return sound.map(({ value, ...sample }) => ({ metric, ...sample, value: quantityText(value) }));
  }

  #kindOf(group: string, resource: string): Kind {
    return this.#deps.kinds.kindOfResource(group === '' ? resource : `${resource}.${group}`);
  }

  /** The answer of the first source that has the metric. */
  async #first<T>(
    ask: (source: MetricSource) => Promise<readonly T[] | undefined>,
    refused: (problem: string) => GantryError,
  ): Promise<readonly T[] | undefined> {
    for (const source of this.#deps.sources) {
      const samples = await ask(source).catch((error: unknown) => {
        throw isError(error, 'ServiceUnavailable') ? refused(error.message) : error;
      });
      if (samples !== undefined) return samples;
    }
    return undefined;
  }

  #sound<T extends Sample>(
    samples: readonly T[],
  ): { readonly sound: readonly T[]; readonly problem: string | undefined } {
    const nowMs = this.#deps.clock.now();
    const judged = samples.map((sample) => ({ sample, problem: problemOf(sample, nowMs) }));
    return {
      sound: judged.filter(({ problem }) => problem === undefined).map(({ sample }) => sample),
      problem: judged.find(({ problem }) => problem !== undefined)?.problem,
    };
  }
}

function byName([left]: readonly [string, unknown], [right]: readonly [string, unknown]): number {
  return left < right ? -1 : 1;
}

function requirementsIn(text = ''): Requirement[] {
  const requirements = parseLabelSelector(text);
  const compared = requirements.find(({ operator }) => operator === 'Gt' || operator === 'Lt');
  if (compared === undefined) return requirements;
  throw new GantryError(
    'BadRequest',
    `metricLabelSelector: Invalid value: ${JSON.stringify(text)}: labels are not compared`,
  );
}

/** Kubernetes' adapters word it so. */
function notFoundFor(kind: Kind, metric: string, name: string, problem: string): GantryError {
  const of = name === '' ? resourceOf(kind) : `${resourceOf(kind)} ${name}`;
  return new GantryError('NotFound', withProblem(`the server could not find the metric ${metric} for ${of}`, problem));
}

function externalNotFound(metric: string, problem = ''): GantryError {
  return new GantryError('NotFound', withProblem(`the server could not find the external metric ${metric}`, problem));
}

function unavailable(text: string, problem: string): GantryError {
  return new GantryError('ServiceUnavailable', withProblem(text, problem));
}

function withProblem(text: string, problem: string): string {
  return problem === '' ? text : `${text}: ${problem}`;
}

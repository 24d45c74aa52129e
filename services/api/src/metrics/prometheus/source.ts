import { resourceOf } from '@gantry/model/registry.ts';
import type { Requirement } from '@gantry/model/selectors.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { CustomQuery, ExternalQuery, MetricSource, ObjectSample, SeriesSample } from '../source.ts';
import type { CatalogEntry, MetricCatalog } from './catalog.ts';
import type { Prometheus } from './client.ts';
import { labelPattern, type Matcher, matchersOf, matchersText, oneOf, valuesByName } from './matchers.ts';

/** Objects that one question may be about. */
const maxObjects = 5_000;

const namespaces = { group: '', singular: 'namespace', plural: 'namespaces' };

type Catalog = Pick<MetricCatalog, 'custom' | 'external' | 'customOf' | 'externalOf'>;

/** Metrics of a Prometheus, by rules. */
export class PrometheusSource implements MetricSource {
  readonly #catalog: Catalog;
  readonly #prometheus: Pick<Prometheus, 'query'>;

  constructor(catalog: Catalog, prometheus: Pick<Prometheus, 'query'>) {
    this.#catalog = catalog;
    this.#prometheus = prometheus;
  }

  list(): ReturnType<MetricSource['list']> {
    const { custom, external } = this.#catalog;
    return { custom, external };
  }

  async custom(query: CustomQuery, signal: AbortSignal): Promise<readonly ObjectSample[] | undefined> {
    const { kind, namespace, objects, metric, selector } = query;
    const entry = this.#catalog.customOf(kind, metric);
    if (entry === undefined) return undefined;
    if (objects.length > maxObjects)
      throw unavailable(`${objects.length} objects are selected, at most ${maxObjects} may be`);
    const { labels } = entry.rule;
    const label = labels.of(kind)!;
    const names = objects.map(({ metadata }) => metadata.name!);
    const inNamespace = kind.namespaced ? [oneOf(labels.of(namespaces)!, [namespace])] : [];
    const matchers = [...inNamespace, oneOf(label, names), ...selected(selector)];
    const samples = await this.#prometheus.query(expressionOf(entry, matchers, label), signal);
    const asked = new Set(names);
    const own = samples.filter((sample) => asked.has(sample.labels[label] ?? ''));
    const byName = Map.groupBy(own, (sample) => sample.labels[label]!);
    return [...byName].map(([name, [sample, ...more]]) => {
      if (more.length > 0) {
        throw unavailable(
          `the rule has ${more.length + 1} values for ${resourceOf(kind)} ${name}: it must be grouped by <<.GroupBy>>`,
        );
      }
      const { value, timestampMs } = sample!;
      return { name, value, timestampMs, windowSeconds: 0 };
    });
  }

  async external(
    { namespace, metric, selector }: ExternalQuery,
    signal: AbortSignal,
  ): Promise<readonly SeriesSample[] | undefined> {
    const entry = this.#catalog.externalOf(metric);
    if (entry === undefined) return undefined;
    const { rule } = entry;
    const inNamespace = rule.isNamespaced ? [oneOf(rule.labels.of(namespaces)!, [namespace])] : [];
    const matchers = [...inNamespace, ...selected(selector)];
    const samples = await this.#prometheus.query(expressionOf(entry, matchers, ''), signal);
    return samples.map((sample) => ({ ...sample, windowSeconds: 0 }));
  }
}

function expressionOf({ rule, series }: CatalogEntry, matchers: readonly Matcher[], groupBy: string): string {
  return rule.query({
    Series: series,
    LabelMatchers: matchersText(matchers),
    GroupBy: groupBy,
    LabelValuesByName: valuesByName(matchers),
  });
}

/** Conditions of a selector of metrics. Throws BadRequest for a label that no series can have. */
function selected(selector: readonly Requirement[]): Matcher[] {
  const strange = selector.find(({ key }) => !labelPattern.test(key));
  if (strange === undefined) return matchersOf(selector);
  throw new GantryError(
    'BadRequest',
    `metricLabelSelector: Invalid value: ${JSON.stringify(strange.key)}: is no label of Prometheus`,
  );
}

function unavailable(problem: string): GantryError {
  return new GantryError('ServiceUnavailable', problem);
}

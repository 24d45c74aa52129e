import type { TrafficCounts, TrafficSeries } from '@gantry/client/traffic-messages.ts';
import { genericKindOf } from '@gantry/model/built-in.ts';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import type { EndpointSlice } from '@gantry/model/gen/gantry.discovery.v1.ts';
import type { Kind, KubeObject } from '@gantry/model/kind.ts';
import type { Registry } from '@gantry/model/registry.ts';
import { compileLabelSelector, meets, type Requirement } from '@gantry/model/selectors.ts';
import { scaleOf } from '../../core/scale.ts';
import type { AnyObject } from '../../core/stored-object.ts';
import type { CustomMetric, CustomQuery, ExternalQuery, MetricSource, ObjectSample, SeriesSample } from '../source.ts';
import type { ReadObjects } from '../stored.ts';
import { type Measure, measures, numberOf } from './measures.ts';
import type { TrafficReport, TrafficReports } from './reports.ts';
import { sharesByPod } from './shares.ts';

export interface EnvoySourceDeps {
  readonly kinds: Registry;
  readonly read: ReadObjects;
  readonly reports: Pick<TrafficReports, 'of'>;
}

const [serviceKind, podKind, namespaceKind, sliceKind] = (
  ['Service', 'Pod', 'Namespace', 'EndpointSlice'] as const
).map(genericKindOf) as [Kind, Kind, Kind, Kind];

/** Series of a report, and what goes with all of them. */
interface Reported extends Omit<TrafficReport, 'measurement'> {
  readonly series: readonly TrafficSeries[];
  readonly boundsMs: readonly number[];
}

/** Metrics of the requests that Envoys carry: of Services, namespaces, pods, and kinds whose objects select pods. */
export class EnvoySource implements MetricSource {
  readonly #deps: EnvoySourceDeps;

  constructor(deps: EnvoySourceDeps) {
    this.#deps = deps;
  }

  list(): ReturnType<MetricSource['list']> {
    const kinds = [serviceKind, namespaceKind, podKind, ...this.#deps.kinds.kinds.filter(selectsPods)];
    const names = Object.keys(measures);
    const custom = kinds.flatMap((kind) => names.map((metric): CustomMetric => ({ kind, metric })));
    return { custom, external: names.filter((name) => measures[name]!.isAdditive) };
  }

  async custom(query: CustomQuery, signal: AbortSignal): Promise<readonly ObjectSample[] | undefined> {
    const { kind, namespace, objects, metric, selector } = query;
    const measure = measureOf(metric);
    if (measure === undefined) return undefined;
    if (kind === namespaceKind) {
      const samples = objects.map(async ({ metadata }) => {
        const reported = await this.#reported(metadata.name!, measure, selector);
        return sampleOf(measure, metadata.name!, reported.series, reported);
      });
      return (await Promise.all(samples)).flat();
    }
    if (kind !== serviceKind && kind !== podKind && !selectsPods(kind)) return undefined;
    const reported = await this.#reported(namespace, measure, selector);
    const seriesOf = await this.#seriesBy(query, reported, signal);
    return objects.flatMap((object) => sampleOf(measure, object.metadata.name!, seriesOf(object), reported));
  }

  async external({ namespace, metric, selector }: ExternalQuery): Promise<readonly SeriesSample[] | undefined> {
    const measure = measureOf(metric);
    if (!measure?.isAdditive) return undefined;
    const { series, boundsMs, timestampMs } = await this.#reported(namespace, measure, selector);
    return series.flatMap((one) => {
      const value = numberOf(measure, [one], boundsMs);
      const { windowSeconds } = measure;
      return value === undefined ? [] : [{ labels: labelsOf(one), value, timestampMs, windowSeconds }];
    });
  }

  /** The series of a namespace that a selector takes. */
  async #reported(namespace: string, { windowSeconds }: Measure, selector: readonly Requirement[]): Promise<Reported> {
    const byRoute = selector.some(({ key }) => key === 'route');
    const { measurement, timestampMs } = await this.#deps.reports.of({ namespace, windowSeconds, byRoute });
    const isAsked = (one: TrafficSeries): boolean => selector.every((each) => meets(labelsOf(one), each));
    return { series: measurement.series.filter(isAsked), boundsMs: measurement.boundsMs, timestampMs };
  }

  /** The series of each object. */
  async #seriesBy(
    { kind, namespace, objects }: CustomQuery,
    { series }: Reported,
    signal: AbortSignal,
  ): Promise<(object: KubeObject) => readonly TrafficCounts[]> {
    if (kind === serviceKind) {
      const byService = Map.groupBy(series, ({ service }) => service);
      return ({ metadata }) => byService.get(metadata.name!) ?? [];
    }
    const all = { namespace, name: '', labelSelector: '' };
    const slices = await this.#deps.read<EndpointSlice>(sliceKind, all, signal);
    const needsLabels = kind !== podKind || series.some(({ revision }) => revision !== '');
    const pods = needsLabels ? await this.#deps.read<Pod>(podKind, all, signal) : (objects as Pod[]);
    const labels = new Map(pods.map(({ metadata }) => [metadata.name!, metadata.labels ?? {}]));
    const shares = sharesByPod(series, slices, (pod) => labels.get(pod));
    if (kind === podKind) return ({ metadata }) => shares.get(metadata.name!) ?? [];
    return (object) => {
      const text = podSelectorOf(kind, object);
      if (text === '') return [];
      const isOwn = compileLabelSelector(text);
      return [...shares].flatMap(([pod, own]) => (labels.has(pod) && isOwn(labels.get(pod)) ? own : []));
    };
  }
}

function measureOf(metric: string): Measure | undefined {
  return Object.hasOwn(measures, metric) ? measures[metric] : undefined;
}

/** Objects of the kind have a scale that names their pods. */
function selectsPods({ subresources = {} }: Kind): boolean {
  return subresources.scale?.scale?.selector !== undefined;
}

function podSelectorOf({ subresources }: Kind, object: KubeObject): string {
  const scale = scaleOf(object as AnyObject, subresources!.scale!.scale!) as { status?: { selector?: string } };
  return scale.status?.selector ?? '';
}

/** Labels of a series, which selectors of metrics go by. */
function labelsOf({ namespace, service, port, revision, route }: TrafficSeries): Record<string, string> {
  return {
    ...{ namespace, service, port: String(port) },
    ...(revision === '' ? {} : { revision }),
    ...(route === '' ? {} : { route }),
  };
}

function sampleOf(
  measure: Measure,
  name: string,
  series: readonly TrafficCounts[],
  { boundsMs, timestampMs }: Reported,
): ObjectSample[] {
  const value = numberOf(measure, series, boundsMs);
  return value === undefined ? [] : [{ name, value, timestampMs, windowSeconds: measure.windowSeconds }];
}

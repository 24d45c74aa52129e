import type { CustomMetricValue, ExternalMetricValue } from '@gantry/client/metrics-messages.ts';
import type { LabelSelector } from '@gantry/model/gen/gantry.meta.v1.ts';
import { parseLabelSelector, type Requirement } from '@gantry/model/selectors.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import { rfc3339 } from '@gantry/runtime/time.ts';
import type { ResourceDiscovery } from '../aggregation/discovery.ts';
import type { RemoteDocument } from '../aggregation/documents.ts';
import type { Aggregation } from '../aggregation/start.ts';
import type { ListedMetric, MetricAnswers } from '../metrics/answers.ts';
import { customGroup, customVersions, externalGroup, externalVersions } from '../metrics/groups.ts';
import { isPretty, wantedWithoutMessages } from './accept.ts';
import { type Outgoing, sendDocument } from './answer.ts';
import type { Incoming } from './body.ts';
import type { ServedVersions } from './discovery.ts';
import { notAcceptable } from './encoding.ts';
import type { ResourceRoute, Route } from './route.ts';

/** Sources of the answers, and of the places of versions. */
export interface MetricApisDeps {
  readonly answers: Pick<MetricAnswers, 'customMetrics' | 'externalMetrics' | 'custom' | 'external'>;
  readonly aggregation: Pick<Aggregation, 'remote' | 'served'>;
  /** Calls a listener after each change of the metrics that there are. */
  readonly onUpdate: (listener: () => void) => Disposable;
  /** A request for a resource began; returns what to call with the HTTP status of its answer. */
  readonly observed: (verb: string, resource: string) => (code: number) => void;
}

/** A request for metrics. */
export interface MetricRequest {
  readonly incoming: Incoming;
  readonly url: URL;
  readonly signal: AbortSignal;
}

/** custom.metrics.k8s.io and external.metrics.k8s.io, in the paths and forms of Kubernetes' adapters. Another server may have them: then all their versions are its own. */
export class MetricApis {
  readonly #deps: MetricApisDeps;
  readonly onUpdate: MetricApisDeps['onUpdate'];

  constructor(deps: MetricApisDeps) {
    this.#deps = deps;
    this.onUpdate = deps.onUpdate;
  }

  /** Versions of other servers, and these. */
  get served(): ServedVersions {
    const { served } = this.#deps.aggregation;
    const documents = (): RemoteDocument[] => this.#documents();
    return {
      placeOf: (group, version, isBuiltIn) => served.placeOf(group, version, isBuiltIn),
      get remotes() {
        return [...served.remotes, ...documents()];
      },
    };
  }

  /** The route of a request for one of these metrics; undefined for any other. */
  routeIn(route: Route): ResourceRoute | undefined {
    if (route.type !== 'resource' || !versionsOf(route.group).includes(route.version)) return undefined;
    return this.#isOwn(route.group) ? route : undefined;
  }

  /** Answers an authorized request, or throws the GantryError of its refusal. */
  async answer(route: ResourceRoute, { incoming, url, signal }: MetricRequest, response: Outgoing): Promise<void> {
    const ended = this.#deps.observed(route.verb, `${route.resource}.${route.group}`);
    response.once('close', () => ended(response.statusCode));
    const wanted = wantedWithoutMessages(incoming.headers.accept);
    if (wanted === undefined) throw notAcceptable(['json', 'yaml']);
    if (route.verb !== 'get' && route.verb !== 'list') {
      throw new GantryError('MethodNotAllowed', 'the server does not allow this method on the requested resource');
    }
    const document =
      route.group === customGroup
        ? await this.#custom(route, url.searchParams, signal)
        : await this.#external(route, url.searchParams, signal);
    const pretty = wanted.pretty || isPretty(url.searchParams, incoming.headers['user-agent']);
    sendDocument(response, 200, document, { ...wanted, pretty });
  }

  async #custom(route: ResourceRoute, query: URLSearchParams, signal: AbortSignal): Promise<object> {
    const { group, resource, namespace, name, metric } = objectOf(route);
    const isAll = name === '*';
    const metricSelector = query.get('metricLabelSelector') ?? '';
    const labelSelector = isAll ? (query.get('labelSelector') ?? '') : '';
    const request = { group, resource, namespace, name: isAll ? '' : name, labelSelector, metric, metricSelector };
    const values = await this.#deps.answers.custom(request, signal);
    const form = formOf(route.version, metricSelector);
    return listOf(
      'MetricValueList',
      route,
      values.map((value) => customItem(value, form)),
    );
  }

  async #external(route: ResourceRoute, query: URLSearchParams, signal: AbortSignal): Promise<object> {
    const { namespace, resource: metric, name } = route;
    if (namespace === '' || name !== '') throw noSuchPath();
    const request = { namespace, metric, metricSelector: query.get('labelSelector') ?? '' };
    const values = await this.#deps.answers.external(request, signal);
    return listOf('ExternalMetricValueList', route, values.map(externalItem));
  }

  #documents(): RemoteDocument[] {
    const { answers } = this.#deps;
    const base = { isStale: false, schemaHash: undefined, swagger: undefined };
    const own = [customGroup, externalGroup].filter((group) => this.#isOwn(group));
    return own.flatMap((group) =>
      versionsOf(group).map((version): RemoteDocument => {
        const type = { group, version };
        const resources =
          group === customGroup
            ? customResources(answers.customMetrics, type)
            : answers.externalMetrics.map((metric) => externalResource(metric, type));
        return { ...base, ...type, resources };
      }),
    );
  }

  /** A client of several versions prefers one: it must not be asked of another server than the rest. */
  #isOwn(group: string): boolean {
    const { aggregation } = this.#deps;
    return versionsOf(group).every((version) => aggregation.remote(group, version) === undefined);
  }
}

function versionsOf(group: string): readonly string[] {
  if (group === customGroup) return customVersions;
  return group === externalGroup ? externalVersions : [];
}

/** The objects and the metric of a path. A namespace's own metrics are below its `metrics`. */
function objectOf({ resource, namespace, name, subresource, restPath }: ResourceRoute) {
  if (restPath !== '' || name === '') throw noSuchPath();
  if (resource === 'metrics' && subresource === '' && namespace !== '') {
    return { group: '', resource: 'namespaces', namespace: '', name: namespace, metric: name };
  }
  if (subresource === '') throw noSuchPath();
  const dot = resource.indexOf('.');
  const [plural, group] = dot < 0 ? [resource, ''] : [resource.slice(0, dot), resource.slice(dot + 1)];
  return { group, resource: plural, namespace, name, metric: subresource };
}

function listOf(kind: string, { group, version }: ResourceRoute, items: readonly object[]): object {
  return { kind, apiVersion: `${group}/${version}`, metadata: {}, items };
}

type MetricForm = (metric: string) => object;

/** v1beta1 names the metric, and v1beta2 has an object for it. Both tell the selector that they were asked with. */
function formOf(version: string, selectorText: string): MetricForm {
  const selector = selectorObject(selectorText);
  if (version === 'v1beta1') return (metric) => ({ metricName: metric, selector });
  return (metric) => ({ metric: { name: metric, selector } });
}

function selectorObject(text: string): LabelSelector | null {
  const requirements = parseLabelSelector(text);
  if (requirements.length === 0) return null;
  const isEqual = (each: Requirement): each is Requirement & { operator: 'In' } =>
    each.operator === 'In' && each.values.length === 1;
  const [equal, others] = [requirements.filter(isEqual), requirements.filter((each) => !isEqual(each))];
  const matchLabels = Object.fromEntries(equal.map(({ key, values }) => [key, values[0]!]));
  const matchExpressions = others.map((each) => {
    return { key: each.key, operator: each.operator, ...('values' in each ? { values: [...each.values] } : {}) };
  });
  return {
    ...(equal.length > 0 ? { matchLabels } : {}),
    ...(others.length > 0 ? { matchExpressions } : {}),
  };
}

function customItem(value: CustomMetricValue, form: MetricForm): object {
  const { kind, apiVersion, namespace, name, metric, timestampMs, windowSeconds, value: quantity } = value;
  return {
    describedObject: { kind, ...(namespace === '' ? {} : { namespace }), name, apiVersion },
    ...form(metric),
    timestamp: rfc3339(timestampMs),
    ...(windowSeconds > 0 ? { windowSeconds } : {}),
    value: quantity,
  };
}

function externalItem({ metric, labels, timestampMs, windowSeconds, value }: ExternalMetricValue): object {
  const window = windowSeconds > 0 ? { window: windowSeconds } : {};
  return { metricName: metric, metricLabels: labels, timestamp: rfc3339(timestampMs), ...window, value };
}

type Version = Pick<RemoteDocument, 'group' | 'version'>;

/** Metrics are subresources of what they are about, which is nothing by itself here. */
function customResources(metrics: readonly ListedMetric[], { group, version }: Version): ResourceDiscovery[] {
  return [...Map.groupBy(metrics, ({ resource }) => resource)].map(([resource, own]) => ({
    ...{ resource, responseKind: { group: '', version: '', kind: '' }, singularResource: '', verbs: [] },
    scope: own[0]!.namespaced ? 'Namespaced' : 'Cluster',
    subresources: own.map(({ metric }) => {
      return { subresource: metric, responseKind: { group, version, kind: 'MetricValueList' }, verbs: ['get'] };
    }),
  }));
}

function externalResource(metric: string, { group, version }: Version): ResourceDiscovery {
  const responseKind = { group, version, kind: 'ExternalMetricValueList' };
  return { resource: metric, responseKind, scope: 'Namespaced', singularResource: '', verbs: ['get'] };
}

function noSuchPath(): GantryError {
  return new GantryError('NotFound', 'the server could not find the requested resource');
}

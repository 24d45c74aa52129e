import type {
  CustomMetricsRequest,
  CustomMetricValue,
  ExternalMetricsRequest,
  ExternalMetricValue,
} from '@gantry/client/metrics-messages.ts';
import { quantityProblem } from '@gantry/model/quantity.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { RemoteVersion } from '../aggregation/view.ts';
import type { RequestContext } from '../core/context.ts';
import { customGroup, customVersions, externalGroup, externalVersions } from './groups.ts';
import { getJson, type RemoteDeps } from './remote.ts';

type Asker = Pick<RequestContext, 'user' | 'signal'>;

/** An item of a MetricValueList of either version. */
interface CustomItem {
  readonly describedObject?: Partial<Pick<CustomMetricValue, 'kind' | 'apiVersion' | 'namespace' | 'name'>>;
  readonly metricName?: string;
  readonly metric?: { readonly name?: string };
  readonly timestamp?: string;
  readonly windowSeconds?: number | null;
  readonly value?: unknown;
}

interface ExternalItem {
  readonly metricName?: string;
  readonly metricLabels?: Readonly<Record<string, string>> | null;
  readonly timestamp?: string;
  readonly window?: number | null;
  readonly value?: unknown;
}

/** Custom and external metrics of a server of the user's, such as prometheus-adapter or KEDA. The caller has authorized the questions. */
export class RemoteObjectMetrics {
  readonly #deps: Pick<RemoteDeps, 'servers' | 'clock'>;

  constructor(deps: Pick<RemoteDeps, 'servers' | 'clock'>) {
    this.#deps = deps;
  }

  /** A metric of objects; undefined where no other server has such metrics. */
  async custom(asker: Asker, request: CustomMetricsRequest): Promise<CustomMetricValue[] | undefined> {
    const remote = this.#remote(customGroup, customVersions);
    if (remote === undefined) return undefined;
    const { labelSelector = '', metricSelector = '', metric } = request;
    const selectors = { labelSelector: request.name ? '' : labelSelector, metricLabelSelector: metricSelector };
    const items = await this.#items<CustomItem>(remote, asker, customPath(request), selectors);
    return items.map((item) => {
      const { describedObject: { kind = '', apiVersion = '', namespace = '', name = '' } = {}, value } = item;
      const head = { kind, apiVersion, namespace, name, metric: item.metricName ?? item.metric?.name ?? metric };
      return { ...head, ...momentOf(item.timestamp, item.windowSeconds), value: quantityIn(value) };
    });
  }

  /** A metric of no object; undefined where no other server has such metrics. */
  async external(asker: Asker, request: ExternalMetricsRequest): Promise<ExternalMetricValue[] | undefined> {
    const remote = this.#remote(externalGroup, externalVersions);
    if (remote === undefined) return undefined;
    const { namespace, metric, metricSelector = '' } = request;
    const items = await this.#items<ExternalItem>(remote, asker, ['namespaces', namespace, metric], {
      labelSelector: metricSelector,
    });
    return items.map(({ metricName = metric, metricLabels, timestamp, window, value }) => {
      const labels = metricLabels ?? {};
      return { metric: metricName, labels, ...momentOf(timestamp, window), value: quantityIn(value) };
    });
  }

  #remote(group: string, versions: readonly string[]): RemoteVersion | undefined {
    return versions.map((version) => this.#deps.servers.remote(group, version)).find((remote) => remote !== undefined);
  }

  async #items<T>(
    remote: RemoteVersion,
    asker: Asker,
    path: readonly string[],
    selectors: Readonly<Record<string, string>>,
  ): Promise<readonly T[]> {
    const query = new URLSearchParams(Object.entries(selectors).filter(([, text]) => text !== ''));
    const whole = ['apis', remote.group, remote.version, ...path].map(encodeURIComponent).join('/');
    const answer = await getJson({ ...this.#deps, remote }, `/${whole}${query.size > 0 ? `?${query}` : ''}`, asker);
    const { items } = answer as { readonly items?: unknown };
    return Array.isArray(items) ? items : [];
  }
}

/** The path of objects; an asterisk stands for all that the selector takes. */
function customPath({ group = '', resource, namespace = '', name = '', metric }: CustomMetricsRequest): string[] {
  const one = name === '' ? '*' : name;
  if (group === '' && resource === 'namespaces') return ['namespaces', one, 'metrics', metric];
  const whole = group === '' ? resource : `${resource}.${group}`;
  return [...(namespace === '' ? [] : ['namespaces', namespace]), whole, one, metric];
}

function momentOf(timestamp = '', windowSeconds: number | null | undefined) {
  return { timestampMs: Date.parse(timestamp) || 0, windowSeconds: windowSeconds ?? 0 };
}

/** Throws ServiceUnavailable for what is no quantity. */
function quantityIn(value: unknown): string {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text === 'string' && quantityProblem(text) === undefined) return text;
  throw new GantryError(
    'ServiceUnavailable',
    `the metric's server answered with a value that is no quantity: ${JSON.stringify(value)}`,
  );
}

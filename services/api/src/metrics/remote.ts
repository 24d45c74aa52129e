import type {
  ContainerMetrics,
  NodeMetrics,
  NodeMetricsRequest,
  PodMetrics,
  PodMetricsRequest,
} from '@gantry/client/metrics-messages.ts';
import { parseDurationNs } from '@gantry/model/duration.ts';
import type * as metrics from '@gantry/model/gen/gantry.metrics.v1beta1.ts';
import { parseQuantity, toUnits } from '@gantry/model/quantity.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { GantryError, type Reason } from '@gantry/runtime/errors.ts';
import { askRemote } from '../aggregation/ask.ts';
import type { RemoteVersion } from '../aggregation/view.ts';
import { type Authorize, attemptOn } from '../auth/authorization.ts';
import { wordsOf } from '../callout/failure.ts';
import type { RequestContext } from '../core/context.ts';
import type { RemoteServers } from '../rest/proxying/aggregated.ts';

/** Parts that questions to other servers of metrics need. */
export interface RemoteDeps {
  readonly servers: Pick<RemoteServers, 'remote' | 'callouts'>;
  readonly authorize: Authorize;
  readonly clock: Clock;
}

type Asker = Pick<RequestContext, 'user' | 'signal'>;

const group = 'metrics.k8s.io';
const version = 'v1beta1';

/** Usage as a server of the user's tells it, such as metrics-server. */
export class RemoteMetrics {
  readonly #deps: RemoteDeps;

  constructor(deps: RemoteDeps) {
    this.#deps = deps;
  }

  /** Usage of pods; undefined where no other server tells it. */
  async pods(asker: Asker, request: PodMetricsRequest): Promise<PodMetrics[] | undefined> {
    const { namespace = '' } = request;
    const below = namespace === '' ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
    const items = await this.#ask<metrics.PodMetrics>(asker, 'pods', below, request);
    return items?.map(podMetrics);
  }

  /** Usage of nodes; undefined where no other server tells it. */
  async nodes(asker: Asker, request: NodeMetricsRequest): Promise<NodeMetrics[] | undefined> {
    const items = await this.#ask<metrics.NodeMetrics>(asker, 'nodes', '', request);
    return items?.map((item) => ({ ...headOf(item), ...usageOf(item.usage) }));
  }

  async #ask<T>(
    { user, signal }: Asker,
    resource: 'pods' | 'nodes',
    below: string,
    { name = '', labelSelector = '', namespace = '' }: PodMetricsRequest,
  ): Promise<readonly T[] | undefined> {
    const { servers, authorize } = this.#deps;
    const remote = servers.remote(group, version);
    if (remote === undefined) return undefined;
    authorize(user, attemptOn(name === '' ? 'list' : 'get', `${resource}.${group}`, { namespace, name }));
    const one = name === '' ? '' : `/${encodeURIComponent(name)}`;
    const query = labelSelector === '' ? '' : `?${new URLSearchParams({ labelSelector })}`;
    const path = `/apis/${group}/${version}${below}/${resource}${one}${query}`;
    const answer = await getJson({ ...this.#deps, remote }, path, { user, signal });
    return name === '' ? ((answer as { items?: readonly T[] | null }).items ?? []) : [answer as T];
  }
}

/**
 * The JSON with which the server of a version answers a question. Throws its refusal, in its words, and ServiceUnavailable where it does not
 * answer, or not in JSON.
 */
export async function getJson(
  { servers, clock, remote }: Pick<RemoteDeps, 'servers' | 'clock'> & { readonly remote: RemoteVersion },
  path: string,
  { user, signal }: Asker,
): Promise<unknown> {
  if (!remote.isAvailable) throw new GantryError('ServiceUnavailable', 'service unavailable');
  const { callouts } = servers;
  const answer = await askRemote({ callouts, clock }, remote.target, path, 'application/json', signal, user).catch(
    (error: unknown) => {
      signal.throwIfAborted();
      throw new GantryError('ServiceUnavailable', `error trying to reach service: ${wordsOf(error)}`);
    },
  );
  let body: unknown;
  try {
    body = JSON.parse(answer.body);
  } catch {
    body = undefined;
  }
  if (answer.status === 200 && typeof body === 'object' && body !== null) return body;
  const { message = `the server of ${remote.version}.${remote.group} answered with status ${answer.status}`, reason } =
    (body ?? {}) as { readonly message?: string; readonly reason?: string };
  const known: readonly string[] = ['NotFound', 'Forbidden', 'BadRequest'];
  throw new GantryError(known.includes(reason ?? '') ? (reason as Reason) : 'ServiceUnavailable', message);
}

function podMetrics(item: metrics.PodMetrics): PodMetrics {
  const containers = (item.containers ?? []).map(
    ({ name, usage }): ContainerMetrics => ({ name: name ?? '', ...usageOf(usage) }),
  );
  return { ...headOf(item), namespace: item.metadata.namespace ?? '', containers };
}

function headOf({ metadata, timestamp, window }: metrics.PodMetrics | metrics.NodeMetrics) {
  const windowMs = Math.round((parseDurationNs(window) ?? 0) / 1e6);
  return { name: metadata.name ?? '', timestampMs: Date.parse(timestamp) || 0, windowMs };
}

function usageOf({ cpu = 0, memory = 0 }: Readonly<Record<string, string | number>> = {}) {
  const { value, exponent } = parseQuantity(cpu);
  return {
    cpuNanocores: Math.round(Number(value) * 10 ** (exponent + 9)),
    memoryWorkingSetBytes: toUnits(parseQuantity(memory)),
  };
}

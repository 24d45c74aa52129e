import { connect } from '@gantry/client/client.ts';
import type { Credentials } from '@gantry/client/credentials.ts';
import { defaultWindowSeconds, merged, trafficAddressAnnotation } from '@gantry/client/traffic.ts';
import type {
  MeasureTrafficRequest,
  TrafficMeasurement,
  WatchTrafficRequest,
} from '@gantry/client/traffic-messages.ts';
import { kindOf } from '@gantry/model/built-in.ts';
import type { Lease } from '@gantry/model/gen/gantry.coordination.v1.ts';
import { GantryError, isError } from '@gantry/runtime/errors.ts';
import { serviceNames } from '@gantry/runtime/identities.ts';
import { attemptOn } from '../auth/authorization.ts';
import type { CoreDeps, RequestContext } from '../core/context.ts';
import { keyPrefix } from '../core/keys.ts';

/** Dependencies of the proxy: the core, and the proof that xDS servers ask of the api. */
export type TrafficProxyDeps = CoreDeps & { readonly credentials: Credentials };

/** An answer comes from memory. */
const timeoutMs = 5_000;
/** Seconds between the answers of a watch: by default, and at least. */
const defaultIntervalSeconds = 5;
/** A server that cannot be reached, and whose Lease is as old, is gone. */
const goneAfterMs = 60_000;

/** An xDS server by its Lease. */
interface XdsServer {
  readonly address: string;
  /** Last sign of life, in milliseconds since the epoch. */
  readonly renewedMs: number;
}

/** Passes questions about traffic on to every xDS server, each of which hears some of the Envoys. */
export class TrafficProxy {
  readonly #deps: TrafficProxyDeps;

  constructor(deps: TrafficProxyDeps) {
    this.#deps = deps;
  }

  /** Throws Forbidden for those who may not `get services/traffic` of what they ask about. */
  async measure(context: RequestContext, request: MeasureTrafficRequest): Promise<TrafficMeasurement> {
    const { namespace = '', service = '' } = request;
    if (service !== '' && namespace === '') throw new GantryError('BadRequest', 'namespace: Required value');
    this.#deps.authorize(context.user, attemptOn('get', 'services/traffic', { namespace, name: service }));
    return this.measureAll(request, context.signal);
  }

  /** Answers every few seconds. */
  async *watch(context: RequestContext, request: WatchTrafficRequest): AsyncGenerator<TrafficMeasurement> {
    const seconds = request.intervalSeconds || defaultIntervalSeconds;
    if (!(seconds >= 1 && seconds <= 3_600)) {
      throw new GantryError('BadRequest', `intervalSeconds: Invalid value: ${seconds}: must be between 1 and 3600`);
    }
    while (!context.signal.aborted) {
      yield await this.measure(context, request.measure ?? {});
      await this.#deps.clock.sleep(seconds * 1_000, context.signal).catch(() => {});
    }
  }

  /** The same for whoever may know it. */
  async measureAll(request: MeasureTrafficRequest, signal: AbortSignal): Promise<TrafficMeasurement> {
    const servers = await this.#servers();
    const windowSeconds = request.windowSeconds || defaultWindowSeconds;
    if (servers.length === 0) return merged([], windowSeconds, ['no xDS server says where it can be asked']);
    const answers = await Promise.allSettled(servers.map(({ address }) => this.#ask(address, request, signal)));
    const problems: string[] = [];
    const measurements = answers.flatMap((answer, i) => {
      if (answer.status === 'fulfilled') return [answer.value];
      const { address, renewedMs } = servers[i]!;
      const isAway = isError(answer.reason, 'ServiceUnavailable', 'Timeout');
      if (!isAway) throw answer.reason;
      const isGone = this.#deps.clock.now() - renewedMs > goneAfterMs;
      if (!isGone) problems.push(`the xDS server at ${address} does not answer`);
      return [];
    });
    if (measurements.length === 0 && problems.length === 0) problems.push('no xDS server answers');
    return merged(measurements, windowSeconds, problems);
  }

  async #ask(address: string, request: MeasureTrafficRequest, signal: AbortSignal): Promise<TrafficMeasurement> {
    const { credentials } = this.#deps;
    // Such questions are rare: no connection is kept.
    using server = connect(address, {
      ...{ credentials, peer: serviceNames.xdsLb, whenAway: 'fail', defaultTimeoutMs: timeoutMs },
    });
    return await server.traffic.measure(request, { signal });
  }

  async #servers(): Promise<XdsServer[]> {
    const { store, cache } = this.#deps;
    const { entries } = await store.list({ prefix: keyPrefix(kindOf('Lease'), 'kube-system') });
    return entries
      .map((entry) => cache.decode(entry))
      .filter(({ damage }) => damage === undefined)
      .map(({ object }) => object as unknown as Lease)
      .filter(({ spec }) => Boolean(spec?.holderIdentity))
      .flatMap(({ metadata, spec }) => {
        const address = metadata.annotations?.[trafficAddressAnnotation];
        return address === undefined ? [] : [{ address, renewedMs: Date.parse(spec?.renewTime ?? '') || 0 }];
      });
  }
}

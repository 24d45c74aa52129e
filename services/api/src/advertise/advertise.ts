/** Each api tells the cluster where it serves REST, as long as it lives: an address that is not renewed is taken off. */
import { BlockList, isIP } from 'node:net';
import type { KubeObject } from '@gantry/model/kind.ts';
import { formatAddress, parseAddress } from '@gantry/runtime/address.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { isError } from '@gantry/runtime/errors.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import type { Ephemeral, Store } from '@gantry/store/store.ts';
import { addressAt, parseIpRange } from '../admission/ip-range.ts';
import type { ApiConfig } from '../config.ts';
import type { ResourceApi } from '../core/api.ts';
import { ownContext, type RequestContext } from '../core/context.ts';
import { objectKey } from '../core/keys.ts';
import type { AnyObject } from '../core/stored-object.ts';
import type { RestServer } from '../rest/server.ts';
import {
  apiEndpoints,
  apiService,
  apiServiceName,
  apiServiceNamespace,
  apiSlices,
  isFurtherSlice,
  type RestAddress,
} from './objects.ts';

/** Dependencies of the announcement. */
export interface AdvertiseDeps {
  readonly api: Pick<ResourceApi, 'get' | 'create' | 'update' | 'delete'>;
  readonly store: Pick<Store, 'list'>;
  readonly ephemeral: Pick<Ephemeral, 'put' | 'list'>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Milliseconds for which an address counts after it was renewed, and between renewals: two of them may fail. */
const ttlMs = 15_000;
const renewEveryMs = 5_000;

const keyPrefix = 'api-addresses/';
/** Kubernetes' usual port of the api, in the Service of a cluster in which none is known yet. */
const usualPort = 6_443;

/** The author of these writes. */
const user = { name: 'system:apiserver', groups: ['system:masters'] };
const manager = 'kube-apiserver';

const slices = { group: 'discovery.k8s.io', plural: 'endpointslices', namespaced: true };

/** Addresses that mean something on one machine or link alone. */
const local = new BlockList();
local.addSubnet('127.0.0.0', 8);
local.addSubnet('169.254.0.0', 16);
local.addAddress('0.0.0.0');
local.addAddress('::', 'ipv6');
local.addAddress('::1', 'ipv6');
local.addSubnet('fe80::', 10, 'ipv6');

/** An address that others can reach; undefined for a name, or an address of this machine alone. */
function reachable(address: string): RestAddress | undefined {
  const { host, port } = parseAddress(address);
  const family = isIP(host);
  if (family === 0 || local.check(host, family === 6 ? 'ipv6' : 'ipv4')) return undefined;
  return { ip: host, port };
}

/** The addresses of this process, and the objects of all. */
export class Advertiser {
  readonly #deps: AdvertiseDeps;
  readonly #clusterIp: string;
  readonly #own = new Map<string, RestAddress>();
  #wake = Promise.withResolvers<void>();

  /** @param clusterIp Address of the Service, where it is free. */
  constructor(deps: AdvertiseDeps, clusterIp: string) {
    this.#deps = deps;
    this.#clusterIp = clusterIp;
  }

  /** Adds an address of this process, `host:port`. One that others cannot reach is not told. */
  add(address: string): void {
    const known = reachable(address);
    if (known === undefined) return;
    this.#own.set(keyOf(known), known);
    this.#wake.resolve();
  }

  /** Renews this process' addresses, and keeps the objects as they must be, until the signal fires; then takes the addresses off. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#deps;
    signal.addEventListener('abort', () => this.#wake.resolve(), { once: true });
    while (!signal.aborted) {
      this.#wake = Promise.withResolvers();
      try {
        await this.#renew(ttlMs);
        await this.#reconcile(ownContext(user, signal, manager), await this.#living());
      } catch (error) {
        if (!signal.aborted) log.warn({ error }, 'the addresses of the api could not be kept up to date');
      }
      const rest = new AbortController();
      await Promise.race([clock.sleep(renewEveryMs, rest.signal).catch(() => undefined), this.#wake.promise]);
      rest.abort();
    }
    await this.#leave();
  }

  /** A failure here is mended by the time to live: the other replicas take the addresses off. */
  async #leave(): Promise<void> {
    if (this.#own.size === 0) return;
    try {
      await this.#renew(1);
      const others = (await this.#living()).filter((address) => !this.#own.has(keyOf(address)));
      await this.#reconcile(ownContext(user, new AbortController().signal, manager), others);
    } catch (error) {
      this.#deps.log.debug({ error }, 'the addresses of this api could not be taken off');
    }
  }

  async #renew(livingMs: number): Promise<void> {
    for (const [key, { ip }] of this.#own) await this.#deps.ephemeral.put(key, ip, livingMs);
  }

  async #living(): Promise<RestAddress[]> {
    const entries = await this.#deps.ephemeral.list(keyPrefix);
    return [...entries].flatMap(([key]) => reachable(key.slice(keyPrefix.length)) ?? []);
  }

  async #reconcile(context: RequestContext, addresses: readonly RestAddress[]): Promise<void> {
    await this.#keepService(context, addresses[0]?.port ?? usualPort);
    const isKnown = addresses.length > 0;
    const wanted = apiSlices(addresses);
    for (const object of [apiEndpoints(addresses), ...wanted]) await this.#keep(context, object, isKnown);
    const names = new Set(wanted.map(({ metadata }) => metadata.name));
    const { entries } = await this.#deps.store.list({
      prefix: objectKey(slices, apiServiceNamespace, `${apiServiceName}-`),
      limit: 100,
    });
    for (const { key } of entries) {
      const name = key.slice(key.lastIndexOf('/') + 1);
      if (!isFurtherSlice(name) || names.has(name)) continue;
      const ref = { resource: 'endpointslices.discovery.k8s.io', namespace: apiServiceNamespace, name };
      await this.#deps.api.delete(context, ref, {}, false);
    }
  }

  /** The Service: its address is the first of the range, or any other where somebody has that already. */
  async #keepService(context: RequestContext, port: number): Promise<void> {
    const { api } = this.#deps;
    const ref = { resource: 'services', namespace: apiServiceNamespace, name: apiServiceName };
    try {
      await api.get(context, ref);
      return;
    } catch (error) {
      if (!isError(error, 'NotFound')) throw error;
    }
    const make = (clusterIp: string | undefined): Promise<unknown> =>
      api.create(context, apiService(clusterIp, port) as KubeObject as AnyObject, false);
    await make(this.#clusterIp)
      .catch((error: unknown) => {
        if (!isError(error, 'Invalid')) throw error;
        return make(undefined);
      })
      .catch(ignoreExisting);
  }

  /** Makes an object be as wanted. @param isKnown False where there is nothing to say yet: an object that is missing stays so. */
  async #keep(context: RequestContext, object: KubeObject, isKnown: boolean): Promise<void> {
    const { api } = this.#deps;
    const wanted = object as AnyObject;
    try {
      await api.update(context, wanted, false);
    } catch (error) {
      if (!isError(error, 'NotFound')) throw error;
      if (isKnown) await api.create(context, wanted, false).catch(ignoreExisting);
    }
  }
}

/**
 * Tells of the address at which pods reach REST: the one that the configuration names, or else that at which it listens. Where the named one
 * is of this machine it is served there, too; another is that of a load balancer.
 */
export async function advertiserOf(
  { advertise, rest, serviceCidr }: Pick<ApiConfig, 'advertise' | 'rest' | 'serviceCidr'>,
  deps: AdvertiseDeps,
  server: Pick<RestServer, 'port' | 'alsoListen'>,
): Promise<Advertiser> {
  const advertiser = new Advertiser(deps, addressAt(parseIpRange(serviceCidr), 0));
  if (advertise !== undefined) await server.alsoListen(parseAddress(advertise)).catch(ignoreElsewhere);
  advertiser.add(advertise ?? formatAddress(parseAddress(rest ?? ':0').host, server.port));
  return advertiser;
}

/** Codes of a listener that has no such address, or that listens there already. */
const elsewhere = ['EADDRNOTAVAIL', 'EADDRINUSE'];

function ignoreElsewhere(error: unknown): void {
  if (!elsewhere.includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
}

function ignoreExisting(error: unknown): void {
  if (!isError(error, 'AlreadyExists')) throw error;
}

function keyOf({ ip, port }: RestAddress): string {
  return keyPrefix + formatAddress(ip, port);
}

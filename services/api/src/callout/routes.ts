import { builtIn } from '@gantry/model/built-in.ts';
import type { Service } from '@gantry/model/gen/gantry.core.v1.ts';
import type { EndpointSlice } from '@gantry/model/gen/gantry.discovery.v1.ts';
import { GantryError, isError } from '@gantry/runtime/errors.ts';
import type { Change } from '@gantry/store/store.ts';
import type { CoreDeps } from '../core/context.ts';
import { keyPrefix, parseKey } from '../core/keys.ts';
import { readStored } from '../core/writer.ts';
import { slicesOf } from '../pods/targets.ts';
import type { ChangeObserver } from '../watch/observers.ts';
import type { CalloutService } from './target.ts';

/** A place at which a service answers. */
export interface Endpoint {
  /** Address or DNS name. */
  readonly host: string;
  readonly port: number;
  /** The pod behind it, which is reached through the agent of its node; absent for what is reached by its address. */
  readonly pod?: { readonly namespace: string; readonly pod: string; readonly port: number };
}

type Deps = Pick<CoreDeps, 'store' | 'cache'> & { readonly entropy: { readonly random: () => number } };

const services = builtIn.kindOf('', 'Service')!;
const slices = builtIn.kindOf('discovery.k8s.io', 'EndpointSlice')!;
const concerned = new Set([services, slices].map((kind) => keyPrefix(kind, '').slice(0, -1)));
/** Services whose endpoints are kept. */
const maxKept = 1_024;

/**
 * Ways to services. The endpoints of a service are read when it is first called, and kept until a service or an endpoint slice of
 * its namespace changes.
 */
export class Routes implements ChangeObserver {
  readonly prefixes: readonly string[] = [];
  readonly #deps: Deps;
  readonly #known = new Map<string, Promise<readonly Endpoint[]>>();

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /**
   * One of a service's ready endpoints. Throws NotFound for a service that there is not, and ServiceUnavailable where it has no such
   * port or no endpoint.
   */
  async find(service: CalloutService): Promise<Endpoint> {
    const key = `${service.namespace}/${service.name}:${service.port ?? 443}`;
    const kept = this.#known.get(key) ?? this.#read(key, service);
    const endpoints = await kept;
    const chosen = endpoints[Math.floor(this.#deps.entropy.random() * endpoints.length)];
    if (chosen !== undefined) return chosen;
    throw new GantryError('ServiceUnavailable', `no endpoints available for service ${JSON.stringify(service.name)}`);
  }

  reset(): void {
    this.#known.clear();
  }

  onEntry(): void {}

  onChange({ key }: Change): void {
    if (this.#known.size === 0) return;
    const parts = parseKey(key);
    if (parts === undefined || !concerned.has(parts.resource)) return;
    for (const known of this.#known.keys()) if (known.startsWith(`${parts.namespace}/`)) this.#known.delete(known);
  }

  /** Reads endpoints. They are known before they are read: a change meanwhile is not lost. */
  #read(key: string, service: CalloutService): Promise<readonly Endpoint[]> {
    const read = endpointsOf(this.#deps, service);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size < maxKept) break;
      this.#known.delete(oldest);
    }
    this.#known.set(key, read);
    read.catch(() => {
      if (this.#known.get(key) === read) this.#known.delete(key);
    });
    return read;
  }
}

async function endpointsOf(
  deps: Pick<Deps, 'store' | 'cache'>,
  { namespace, name, port = 443 }: CalloutService,
): Promise<Endpoint[]> {
  const { spec } = await serviceOf(deps, namespace, name);
  if (spec.type === 'ExternalName') return [{ host: spec.externalName ?? '', port }];
  const found = (spec.ports ?? []).find((each) => each.port === port);
  if (found === undefined) {
    const text = `no service port ${port} found for service ${JSON.stringify(name)}`;
    throw new GantryError('ServiceUnavailable', text);
  }
  return (await slicesOf(deps, namespace, name)).flatMap((slice) => readyOf(slice, found.name ?? '', namespace));
}

async function serviceOf(deps: Pick<Deps, 'store' | 'cache'>, namespace: string, name: string): Promise<Service> {
  try {
    return (await readStored(deps, { kind: services, namespace, name })).object as unknown as Service;
  } catch (error) {
    if (!isError(error, 'NotFound')) throw error;
    throw new GantryError('NotFound', `service ${JSON.stringify(name)} not found`, { cause: error });
  }
}

/** The ready endpoints of a slice that serve a port. */
function readyOf({ endpoints, ports }: EndpointSlice, portName: string, namespace: string): Endpoint[] {
  const port = ports?.find(({ name = '' }) => name === portName)?.port;
  if (port === undefined) return [];
  return (endpoints ?? []).flatMap(({ addresses, conditions, targetRef }) => {
    const host = addresses?.[0];
    if (conditions?.ready === false || host === undefined) return [];
    const pod = targetRef?.kind === 'Pod' ? targetRef.name : undefined;
    return pod === undefined ? [{ host, port }] : [{ host, port, pod: { namespace, pod, port } }];
  });
}

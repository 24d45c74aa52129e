/**
 * A client as the protocol wants it, without I/O, for tests: asks for all clusters and listeners, follows their
 * references to endpoints and routes, and accepts clusters only when they have their endpoints, as Envoy does. It
 * notes whatever a server must never do to it.
 */

import type { DeltaDiscoveryRequest, DiscoveryRequest } from '../envoy/discovery.ts';
import { ClusterLoadAssignment } from '../envoy/endpoint.ts';
import type { PlannedResponse } from '../plan.ts';
import { decode } from '../proto/codec.ts';
import type { Resource } from '../resource.ts';
import type { Protocol } from '../stream-state.ts';
import { clusterType, endpointType, isFullState, listenerType, routeType, sendOrder } from '../type-urls.ts';

/** A request of a client. */
export type ModelRequest = DiscoveryRequest & DeltaDiscoveryRequest;

export interface ModelClientOptions {
  readonly protocol: Protocol;
  /** Reason for which the client refuses a resource; undefined if it accepts it. */
  readonly refuses?: (resource: Resource) => string | undefined;
}

export class ModelClient {
  /** Requests that the server has not read yet, oldest first. */
  readonly outbox: ModelRequest[] = [];
  /** Broken promises of the server. */
  readonly violations: string[] = [];
  readonly #options: ModelClientOptions;
  readonly #resources = new Map<string, Map<string, Resource>>(sendOrder.map((typeUrl) => [typeUrl, new Map()]));
  readonly #subscribed = new Map<string, Set<string>>();
  readonly #nonces = new Map<string, string>();
  readonly #versions = new Map<string, string>();
  readonly #warming = new Set<string>();
  /** Endpoints that came on this stream. */
  readonly #heardHere = new Set<string>();
  #deferredAck: PlannedResponse | undefined;
  #lastNonce = 0;

  constructor(options: ModelClientOptions) {
    this.#options = options;
    for (const typeUrl of [clusterType, listenerType]) this.#send({ typeUrl, node: { id: 'model' } });
  }

  /** Resources of a type that the client has. */
  resources(typeUrl: string): ReadonlyMap<string, Resource> {
    return this.#resources.get(typeUrl)!;
  }

  /** Names and versions of everything that the client has. */
  inventory(): string[] {
    return sendOrder.flatMap((typeUrl) =>
      [...this.resources(typeUrl).values()].map(({ name, version }) => `${typeUrl} ${name} ${version}`).sort(),
    );
  }

  /** Forgets a stream that broke, keeps the resources, and starts over on a new one. */
  reconnect(): void {
    this.outbox.length = 0;
    this.#nonces.clear();
    this.#lastNonce = 0;
    this.#deferredAck = undefined;
    this.#warming.clear();
    this.#heardHere.clear();
    for (const typeUrl of sendOrder) {
      const names = [...(this.#subscribed.get(typeUrl) ?? [])];
      if (!isFullState(typeUrl) && names.length === 0) continue;
      const have = [...this.resources(typeUrl)].map(([name, { version }]) => [name, version]);
      this.#send({
        typeUrl,
        node: { id: 'model' },
        initialResourceVersions: Object.fromEntries(have),
        ...this.#ask(names, []),
      });
    }
  }

  receive(response: PlannedResponse): void {
    const nonce = Number(response.nonce);
    if (nonce <= this.#lastNonce) this.violations.push(`nonce ${nonce} after ${this.#lastNonce}`);
    this.#lastNonce = nonce;
    this.#nonces.set(response.typeUrl, response.nonce);
    const refusal = response.resources.map((item) => this.#options.refuses?.(item)).find((reason) => reason);
    if (refusal !== undefined) {
      this.#answer(response, refusal);
      return;
    }
    this.#versions.set(response.typeUrl, response.version);
    this.#checkEmptied(response);
    const changed = this.#apply(response);
    this.#checkReferences(response);
    if (response.typeUrl === clusterType) this.#warm(changed);
    if (response.typeUrl === endpointType) {
      for (const name of [...response.resources.map((resource) => resource.name), ...response.removed]) {
        this.#warming.delete(name);
      }
    }
    this.#follow(clusterType, endpointType);
    this.#follow(listenerType, routeType);
    if (response.typeUrl === clusterType && this.#warming.size > 0) this.#deferredAck = response;
    else this.#answer(response);
    if (this.#deferredAck && this.#warming.size === 0) {
      this.#answer(this.#deferredAck);
      this.#deferredAck = undefined;
    }
  }

  #apply(response: PlannedResponse): Resource[] {
    const have = this.#resources.get(response.typeUrl)!;
    const changed = response.resources.filter((resource) => have.get(resource.name)?.version !== resource.version);
    if (this.#options.protocol === 'sotw' && isFullState(response.typeUrl)) have.clear();
    for (const name of response.removed) have.delete(name);
    for (const resource of response.resources) have.set(resource.name, resource);
    return changed;
  }

  #warm(changed: readonly Resource[]): void {
    for (const resource of changed) for (const { name } of resource.references) this.#warming.add(name);
    const needed = this.#referred(clusterType, endpointType);
    for (const name of this.#warming) if (!needed.has(name)) this.#warming.delete(name);
  }

  /** Subscribes to the resources that the parents name, and unsubscribes from those that none of them names any more. */
  #follow(parentType: string, typeUrl: string): void {
    const needed = this.#referred(parentType, typeUrl);
    const before = this.#subscribed.get(typeUrl) ?? new Set();
    const added = [...needed].filter((name) => !before.has(name));
    const dropped = [...before].filter((name) => !needed.has(name));
    for (const name of dropped) this.#resources.get(typeUrl)!.delete(name);
    this.#subscribed.set(typeUrl, needed);
    if (added.length === 0 && dropped.length === 0) return;
    this.#send({ typeUrl, responseNonce: this.#sotwNonce(typeUrl), ...this.#ask(added, dropped, needed) });
  }

  #referred(parentType: string, typeUrl: string): Set<string> {
    const references = [...this.resources(parentType).values()].flatMap((parent) => parent.references);
    return new Set(references.filter((reference) => reference.typeUrl === typeUrl).map(({ name }) => name));
  }

  #answer(response: PlannedResponse, refusal?: string): void {
    const { typeUrl, nonce } = response;
    const errorDetail = refusal === undefined ? undefined : { code: 3, message: refusal };
    this.#send({ typeUrl, responseNonce: nonce, errorDetail, ...this.#ask([], [], this.#subscribed.get(typeUrl)) });
  }

  /** The subscription in the protocol's form: all names, or only the changes. */
  #ask(added: readonly string[], dropped: readonly string[], all: ReadonlySet<string> = new Set(added)): ModelRequest {
    if (this.#options.protocol === 'sotw') return { resourceNames: [...all] };
    return { resourceNamesSubscribe: added, resourceNamesUnsubscribe: dropped };
  }

  #sotwNonce(typeUrl: string): string {
    return this.#options.protocol === 'sotw' ? (this.#nonces.get(typeUrl) ?? '') : '';
  }

  #send(request: ModelRequest): void {
    this.outbox.push({ versionInfo: this.#versions.get(request.typeUrl ?? '') ?? '', ...request });
  }

  /** A cluster that routes lead to must not lose its endpoints on the way out; no test has a service without any. */
  #checkEmptied(response: PlannedResponse): void {
    if (response.typeUrl !== endpointType) return;
    const isEmpty = ({ value }: Resource): boolean =>
      (decode(ClusterLoadAssignment, value).endpoints ?? []).length === 0;
    for (const resource of response.resources) {
      const held = this.resources(endpointType).get(resource.name);
      // A cluster that went before its endpoints came never had any, and may be told so again.
      const hadSome = held !== undefined && !isEmpty(held);
      // State-of-the-world does not let a client say on a new stream what it has of before: the server cannot spare that.
      const isKnown = this.#options.protocol === 'delta' || this.#heardHere.has(resource.name);
      if (hadSome && isKnown && isEmpty(resource)) this.violations.push(`"${resource.name}" lost its endpoints`);
      this.#heardHere.add(resource.name);
    }
  }

  #checkReferences(response: PlannedResponse): void {
    const clusters = this.resources(clusterType);
    if (response.typeUrl === endpointType) {
      const wanted = this.#referred(clusterType, endpointType);
      for (const { name } of response.resources) {
        if (!wanted.has(name)) this.violations.push(`endpoints "${name}" of no cluster`);
      }
    }
    for (const typeUrl of [listenerType, routeType]) {
      for (const resource of this.resources(typeUrl).values()) {
        for (const reference of resource.references) {
          if (reference.typeUrl === clusterType && !clusters.has(reference.name)) {
            this.violations.push(`"${resource.name}" names cluster "${reference.name}", which is not there`);
          } else if (reference.typeUrl === clusterType && !this.resources(endpointType).has(reference.name)) {
            this.violations.push(`"${resource.name}" names cluster "${reference.name}", which has no endpoints`);
          }
        }
      }
    }
  }
}

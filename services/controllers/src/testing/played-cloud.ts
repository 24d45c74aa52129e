import type { Route } from '@gantry/cloud-provider/cloud.ts';
import type { CloudInstance } from '@gantry/model/gen/gantry.cloud.v1.ts';
import type { Node, Service } from '@gantry/model/gen/gantry.core.v1.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { CloudSide } from '../core/consult.ts';
import type { Simulation } from './simulation.ts';

/** A load balancer, which leads to the nodes that it was last made for. */
interface Balancer {
  readonly uid: string;
  readonly ip: string;
  readonly ports: string;
  readonly nodes: readonly string[];
}

/**
 * A cloud with machines, load balancers and routes. It refuses, hangs, and loses answers of what it did; it does nothing after its caller has given
 * up, as its protocol demands.
 */
export class PlayedCloud {
  /** States of machines by their nodes' names; they run where none is here. */
  readonly machines = new Map<string, CloudInstance['state']>();
  /** By the uid of their Service. */
  readonly balancers = new Map<string, Balancer>();
  /** By their names. */
  readonly routes = new Map<string, Route>();
  /** Sentences about calls that nobody may make. */
  readonly misdeeds: string[] = [];
  readonly #simulation: Simulation;
  #made = 0;

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
  }

  /** Numbers for names, each once. */
  nextNumber(): number {
    return this.#made++;
  }

  /** The cloud as its callers see it. */
  side(): CloudSide {
    return {
      instance: ({ nodeName }, signal) => this.#call(() => this.#instance(nodeName), signal),
      ensureLoadBalancer: (service, nodes, signal) => this.#call(() => this.#ensure(service, nodes), signal),
      deleteLoadBalancer: ({ metadata }, signal) => this.#call(() => void this.balancers.delete(metadata.uid!), signal),
      listRoutes: (_, signal) => this.#call(() => [...this.routes.values()], signal),
      createRoute: (_, route, __, signal) => this.#call(() => this.#createRoute(route), signal),
      deleteRoute: (_, route, signal) => this.#call(() => this.#deleteRoute(route), signal),
    };
  }

  async #call<T>(apply: () => T, signal: AbortSignal): Promise<T> {
    const { clock, random, players } = this.#simulation;
    if (!players.failing) return apply();
    const fault = random.next();
    if (fault < 0.05) throw new GantryError('TooManyRequests', 'refused by the cloud');
    await clock.sleep(random.int(1, 400), signal);
    if (fault < 0.1) throw new GantryError('Timeout', 'no answer in time');
    const result = apply();
    await clock.sleep(random.int(1, 400), signal);
    if (fault < 0.2) throw new GantryError('ServiceUnavailable', 'the connection was lost');
    return result;
  }

  #instance(name: string): CloudInstance {
    const state = this.machines.get(name) ?? 'RUNNING';
    const addresses = [{ type: 'ExternalIP', address: '203.0.113.1' }];
    return state === 'GONE' ? { state } : { state, providerID: `played://${name}`, zone: 'z', addresses };
  }

  #createRoute(route: Route): void {
    const taken = [...this.routes.values()].find(
      ({ name, destinationCIDR }) => name === route.name || destinationCIDR === route.destinationCIDR,
    );
    if (taken !== undefined && JSON.stringify(taken) !== JSON.stringify(route)) {
      throw new GantryError('AlreadyExists', `the route ${taken.name} is in the way`);
    }
    this.routes.set(route.name, route);
  }

  #deleteRoute({ name }: Route): void {
    const route = this.routes.get(name);
    if (route === undefined) return;
    const { targetNode, destinationCIDR, blackhole } = route;
    const node = this.#simulation.all('Node').find(({ metadata }) => metadata.name === targetNode);
    if (!name.startsWith('played-')) this.misdeeds.push(`the route ${name} is another's, and is removed`);
    if (node?.spec?.podCIDRs?.includes(destinationCIDR) && !blackhole) {
      this.misdeeds.push(`the route ${name} leads to a node that is there, and is removed`);
    }
    this.routes.delete(name);
  }

  #ensure({ metadata, spec }: Service, nodes: readonly Node[]) {
    const uid = metadata.uid!;
    const ip = this.balancers.get(uid)?.ip ?? `198.51.100.${this.#made++ % 250}`;
    const names = nodes.map((node) => node.metadata.name);
    this.balancers.set(uid, { uid, ip, ports: JSON.stringify(spec.ports), nodes: names });
    return [{ ip }];
  }
}

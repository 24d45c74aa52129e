/** Gantry's controllers beside its api, in this process. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@gantry/client/client.ts';
import { decodeObject } from '@gantry/model/decode.ts';
import type { Cluster, Json, KindName, Kinds } from './world.ts';

/** Looks that have to see the same, and the milliseconds between them, until the controllers count as being at rest. */
const equalLooks = 5;
const lookMs = 200;
const kinds: readonly KindName[] = ['Deployment', 'ReplicaSet', 'ReplicationController', 'Pod'];

/** A namespace of a Gantry. */
export class ApiCluster implements Cluster {
  readonly #client: Client;
  readonly #namespace: string;

  constructor(client: Client, namespace: string) {
    this.#client = client;
    this.#namespace = namespace;
  }

  async create(kind: KindName, name: string, body: Json): Promise<void> {
    const apiVersion = kind === 'ReplicationController' ? 'v1' : 'apps/v1';
    const metadata = { ...(body.metadata as object), name, namespace: this.#namespace };
    await this.#client.create(decodeObject({ apiVersion, kind, ...body, metadata }) as Kinds['Deployment']);
  }

  async patch(kind: KindName, name: string, body: Json): Promise<void> {
    await this.#client.patch(kind, { namespace: this.#namespace, name }, { type: 'merge', body });
  }

  async list<K extends KindName>(kind: K): Promise<Kinds[K][]> {
    return (await this.#client.list(kind, { namespace: this.#namespace })).items as unknown as Kinds[K][];
  }

  async setStatus({ metadata }: Kinds['Pod'], status: Json): Promise<void> {
    const patch = { type: 'merge', body: { status }, subresource: 'status' } as const;
    await this.#client.patch('Pod', { namespace: this.#namespace, name: metadata.name }, patch);
  }

  bind(): Promise<void> {
    throw new Error('there are no nodes here');
  }

  async end({ metadata }: Kinds['Pod']): Promise<void> {
    await this.#client.delete('Pod', { namespace: this.#namespace, name: metadata.name }, { gracePeriodSeconds: 0 });
  }

  wait(ms: number): Promise<void> {
    return sleep(ms);
  }

  async settle(): Promise<void> {
    let last = '';
    for (let equal = 0; equal < equalLooks; ) {
      await sleep(lookMs);
      const lists = await Promise.all(kinds.map((kind) => this.list(kind)));
      const look = lists
        .flat()
        .map(({ metadata }) => metadata.resourceVersion)
        .join();
      equal = look === last ? equal + 1 : 0;
      last = look;
    }
  }

  async events(): Promise<string[]> {
    const { items } = await this.#client.list('Event', { namespace: this.#namespace });
    return items.map(
      ({ involvedObject, type, reason, message }) => `${involvedObject?.kind} ${type} ${reason} ${message}`,
    );
  }

  now(): number {
    return Date.now();
  }
}

import { setTimeout as delay } from 'node:timers/promises';
import { listAll } from '@gantry/client/change-source.ts';
import type { Client } from '@gantry/client/client.ts';
import type { ConfigMap } from '@gantry/model/gen/gantry.core.v1.ts';
import { isError } from '@gantry/runtime/errors.ts';

/** Values that an object may have: one after an acknowledged write, two after a write without an answer; undefined is none. */
type Possible = readonly (string | undefined)[];

/** How an object differs from all that was acknowledged about it. */
export interface Loss {
  readonly name: string;
  readonly found: string | undefined;
  readonly possible: Possible;
}

const namespace = 'default';
const label = 'gantry.dev/chaos';

/**
 * Writes ConfigMaps without pause while parts of the cluster are killed, and remembers for each the states that it may have
 * by the answers of the api. Each writer has names of its own and one call under way.
 */
export class Writers {
  readonly #client: Client;
  readonly #prefix: string;
  readonly #stop = new AbortController();
  readonly #possible = new Map<string, Possible>();
  readonly #running: Promise<void>[];
  /** Writes that the api acknowledged. */
  acknowledged = 0;
  /** Writes without an answer, or refused because a part was away. */
  failed = 0;

  /** @param prefix Begins the names of the objects; different for each `Writers` of a cluster. */
  constructor(client: Client, prefix: string, count: number) {
    this.#client = client;
    this.#prefix = prefix;
    this.#running = Array.from({ length: count }, (_, index) => this.#write(index));
  }

  /** Ends the writers, and waits for their last answers. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#running);
  }

  /** Ends the writers, and names the objects of which an acknowledged state is lost. */
  async losses(): Promise<Loss[]> {
    await this[Symbol.asyncDispose]();
    const query = { namespace, labelSelector: label };
    const { objects } = await listAll(this.#client, 'ConfigMap', query, AbortSignal.timeout(60_000));
    const found = new Map(objects.map(({ metadata, data }) => [metadata.name, data?.value]));
    return [...this.#possible]
      .map(([name, possible]) => ({ name, found: found.get(name), possible }))
      .filter((state) => !state.possible.includes(state.found));
  }

  async #write(writer: number): Promise<void> {
    for (let number = 0; !this.#stop.signal.aborted; number++) {
      const name = `${this.#prefix}-${writer}-${number}`;
      const created = await this.#attempt(name, 'first', () => this.#client.create(configMap(name, 'first')));
      if (!created) continue;
      const body = { data: { value: 'second' } };
      const changed = await this.#attempt(name, 'second', () =>
        this.#client.patch('ConfigMap', { namespace, name }, { type: 'merge', body }),
      );
      if (!changed || number % 3 !== 0) continue;
      await this.#attempt(name, undefined, () => this.#client.delete('ConfigMap', { namespace, name }));
    }
  }

  /** Makes a call that turns an object's value into another. True if it was acknowledged. */
  async #attempt(name: string, value: string | undefined, call: () => Promise<unknown>): Promise<boolean> {
    const before = this.#possible.get(name) ?? [undefined];
    this.#possible.set(name, [...before, value]);
    try {
      await call();
    } catch (error) {
      if (!isError(error, 'ServiceUnavailable', 'Timeout', 'Cancelled', 'InternalError')) throw error;
      this.failed++;
      await delay(20);
      return false;
    }
    this.#possible.set(name, [value]);
    this.acknowledged++;
    return true;
  }
}

function configMap(name: string, value: string): ConfigMap {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace, labels: { [label]: '' } },
    data: { value },
  };
}

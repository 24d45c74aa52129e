import type { Client } from '@gantry/client/client.ts';
import type { ConfigMap, Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { type CoreObject, type Load, namespace } from './load.ts';

/** Connections of a client. */
const connections = 4;

/** Gantry's own api. */
export class GrpcLoad implements Load {
  readonly name: string;
  readonly #clients: readonly Client[];
  #next = 0;

  constructor(name: string, connect: () => Client) {
    this.name = name;
    this.#clients = Array.from({ length: connections }, connect);
  }

  async isReady(): Promise<boolean> {
    return true;
  }

  async create(_resource: 'pods' | 'configmaps', body: CoreObject): Promise<void> {
    await this.#client().create(body as unknown as Pod | ConfigMap);
  }

  async get(name: string): Promise<CoreObject> {
    return (await this.#client().get('Pod', { namespace, name })) as unknown as CoreObject;
  }

  async update(pod: CoreObject): Promise<void> {
    await this.#client().update(pod as unknown as Pod);
  }

  async list(): Promise<number> {
    return (await this.#client().list('Pod', { namespace })).items.length;
  }

  async watch(onChange: () => void): Promise<Disposable> {
    const client = this.#client();
    const { resourceVersion } = await client.list('Pod', { namespace, labelSelector: 'none=such' });
    const over = new AbortController();
    const events = client.watch('Pod', { namespace, resourceVersion }, over.signal);
    void follow(events, onChange, over.signal);
    return { [Symbol.dispose]: () => over.abort() };
  }

  [Symbol.dispose](): void {
    for (const client of this.#clients) client[Symbol.dispose]();
  }

  #client(): Client {
    this.#next = (this.#next + 1) % connections;
    return this.#clients[this.#next]!;
  }
}

async function follow(
  events: AsyncIterable<{ readonly type: string }>,
  onChange: () => void,
  over: AbortSignal,
): Promise<void> {
  try {
    for await (const { type } of events) if (type !== 'BOOKMARK') onChange();
  } catch (error) {
    if (!over.aborted) throw error;
  }
}

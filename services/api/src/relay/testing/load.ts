import type { Operation, Store } from '@gantry/store/store.ts';

/** Nodes that the load's pods are on. */
export const loadNodes = ['n1', 'n2', 'n3'] as const;

/** Writes pods and config maps: creates, binds, changes and deletes them in an order that `random` gives. */
export class Load {
  readonly #store: Pick<Store, 'commit'>;
  readonly #random: () => number;
  readonly #pods = new Map<string, { readonly uid: string; readonly node: string | undefined }>();
  #writes = 0;

  /** @param random Numbers from 0 to 1. */
  constructor(store: Pick<Store, 'commit'>, random: () => number) {
    this.#store = store;
    this.#random = random;
  }

  /** Commits this many batches, one after the other. */
  async write(batches: number): Promise<void> {
    for (let batch = 0; batch < batches; batch++) {
      const operations = Array.from({ length: 1 + this.#pick(4) }, () => this.#operation());
      // The last operation on a key is the one that counts; a store takes a key once a batch.
      const byKey = new Map(operations.map((operation) => [operation.key, operation]));
      const result = await this.#store.commit([...byKey.values()]);
      if (!result.ok) throw new Error(`commit refused at ${result.failedIndex}`);
    }
  }

  #operation(): Operation {
    this.#writes++;
    if (this.#pick(5) === 0) return this.#configMap();
    const key = `pods/default/pod-${this.#pick(60)}`;
    const pod = this.#pods.get(key);
    if (pod !== undefined && this.#pick(6) === 0) {
      this.#pods.delete(key);
      return { type: 'delete', key };
    }
    const uid = pod?.uid ?? `uid-${this.#writes}`;
    const node = pod?.node ?? (this.#pick(3) === 0 ? undefined : loadNodes[this.#pick(loadNodes.length)]);
    this.#pods.set(key, { uid, node });
    return { type: 'put', key, value: this.#text('Pod', key, uid, node ? { nodeName: node } : {}) };
  }

  #configMap(): Operation {
    const key = `configmaps/default/map-${this.#pick(20)}`;
    return { type: 'put', key, value: this.#text('ConfigMap', key, key, undefined) };
  }

  #text(kind: string, key: string, uid: string, spec: object | undefined): string {
    const [, namespace, name] = key.split('/');
    const metadata = { name, namespace, uid, annotations: { write: String(this.#writes) } };
    return JSON.stringify({ apiVersion: 'v1', kind, metadata, ...(spec ? { spec } : {}) });
  }

  #pick(below: number): number {
    return Math.floor(this.#random() * below);
  }
}

/** Random numbers that come again with the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

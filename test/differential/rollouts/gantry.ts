/** Gantry's controllers on a simulated cluster, which is still but for them. */

import type { AnyObject } from '@gantry/controllers/core/action.ts';
import { deploymentController } from '@gantry/controllers/deployment/deployment.ts';
import { replicaSetController, replicationController } from '@gantry/controllers/replicaset/replicaset.ts';
import { Simulation } from '@gantry/controllers/testing/simulation.ts';
import { builtIn } from '@gantry/model/built-in.ts';
import { decodeObject } from '@gantry/model/decode.ts';
import { applyMergePatch } from '@gantry/model/patch.ts';
import type { Cluster, KindName, Kinds } from './world.ts';

/** Steps of half a second without a write after which the controllers are at rest. */
const quietSteps = 4;
const stepMs = 500;

/** A simulated cluster. */
export class GantryCluster implements Cluster, AsyncDisposable {
  readonly #simulation = new Simulation({
    seed: 1,
    controllers: ({ clock }) => [replicaSetController(), replicationController(), deploymentController(clock)],
  });

  async create(kind: KindName, name: string, body: Record<string, unknown>): Promise<void> {
    const metadata = { ...(body.metadata as object), name, namespace: 'default' };
    const apiVersion = kind === 'ReplicationController' ? 'v1' : 'apps/v1';
    const object = decodeObject({ apiVersion, kind, ...body, metadata }) as AnyObject;
    builtIn.kindOfObject(object).setDefaults(object);
    this.#simulation.create(object);
  }

  async patch(kind: KindName, name: string, body: Record<string, unknown>): Promise<void> {
    const stored = this.#simulation.store.get(kind, { namespace: 'default', name }) as AnyObject;
    const change = (draft: AnyObject): void => {
      Object.assign(draft, decodeObject(applyMergePatch(structuredClone(draft), body) as Record<string, unknown>));
      builtIn.kindOfObject(draft).setDefaults(draft);
    };
    this.#simulation.store.edit(stored, change, 'user');
  }

  async list<K extends KindName>(kind: K): Promise<Kinds[K][]> {
    return this.#simulation.all(kind) as unknown as Kinds[K][];
  }

  async setStatus(pod: Kinds['Pod'], status: Record<string, unknown>): Promise<void> {
    this.#simulation.store.editStatus(pod, (draft) => Object.assign(draft, { status }), 'kubelet');
  }

  async bind(pod: Kinds['Pod'], node: string): Promise<void> {
    this.#simulation.store.edit(pod, ({ spec }) => Object.assign(spec, { nodeName: node }), 'scheduler');
  }

  async end(pod: Kinds['Pod']): Promise<void> {
    this.#simulation.store.end(pod, 'kubelet');
  }

  async wait(ms: number): Promise<void> {
    await this.#simulation.steps(Math.ceil(ms / stepMs));
  }

  async settle(): Promise<void> {
    for (let quiet = 0; quiet < quietSteps; ) {
      const { revision } = this.#simulation.store;
      await this.#simulation.steps(1);
      quiet = this.#simulation.store.revision === revision ? quiet + 1 : 0;
    }
  }

  async events(): Promise<string[]> {
    return this.#simulation.events.map(
      ({ about, type, reason, message }) => `${about.kind} ${type} ${reason} ${message}`,
    );
  }

  now(): number {
    return this.#simulation.clock.now();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#simulation[Symbol.asyncDispose]();
  }
}

/** A cluster in which nothing but the controllers of Deployments, ReplicaSets and ReplicationControllers runs: its pods do as they are told. */
import type { Deployment, ReplicaSet } from '@gantry/model/gen/gantry.apps.v1.ts';
import type { Pod, ReplicationController } from '@gantry/model/gen/gantry.core.v1.ts';

/** Any JSON object. */
export type Json = Record<string, unknown>;

/** The kinds that scenarios are about. */
export interface Kinds {
  readonly Deployment: Deployment;
  readonly ReplicaSet: ReplicaSet;
  readonly ReplicationController: ReplicationController;
  readonly Pod: Pod;
}
export type KindName = keyof Kinds;

/** The acts that a cluster can do; Kubernetes and Gantry each have theirs. */
export interface Cluster {
  create(kind: KindName, name: string, body: Json): Promise<void>;
  /** Changes an object by a merge patch, as a user. */
  patch(kind: KindName, name: string, body: Json): Promise<void>;
  list<K extends KindName>(kind: K): Promise<Kinds[K][]>;
  /** Sets the status of a pod, as its kubelet does. */
  setStatus(pod: Pod, status: Json): Promise<void>;
  bind(pod: Pod, node: string): Promise<void>;
  /** Ends a pod that is being deleted. */
  end(pod: Pod): Promise<void>;
  /** Lets so many milliseconds pass. */
  wait(ms: number): Promise<void>;
  /** Waits until nobody writes any more. */
  settle(): Promise<void>;
  /** Events about workloads, as `KIND TYPE REASON MESSAGE`. */
  events(): Promise<string[]>;
  /** The wall clock, in milliseconds since the Unix epoch. */
  now(): number;
}

/** The state of the workloads at one point of a scenario, in words that do not depend on chance. */
export interface Snapshot {
  readonly at: string;
  readonly deployments: readonly Json[];
  readonly sets: readonly Json[];
  readonly controllers: readonly Json[];
  /** Numbers of pods by image and state. */
  readonly pods: Readonly<Record<string, number>>;
}

/** A cluster as scenarios act on it. */
export class World {
  readonly #cluster: Cluster;
  readonly snapshots: Snapshot[] = [];

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** Makes a Deployment named web, and lets the controllers come to rest. */
  async deploy(spec: Json = {}, metadata: Json = {}): Promise<void> {
    await this.create(
      'Deployment',
      { selector: { matchLabels: { app: 'web' } }, template: template('i:1'), ...spec },
      metadata,
    );
  }

  /** Makes an object named web, and lets the controllers come to rest. */
  async create(kind: KindName, spec: Json, metadata: Json = {}): Promise<void> {
    await this.#cluster.create(kind, 'web', { metadata, spec });
    await this.#cluster.settle();
  }

  /** Changes an object named web, and lets the controllers come to rest. */
  async change(body: Json, kind: KindName = 'Deployment'): Promise<void> {
    await this.#cluster.patch(kind, 'web', body);
    await this.#cluster.settle();
  }

  /** Rolls the Deployment to another image. */
  async image(image: string): Promise<void> {
    await this.change({ spec: { template: { spec: { containers: [{ name: 'c', image }] } } } });
  }

  /** Lets pods of an image that are not ready become so: all, or as many as are asked for. */
  async ready(image: string, count = Number.POSITIVE_INFINITY): Promise<void> {
    const waiting = (await this.#pods(image)).filter((pod) => !isReady(pod));
    for (const pod of waiting.slice(0, count)) await this.#report(pod, 'Running', 'True');
    await this.#cluster.settle();
  }

  /** Lets as many ready pods of an image fail a probe, or end for good. */
  async spoil(image: string, count: number, phase: 'Running' | 'Failed' = 'Running'): Promise<void> {
    const ready = (await this.#pods(image)).filter(isReady);
    for (const pod of ready.slice(0, count)) await this.#report(pod, phase, 'False');
    await this.#cluster.settle();
  }

  /** Binds all pods to a node, so that they end slowly. */
  async bind(): Promise<void> {
    for (const pod of await this.#cluster.list('Pod')) if (!pod.spec.nodeName) await this.#cluster.bind(pod, 'n');
    await this.#cluster.settle();
  }

  /** Lets pods that are being deleted end: all, or as many as are asked for. */
  async end(count = Number.POSITIVE_INFINITY): Promise<void> {
    const ending = (await this.#cluster.list('Pod')).filter(({ metadata }) => metadata.deletionTimestamp !== undefined);
    for (const pod of ending.slice(0, count)) await this.#cluster.end(pod);
    await this.#cluster.settle();
  }

  /** Lets time pass. */
  async wait(seconds: number): Promise<void> {
    await this.#cluster.wait(seconds * 1000);
    await this.#cluster.settle();
  }

  /** Changes the labels of all ReplicaSets. */
  async relabelSets(labels: Json): Promise<void> {
    for (const { metadata } of await this.#cluster.list('ReplicaSet')) {
      await this.#cluster.patch('ReplicaSet', metadata.name, { metadata: { labels } });
    }
    await this.#cluster.settle();
  }

  /** Takes down how things are. */
  async snap(at: string): Promise<void> {
    const sets = (await this.#cluster.list('ReplicaSet')).sort(olderFirst);
    const names = namesOf(sets);
    const pods: Record<string, number> = {};
    for (const pod of await this.#cluster.list('Pod')) {
      const key = stateOf(pod);
      pods[key] = (pods[key] ?? 0) + 1;
    }
    this.snapshots.push({
      at,
      deployments: (await this.#cluster.list('Deployment')).map((object) => shown(object, names)),
      sets: sets.map((object) => shown(object, names)),
      controllers: (await this.#cluster.list('ReplicationController')).map((object) => shown(object, names)),
      pods: Object.fromEntries(Object.entries(pods).sort(([a], [b]) => (a < b ? -1 : 1))),
    });
  }

  /** All that was told of the workloads, each thing once. */
  async events(): Promise<string[]> {
    const names = namesOf((await this.#cluster.list('ReplicaSet')).sort(olderFirst));
    const told = (await this.#cluster.events()).map((text) => renamed(text, names).replace(/(pod: ).*$/, '$1POD'));
    return [...new Set(told)].sort();
  }

  async #pods(image: string): Promise<Pod[]> {
    const pods = (await this.#cluster.list('Pod')).filter(
      ({ metadata, spec }) => metadata.deletionTimestamp === undefined && spec.containers[0]!.image === image,
    );
    return pods.sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  }

  #report(pod: Pod, phase: string, status: 'True' | 'False'): Promise<void> {
    const lastTransitionTime = new Date(this.#cluster.now()).toISOString().replace(/\.\d+Z$/, 'Z');
    return this.#cluster.setStatus(pod, { phase, conditions: [{ type: 'Ready', status, lastTransitionTime }] });
  }
}

/** A template of pods with the label `app: web`. */
export function template(image: string, annotations?: Json): Json {
  const metadata = { labels: { app: 'web' }, ...(annotations === undefined ? {} : { annotations }) };
  return { metadata, spec: { containers: [{ name: 'c', image }], terminationGracePeriodSeconds: 30 } };
}

function isReady({ status }: Pod): boolean {
  return status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') ?? false;
}

function stateOf(pod: Pod): string {
  const image = pod.spec.containers[0]!.image!;
  if (pod.metadata.deletionTimestamp !== undefined) return `${image} ending`;
  if (pod.status?.phase === 'Failed') return `${image} failed`;
  return `${image} ${isReady(pod) ? 'ready' : 'waiting'}`;
}

function olderFirst(a: ReplicaSet, b: ReplicaSet): number {
  const [one, other] = [a.metadata.creationTimestamp!, b.metadata.creationTimestamp!];
  return one === other ? 0 : one < other ? -1 : 1;
}

/** Names of sets that do not depend on hashes, by their own. */
function namesOf(sets: readonly ReplicaSet[]): ReadonlyMap<string, string> {
  return new Map(sets.map(({ metadata }, index) => [metadata.name, `SET${index + 1}`]));
}

function renamed(text: string, names: ReadonlyMap<string, string>): string {
  // Longer names first: one may begin with another.
  const longestFirst = [...names].sort(([a], [b]) => b.length - a.length);
  return longestFirst.reduce((renaming, [name, short]) => renaming.replaceAll(name, short), text);
}

/** The parts of a workload that controllers decide on. */
function shown(object: Deployment | ReplicaSet | ReplicationController, names: ReadonlyMap<string, string>): Json {
  const { metadata, spec, status = {} } = object;
  const { conditions = [], ...counts } = status as Json & { conditions?: Json[] };
  const told = conditions.map(({ type, status, reason, message }) => `${type}=${status} ${reason}: ${message}`);
  // A set is written in as many steps as its controller likes.
  const { observedGeneration, ...others } = counts;
  const isDeployment = object.kind === 'Deployment';
  const value = {
    name: metadata.name,
    generation: isDeployment ? metadata.generation : undefined,
    isObserved: observedGeneration === metadata.generation,
    annotations: { ...metadata.annotations },
    owned: (metadata.ownerReferences ?? []).length,
    replicas: spec.replicas,
    minReadySeconds: spec.minReadySeconds ?? 0,
    // Absent and 0 are one, but for counts of their own presence.
    status: Object.fromEntries(
      Object.entries(others).filter(
        ([name, count]) => name === 'terminatingReplicas' || (count !== 0 && count !== undefined),
      ),
    ),
    conditions: told.sort(),
  };
  return JSON.parse(renamed(JSON.stringify(value), names)) as Json;
}

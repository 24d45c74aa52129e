import type { DaemonSet } from '@gantry/model/gen/gantry.apps.v1.ts';
import type { Node, Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { FakeClock } from '@gantry/runtime/clock.ts';
import type { Action, AnyObject } from '../../core/action.ts';
import { fakeView } from '../../testing/fake-view.ts';
import { aNode } from '../../testing/objects.ts';
import { daemonSetController } from '../daemonset.ts';
import { targetNodeOf } from '../template.ts';

type Strategy = NonNullable<DaemonSet['spec']['updateStrategy']>;

/** A cluster that carries out what the controller says at once, as Kubernetes' own tests do: pods are bound, and ready when told. */
export class World {
  readonly clock = new FakeClock(Date.parse('2026-01-01T01:00:00Z'));
  readonly objects = new Map<string, AnyObject>();
  readonly #controller = daemonSetController(this.clock);
  #count = 0;

  constructor(set: DaemonSet, nodes: number | readonly Node[]) {
    this.put(set);
    const all = typeof nodes === 'number' ? Array.from({ length: nodes }, (_, index) => aNode(`n${index}`)) : nodes;
    for (const node of all) this.put(node);
  }

  get set(): DaemonSet {
    return this.objects.get('DaemonSet/agent') as DaemonSet;
  }

  get pods(): Pod[] {
    return [...this.objects.values()].filter((object): object is Pod => object.kind === 'Pod');
  }

  put(object: AnyObject): void {
    this.objects.set(`${object.kind}/${object.metadata.name}`, object);
  }

  /** Rolls to another template. */
  roll(image: string, rollingUpdate?: Strategy['rollingUpdate']): void {
    const set = structuredClone(this.set);
    set.spec.template!.spec!.containers[0]!.image = image;
    if (rollingUpdate !== undefined) set.spec.updateStrategy = { type: 'RollingUpdate', rollingUpdate };
    const generation = (set.metadata.generation ?? 0) + 1;
    set.metadata.generation = generation;
    set.metadata.annotations = { 'deprecated.daemonset.template.generation': String(generation) };
    this.put(set);
  }

  /** The plan of one reconcile, of which nothing is carried out. */
  plan(): readonly Action[] {
    const view = fakeView([...this.objects.values()]);
    return this.#controller.reconcile('default/agent', view, this.clock.now());
  }

  /** Carries out plans until one makes or deletes pods, or there is nothing to do; says how many were made and deleted. */
  sync(): [created: number, deleted: number] {
    for (let round = 0; round < 5; round++) {
      const counts: [number, number] = [0, 0];
      for (const action of this.plan()) this.#carryOut(action, counts);
      if (counts[0] + counts[1] > 0) return counts;
    }
    return [0, 0];
  }

  /** Binds all pods and makes them ready, since long ago unless told otherwise. */
  markReady(sinceMs = this.clock.now() - 3_600_000, which: (pod: Pod) => boolean = () => true): void {
    for (const pod of this.pods.filter(which)) {
      const lastTransitionTime = new Date(sinceMs).toISOString();
      this.put({
        ...pod,
        spec: { ...pod.spec, nodeName: targetNodeOf(pod)! },
        status: {
          ...pod.status,
          phase: 'Running',
          conditions: [{ type: 'Ready', status: 'True', lastTransitionTime }],
        },
      });
    }
  }

  #carryOut(action: Action, counts: [number, number]): void {
    if (action.type === 'delete') {
      if (action.object.kind === 'Pod') counts[1]++;
      this.objects.delete(`${action.object.kind}/${action.object.metadata.name}`);
    } else if (action.type === 'create') this.#create(action.object, counts);
    else if (action.type === 'update' || action.type === 'updateStatus') this.put(action.object);
    else if (action.type === 'patchMetadata') {
      const { metadata } = action.object;
      this.put({ ...action.object, metadata: { ...metadata, ...action.metadata } } as AnyObject);
    }
  }

  #create(object: AnyObject, counts: [number, number]): void {
    const id = ++this.#count;
    const creationTimestamp = new Date(this.clock.now() + id * 1000).toISOString();
    const name = object.metadata.name || `${object.metadata.generateName}${id}`;
    const created = {
      ...object,
      metadata: { ...object.metadata, name, uid: `u${id}`, creationTimestamp, resourceVersion: '1' },
    };
    if (created.kind === 'Pod') counts[0]++;
    this.put(created as AnyObject);
  }
}

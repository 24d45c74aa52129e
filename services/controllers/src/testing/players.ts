import type { Node, Pod, Taint } from '@gantry/model/gen/gantry.core.v1.ts';
import { isReady } from '@gantry/model/ready.ts';
import { tolerates } from '@gantry/model/taints.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { rfc3339 } from '@gantry/runtime/time.ts';
import { targetNodeOf } from '../daemonset/template.ts';
import { Containers } from './containers.ts';
import type { Random } from './random.ts';
import type { TruthStore } from './store.ts';

/** Chances of a step. */
const bindChance = 0.5;
const endChance = 0.3;
/** Of a pod that runs to its end, and of a failure in place of success while containers fail. */
const finishChance = 0.2;
const failureChance = 0.3;

/** An image whose containers run and never become ready. */
export const brokenImage = 'web:broken';
/** Key of the taint that stands for a cordoned node. */
const unschedulableKey = 'node.kubernetes.io/unschedulable';

/**
 * The scheduler and the kubelets of a simulated cluster. They see the truth, and take their time: pods are bound, start, fail
 * and end at steps of their own. A node that is cut off does none of it, and is not heard.
 */
export class Players {
  readonly #store: TruthStore;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #cutOff = new Set<string>();
  readonly #off = new Set<string>();
  readonly containers: Containers;
  /** Nodes that a pod may have beside the rules of taints; all if absent. */
  mayBind: (pod: Pod, node: Node) => boolean = () => true;
  /** Hears of pods that no node takes. */
  unschedulable: (pod: Pod) => void = () => {};
  /** Containers fail now and then. */
  failing = false;
  /** Chance of a step that a running pod fails, while any do. */
  failChance = 0.01;
  /** Chance of a step that a pod or node that could get ready does. */
  startChance = 0.3;

  constructor(store: TruthStore, clock: Clock, random: Random) {
    this.#store = store;
    this.#clock = clock;
    this.#random = random;
    this.containers = new Containers(store);
  }

  /** Cuts a node off, or connects it again. */
  cutOff(nodeName: string, cut = true): void {
    if (cut) this.#cutOff.add(nodeName);
    else this.#cutOff.delete(nodeName);
  }

  /** Takes a node's power, and all its containers with it. */
  powerOff(nodeName: string): void {
    this.#off.add(nodeName);
    this.containers.lose(nodeName);
  }

  /** Gives a node its power back: it starts the pods that the api says are its own. */
  powerOn(nodeName: string): void {
    if (!this.#off.delete(nodeName)) return;
    if (this.#store.find('Node', undefined, nodeName) !== undefined) this.containers.boot(nodeName);
  }

  /** True for a node without power. */
  isOff(nodeName: string): boolean {
    return this.#off.has(nodeName);
  }

  /** True for a node that exists and whose kubelet runs and is heard. */
  isLive(nodeName: string): boolean {
    const isThere = this.#store.find('Node', undefined, nodeName) !== undefined;
    return isThere && !this.#cutOff.has(nodeName) && !this.#off.has(nodeName);
  }

  /** Nodes that send heartbeats now. */
  heard(): Set<string> {
    const names = this.#store.all('Node').map(({ metadata }) => metadata.name);
    return new Set(names.filter((name) => this.isLive(name)));
  }

  /** Connects all nodes again, and gives them power. */
  reconnect(): void {
    this.#cutOff.clear();
    for (const nodeName of [...this.#off]) this.powerOn(nodeName);
  }

  step(): void {
    for (const node of this.#store.all('Node')) {
      if (!isReady(node) && this.isLive(node.metadata.name) && this.#random.chance(this.startChance))
        this.#reportReady(node);
      if (this.isLive(node.metadata.name)) this.containers.reap(node.metadata.name);
    }
    for (const pod of this.#store.all('Pod')) {
      const { nodeName } = pod.spec;
      if (!nodeName) this.#schedule(pod);
      else if (this.isLive(nodeName)) this.#run(pod);
    }
  }

  #schedule(pod: Pod): void {
    if (pod.metadata.deletionTimestamp !== undefined || !this.#random.chance(bindChance)) return;
    const name = targetNodeOf(pod);
    const node =
      name === undefined
        ? this.#random.pick(this.#store.all('Node').filter((each) => isSchedulable(each) && this.mayBind(pod, each)))
        : this.#store.all('Node').find((each) => each.metadata.name === name && isSchedulable(each, pod));
    if (node === undefined) {
      this.unschedulable(pod);
      return;
    }
    this.#store.edit(
      pod,
      (draft) => {
        draft.spec.nodeName = node.metadata.name;
      },
      'scheduler',
    );
  }

  #run(pod: Pod): void {
    const phase = pod.status?.phase;
    const isOver = phase === 'Succeeded' || phase === 'Failed';
    if (pod.metadata.deletionTimestamp !== undefined) {
      if (!this.#random.chance(endChance)) return;
      // The last word on a pod comes before its end: somebody's finalizer may wait for it.
      if (isOver || !pod.metadata.finalizers?.length) this.#store.end(pod, 'kubelet');
      else this.#report(pod, 'Failed');
    } else if (phase === 'Running' && !isReady(pod)) {
      if (!isBroken(pod) && this.#random.chance(this.startChance)) this.#report(pod, 'Running');
    } else if (phase !== 'Running' && !isOver) {
      if (this.#random.chance(this.startChance)) this.#report(pod, 'Running');
    } else if (phase === 'Running' && (pod.spec.restartPolicy ?? 'Always') !== 'Always') {
      if (!this.#random.chance(finishChance)) return;
      this.#report(pod, this.failing && this.#random.chance(failureChance) ? 'Failed' : 'Succeeded');
    } else if (phase === 'Running' && this.failing && this.#random.chance(this.failChance)) this.#report(pod, 'Failed');
  }

  #reportReady(node: Node): void {
    const lastTransitionTime = rfc3339(this.#clock.now());
    this.#store.editStatus(
      node,
      (draft) => {
        draft.status = { ...draft.status, conditions: [{ type: 'Ready', status: 'True', lastTransitionTime }] };
      },
      'kubelet',
    );
  }

  #report(pod: Pod, phase: 'Running' | 'Failed' | 'Succeeded'): void {
    const lastTransitionTime = rfc3339(this.#clock.now());
    const status = phase === 'Running' && !isBroken(pod) ? 'True' : 'False';
    const conditions = [{ type: 'Ready', status, lastTransitionTime }];
    const podIP = `10.0.${this.#random.int(0, 255)}.${this.#random.int(1, 254)}`;
    this.#store.editStatus(
      pod,
      (draft) => {
        draft.status = { podIP, startTime: lastTransitionTime, ...draft.status, phase, conditions };
      },
      'kubelet',
    );
  }
}

/** True for a pod of an image that runs and never becomes ready. */
function isBroken({ spec }: Pod): boolean {
  return spec.containers.some(({ image }) => image === brokenImage);
}

function isSchedulable({ spec }: Node, pod?: Pod): boolean {
  const tolerations = pod?.spec.tolerations ?? [];
  const bears = (taint: Taint): boolean => tolerations.some((toleration) => tolerates(toleration, taint));
  const taints = (spec?.taints ?? []).filter(({ effect }) => effect !== 'PreferNoSchedule');
  return taints.every(bears) && (!spec?.unschedulable || bears({ key: unschedulableKey, effect: 'NoSchedule' }));
}

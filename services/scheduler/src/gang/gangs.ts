import type { Amounts } from '@gantry/model/amounts.ts';
import type { PodInfo } from '../requirement.ts';
import type { PodRecord } from '../state/pod-class.ts';

/** How a group of pods wants to be placed. */
export interface GroupInfo {
  /** Pods without which none of the group is placed; 1 or more. */
  readonly minMember: number;
  /** Room that all nodes together must have for it to be tried. */
  readonly minResources: Amounts;
  /** Milliseconds that room is held for it while other pods leave its nodes. */
  readonly timeoutMs: number;
}

/** The pods of a group, as far as they concern us: on a node, or waiting for one. */
export class Gang {
  /** Namespace and name of the group. */
  readonly key: string;
  /** Undefined where there is no such group, or not yet. */
  info: GroupInfo | undefined;
  /** Members on record, by uid. */
  readonly members = new Map<string, PodRecord>();
  /** Uids of members that have done their work: they count as if they had a node. */
  readonly succeeded = new Set<string>();

  constructor(key: string) {
    this.key = key;
  }

  /** Members whose nodes are beyond doubt. */
  get settled(): number {
    return this.succeeded.size + this.#onNodes.length;
  }

  /** Members that must be placed together for any to be. */
  get lacks(): number {
    return Math.max(0, (this.info?.minMember ?? 0) - this.settled);
  }

  /** Members on nodes that would be left when others go, if they would be too few: a gang goes as a whole. */
  leftBehind(others: ReadonlySet<PodRecord>): readonly PodRecord[] {
    const left = this.#onNodes.filter((pod) => !others.has(pod));
    return this.info !== undefined && this.succeeded.size + left.length < this.info.minMember ? left : [];
  }

  get #onNodes(): PodRecord[] {
    return [...this.members.values()].filter((pod) => pod.state === 'bound' && !pod.terminating && !pod.evicting);
  }

  /** True while the api is asked to bind some: until it has answered nobody knows how many are lacking. */
  get isInFlight(): boolean {
    return this.members.values().some(({ state }) => state === 'assumed');
  }
}

/** The gangs of the cluster, by group and by member. A pod names its group, whether or not there is such a group. */
export class Gangs {
  readonly #byKey = new Map<string, Gang>();
  readonly #byMember = new Map<string, Gang>();

  /** A group is new, changed, or gone. */
  setGroup(key: string, info: GroupInfo | undefined): Gang {
    const gang = this.#gang(key);
    gang.info = info;
    this.#dropEmpty(gang);
    return gang;
  }

  /** A member is on record now. */
  add({ uid, namespace, group }: PodInfo, pod: PodRecord): void {
    if (group === '') return;
    const gang = this.#gang(keyOfGroup(namespace, group));
    gang.members.set(uid, pod);
    this.#byMember.set(uid, gang);
  }

  /** A member has done its work. */
  succeeded({ uid, namespace, group }: PodInfo): void {
    if (group === '') return;
    const gang = this.#gang(keyOfGroup(namespace, group));
    gang.succeeded.add(uid);
    this.#byMember.set(uid, gang);
  }

  /** A pod is gone, or on record no more. */
  remove(uid: string): void {
    const gang = this.#byMember.get(uid);
    if (gang === undefined) return;
    this.#byMember.delete(uid);
    gang.members.delete(uid);
    gang.succeeded.delete(uid);
    this.#dropEmpty(gang);
  }

  /** The gang of a pod; undefined where it belongs to none. */
  of(uid: string): Gang | undefined {
    return this.#byMember.get(uid);
  }

  #gang(key: string): Gang {
    let gang = this.#byKey.get(key);
    if (gang === undefined) {
      gang = new Gang(key);
      this.#byKey.set(key, gang);
    }
    return gang;
  }

  #dropEmpty(gang: Gang): void {
    const isEmpty = gang.info === undefined && gang.members.size + gang.succeeded.size === 0;
    if (isEmpty) this.#byKey.delete(gang.key);
  }
}

/** The key of a group. */
export function keyOfGroup(namespace: string, group: string): string {
  return `${namespace}/${group}`;
}

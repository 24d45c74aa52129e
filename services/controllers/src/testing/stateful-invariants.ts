import type { KindName } from '@gantry/model/built-in.ts';
import type { StatefulSet } from '@gantry/model/gen/gantry.apps.v1.ts';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { isReady } from '@gantry/model/ready.ts';
import { keyOf } from '../core/action.ts';
import { controllerOf } from '../core/owners.ts';
import { isWanted, ordinalOf, ordinalsOf, podName, revisionOf } from '../statefulset/identity.ts';
import { maxUnavailableOf } from '../statefulset/rolling.ts';
import type { Containers, RunningPod } from './containers.ts';
import type { Change, TruthStore } from './store.ts';
import { Violation } from './violation.ts';

const controller = 'statefulset-controller';

/** The revision of a kind that a controller's latest plan for a key was made from. */
type DecidedAt = (controller: string, key: string, kind?: KindName) => number;

/**
 * Promises of StatefulSets that hold at every write: one pod of a name runs at a time, wherever it is; ordered sets keep their order; the
 * partition is kept; and no more pods are taken than may be missing. A plan is held to the states since it was made.
 */
export class StatefulInvariants {
  readonly #store: TruthStore;
  readonly #containers: Containers;
  readonly #decidedAt: DecidedAt;

  constructor(store: TruthStore, containers: Containers, decidedAt: DecidedAt) {
    this.#store = store;
    this.#containers = containers;
    this.#decidedAt = decidedAt;
    containers.onStart((started) => this.#isAlone(started));
    store.onChange((change) => {
      const { object, old, type, by } = change;
      if (object.kind !== 'Pod' || by !== controller) return;
      if (type === 'put' && old === undefined) this.#created(object);
      const leaves = type === 'delete' || object.metadata.deletionTimestamp !== undefined;
      if (leaves && old !== undefined && old.metadata.deletionTimestamp === undefined) this.#deleted(old as Pod);
    });
  }

  /** No containers of a pod start while those of another one of its name run, on whatever node. */
  #isAlone({ pod, nodeName }: RunningPod): void {
    if (controllerOf(pod)?.kind !== 'StatefulSet') return;
    const twin = this.#containers.running.find((other) => keyOf(other.pod) === keyOf(pod));
    if (twin === undefined) return;
    throw new Violation(`pod ${pod.metadata.name} starts on ${nodeName} while it runs on ${twin.nodeName}`);
  }

  #created(pod: Pod): void {
    const set = this.#setOf(pod);
    if (set === undefined) return;
    const versions = this.#setVersions(set);
    const ordinal = ordinalOf(pod, set)!;
    const { name } = pod.metadata;
    if (!versions.some((version) => isWanted(ordinal, version)))
      throw new Violation(`${name} is made, and nobody wants it`);
    if (versions.every((version) => isBelowPartition(ordinal, version))) this.#isOfCurrentRevision(pod, versions);
    if (!isOrdered(set)) return;
    const missing = wantedOrdinals(versions).find((lower) => lower < ordinal && !this.#served(set, lower));
    if (missing !== undefined) throw new Violation(`${name} is made before ${podName(set, missing)} is ready`);
  }

  #isOfCurrentRevision(pod: Pod, versions: readonly StatefulSet[]): void {
    const names = versions.map(({ status }) => status?.currentRevision);
    if (names.includes(undefined) || names.includes(revisionOf(pod))) return;
    throw new Violation(`${pod.metadata.name} is below the partition, and made of revision ${revisionOf(pod)}`);
  }

  #deleted(pod: Pod): void {
    const set = this.#setOf(pod);
    if (set === undefined) return;
    const versions = this.#setVersions(set);
    const ordinal = ordinalOf(pod, set)!;
    if (versions.every((version) => !isWanted(ordinal, version))) this.#scaledDown(set, ordinal);
    else if (versions.every((version) => isWanted(ordinal, version)) && this.#isAvailable(pod, set)) {
      this.#taken(set, pod, versions);
    }
  }

  /** Ordered sets end one pod after another, from the highest ordinal. */
  #scaledDown(set: StatefulSet, ordinal: number): void {
    if (!isOrdered(set)) return;
    const higher = this.#podsOf(set).find(
      (other) => ordinalOf(other, set)! > ordinal && !isWanted(ordinalOf(other, set)!, set),
    );
    if (higher !== undefined && this.#versionsOf(set, higher.metadata.name).length > 0) {
      throw new Violation(`${podName(set, ordinal)} ends before ${higher.metadata.name}`);
    }
  }

  /** A pod that serves gives way to an updated one. */
  #taken(set: StatefulSet, pod: Pod, versions: readonly StatefulSet[]): void {
    const ordinal = ordinalOf(pod, set)!;
    const { name } = pod.metadata;
    if (versions.every((version) => isBelowPartition(ordinal, version)))
      throw new Violation(`${name} is below the partition, and taken`);
    const missing = wantedOrdinals(versions).filter((other) => other !== ordinal && !this.#served(set, other, true));
    const most = Math.max(...versions.map(maxUnavailableOf));
    if (missing.length + 1 > most) {
      throw new Violation(
        `${name} is taken beside ${missing.length} missing pods of StatefulSet ${set.metadata.name}, at most ${most}`,
      );
    }
  }

  /** True for a pod that has served for as long as the set asks for, as far as anybody could have seen when the plan was made. */
  #isAvailable(pod: Pod, set: StatefulSet): boolean {
    const since = this.#decidedAt(controller, keyOf(set), 'Pod');
    const own = this.#store.changesOf('Pod').filter(({ object, revision }) => {
      return object.metadata.uid === pod.metadata.uid && revision <= since;
    });
    const ready = own.slice(own.findLastIndex(({ object }) => !isServing(object as Pod)) + 1);
    if (ready.length === 0 || !isServing(pod)) return false;
    return (
      own.length > 0 &&
      ready[0]!.atMs + (set.spec.minReadySeconds ?? 0) * 1000 <=
        this.#store.changesOf('Pod').findLast(({ revision }) => revision <= since)!.atMs
    );
  }

  /** True where the pod served in some state since the plan was made; `unlessTaken`: and the controller has not taken it since. */
  #served(set: StatefulSet, ordinal: number, unlessTaken = false): boolean {
    const versions = this.#versionsOf(set, podName(set, ordinal));
    if (unlessTaken && versions.some(({ object, by }) => by === controller && !isStaying(object as Pod))) return false;
    return versions.some(({ type, object }) => type === 'put' && isServing(object as Pod));
  }

  /** The states of a pod's name since the plan was made, the one of then among them. */
  #versionsOf(set: StatefulSet, name: string): Change[] {
    const since = this.#decidedAt(controller, keyOf(set), 'Pod');
    const own = this.#store.changesOf('Pod').filter(({ object: { metadata } }) => {
      return metadata.name === name && metadata.namespace === set.metadata.namespace;
    });
    return own.slice(
      Math.max(
        0,
        own.findLastIndex(({ revision }) => revision <= since),
      ),
    );
  }

  #setVersions(set: StatefulSet): StatefulSet[] {
    const since = this.#decidedAt(controller, keyOf(set));
    const own = this.#store.changesOf('StatefulSet').filter(({ object }) => object.metadata.uid === set.metadata.uid);
    const first = own.findLastIndex(({ revision }) => revision <= since);
    return own.slice(Math.max(0, first)).map(({ object }) => object as StatefulSet);
  }

  #setOf(pod: Pod): StatefulSet | undefined {
    const owner = controllerOf(pod);
    const set = owner === undefined ? undefined : this.#store.byUid(owner.uid);
    return set?.kind === 'StatefulSet' ? set : undefined;
  }

  #podsOf(set: StatefulSet): Pod[] {
    return this.#store.all('Pod').filter((pod) => controllerOf(pod)?.uid === set.metadata.uid);
  }
}

function isOrdered({ spec }: StatefulSet): boolean {
  return spec.podManagementPolicy !== 'Parallel';
}

function isStaying({ metadata }: Pod): boolean {
  return metadata.deletionTimestamp === undefined;
}

function isServing(pod: Pod): boolean {
  return isReady(pod) && pod.status?.phase === 'Running' && isStaying(pod);
}

function isBelowPartition(ordinal: number, { spec }: StatefulSet): boolean {
  return ordinal < (spec.ordinals?.start ?? 0) + (spec.updateStrategy?.rollingUpdate?.partition ?? 0);
}

/** Ordinals that all of these states ask for. */
function wantedOrdinals(versions: readonly StatefulSet[]): number[] {
  const { start, count } = ordinalsOf(versions[0]!);
  const all = Array.from({ length: count }, (_, index) => start + index);
  return all.filter((ordinal) => versions.every((version) => isWanted(ordinal, version)));
}

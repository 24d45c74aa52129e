import type { ResourceName } from '@gantry/client/api.ts';
import { builtIn, type KindName } from '@gantry/model/built-in.ts';
import type { Deployment, ReplicaSet } from '@gantry/model/gen/gantry.apps.v1.ts';
import type { Node, Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { claimProtection, volumeProtection } from '@gantry/model/kinds/persistentvolume/protection.ts';
import { claimsOf } from '@gantry/model/kinds/pod/claims.ts';
import { outOfServiceKey } from '@gantry/model/taints.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { type AnyObject, keyOf } from '../core/action.ts';
import { controllerOf } from '../core/owners.ts';
import { isActive } from '../core/pods.ts';
import { rolloutBounds } from '../deployment/rolling.ts';
import { foregroundFinalizer, orphanFinalizer } from './deletion.ts';
import { DeploymentInvariants, isGoverned } from './deployment-invariants.ts';
import { foreignKinds, idOf } from './foreign.ts';
import { JobInvariants } from './job-invariants.ts';
import type { Players } from './players.ts';
import { StatefulInvariants } from './stateful-invariants.ts';
import type { Change, TruthStore } from './store.ts';
import { Violation } from './violation.ts';

/** The facts that invariants go by. */
export interface Surroundings {
  readonly store: TruthStore;
  readonly clock: Clock;
  readonly players: Players;
  /** The revision of a kind that a controller's latest plan for a key was made from; of the controller's own kind where none is named. */
  readonly decidedAt: (controller: string, key: string, kind?: KindName) => number;
}

const collector = 'garbage-collector';
/** Milliseconds from a check of an owner to the arrival of the deletion that it allowed, at most: two ways, one of a late call, and steps. */
const thinkingMs = 2_200;
const people = ['user', 'kubelet', 'scheduler'];

/** Promises that hold at every write of a controller, whatever is late, lost or repeated. */
export class Invariants {
  readonly #around: Surroundings;
  /** Owners from whose deletion an object was exempt, by the object's uid. */
  readonly #orphanedFrom = new Map<string, Set<string>>();
  /** Pods and ReplicaSets that found their managing owner after they were made: it did not ask for them. */
  readonly #adopted = new Set<string>();
  /** Users that a volume or claim had when its end was asked for, by its uid: nobody uses it from then on. */
  readonly #usersOf = new Map<string, readonly AnyObject[]>();
  #settledAt = 0;

  constructor(around: Surroundings) {
    this.#around = around;
    new DeploymentInvariants(around);
    new JobInvariants(around.store, around.decidedAt);
    new StatefulInvariants(around.store, around.players.containers, around.decidedAt);
    around.store.onChange((change) => {
      this.#noteOrphans(change);
      const { type, object, old } = change;
      if (type === 'put' && old !== undefined && !controllerOf(old) && controllerOf(object)) {
        this.#adopted.add(object.metadata.uid!);
      }
      if (change.type === 'delete') this.#vanished(change.object);
      if (people.includes(change.by)) return;
      if (change.type === 'put' && change.old === undefined && change.object.kind === 'Pod')
        this.#created(change.object);
      if (change.type === 'put') this.#notAdoptedBack(change);
    });
    around.store.onDeletion((object, options, by) => {
      this.#noteUsers(object);
      if (object.kind === 'Pod' && options.gracePeriodSeconds === 0 && !people.includes(by)) this.#forced(object, by);
      if (by === collector) this.#collected(object);
    });
  }

  /** Everything that was wanted before has come to pass. */
  settled(): void {
    this.#settledAt = this.#around.store.revision;
  }

  /** Creating a pod never makes more than its owner asks for, or asked for when the plan was made. */
  #created(pod: Pod): void {
    const { store, decidedAt } = this.#around;
    const owner = controllerOf(pod);
    const set = owner === undefined ? undefined : store.byUid(owner.uid);
    if (set?.kind !== 'ReplicaSet') return;
    const replicas = this.#versions(set, decidedAt('replicaset-controller', keyOf(set))).map(
      ({ spec }) => spec.replicas ?? 1,
    );
    const pods = store.all('Pod').filter((other) => isActive(other) && controllerOf(other)?.uid === set.metadata.uid);
    if (pods.length > Math.max(...replicas)) {
      throw new Violation(`${pods.length} pods of ReplicaSet ${set.metadata.name}, which asks for ${replicas.at(-1)}`);
    }
    const above = controllerOf(set);
    const deployment = above === undefined ? undefined : store.byUid(above.uid);
    if (deployment?.kind === 'Deployment') this.#withinSurge(deployment, pod);
  }

  #withinSurge(deployment: Deployment, pod: Pod): void {
    const { store } = this.#around;
    const made = <T extends AnyObject>(objects: readonly T[], owners: ReadonlySet<string | undefined>): T[] =>
      objects.filter((object) => owners.has(controllerOf(object)?.uid) && !this.#adopted.has(object.metadata.uid!));
    const sets = made(store.all('ReplicaSet'), new Set([deployment.metadata.uid]));
    const uids = new Set(sets.map(({ metadata }) => metadata.uid));
    const pods = made(store.all('Pod').filter(isActive), uids);
    const bound = isGoverned(deployment, store) ? mostGovernedPods : mostPods;
    const most = Math.max(...this.#versions(deployment, this.#settledAt).map(bound));
    if (pods.length <= most || !uids.has(controllerOf(pod)?.uid)) return;
    const perSet = sets.map(({ metadata, spec }) => `${metadata.name}: ${spec.replicas}`).join(', ');
    throw new Violation(`${pods.length} pods of Deployment ${deployment.metadata.name}, at most ${most} (${perSet})`);
  }

  /** The states of an object since a revision, the one that it had then among them. */
  #versions<T extends ReplicaSet | Deployment>(object: T, since: number): T[] {
    const all = this.#around.store.changesOf(object.kind as KindName);
    const own = all.filter((change) => change.object.metadata.uid === object.metadata.uid);
    const first = own.findLastIndex(({ revision }) => revision <= since);
    return own.slice(Math.max(0, first)).map((change) => change.object as T);
  }

  /** A pod whose node lives, or is merely silent, is never taken from it without its node's word. */
  #forced(pod: Pod, by: string): void {
    const { nodeName } = pod.spec;
    const { store, players } = this.#around;
    if (!nodeName || store.find('Node', undefined, nodeName) === undefined) return;
    // Whoever declares a node out of service answers for its being off.
    if (this.#wasOutOfService(nodeName)) return;
    const state = players.isLive(nodeName) ? 'live' : 'silent';
    throw new Violation(`${by} force-deletes pod ${pod.metadata.name} of the ${state} node ${nodeName}`);
  }

  /** True for a node that an administrator declares out of service, or did a moment ago: whoever thinks better of it may be too late. */
  #wasOutOfService(nodeName: string): boolean {
    const { clock, store } = this.#around;
    const changes = store.changesOf('Node').filter(({ object }) => object.metadata.name === nodeName);
    const ends = changes.map((_change, index) => changes[index + 1]?.atMs ?? Number.POSITIVE_INFINITY);
    return changes.some(
      ({ object }, index) => isOutOfService(object as Node) && ends[index]! > clock.monotonic() - thinkingMs,
    );
  }

  /** Only objects are collected all of whose owners are gone or wait for them to go. */
  #collected(object: AnyObject): void {
    const { name, namespace, uid } = object.metadata;
    const references = object.metadata.ownerReferences ?? [];
    for (const reference of references) {
      const kind =
        builtIn.kindOf(groupOf(reference.apiVersion), reference.kind) ??
        foreignKinds.get(idOf(reference) as ResourceName);
      if (kind === undefined) throw new Violation(`${name} is collected, whose owner is of an unknown kind`);
      if (kind.namespaced && !namespace) throw new Violation(`${name} is collected, whose owner cannot be found`);
      const owner = this.#around.store.byUid(reference.uid);
      const isThere = owner !== undefined && (!kind.namespaced || owner.metadata.namespace === namespace);
      if (!isThere || this.#waits(owner)) continue;
      throw new Violation(`${name} is collected, whose owner ${reference.kind} ${owner.metadata.name} exists`);
    }
    const released = this.#orphanedFrom.get(uid!);
    const others = references.some((reference) => {
      return !released?.has(reference.uid) || this.#waits(this.#around.store.byUid(reference.uid));
    });
    if (released !== undefined && !others) throw new Violation(`${name} is collected, which was orphaned`);
  }

  /** True for an owner that waits for its dependents to go, or did a moment ago: whoever thinks better of it may be too late. */
  #waits(owner: AnyObject | undefined): boolean {
    if (owner === undefined) return false;
    const { clock, store } = this.#around;
    const changes = store.changesOf(idOf(owner)).filter(({ object }) => object.metadata.uid === owner.metadata.uid);
    const ends = changes.map((_change, index) => changes[index + 1]?.atMs ?? Number.POSITIVE_INFINITY);
    return changes.some(({ object }, index) => isWaiting(object) && ends[index]! > clock.monotonic() - thinkingMs);
  }

  #noteUsers(object: AnyObject): void {
    const { uid, finalizers = [] } = object.metadata;
    if (!finalizers.includes(volumeProtection) && !finalizers.includes(claimProtection)) return;
    if (!this.#usersOf.has(uid!)) this.#usersOf.set(uid!, usersOf(object, this.#around.store));
  }

  /** A claim that pods use, and a volume that is bound, stay for as long. */
  #vanished({ kind, metadata }: AnyObject): void {
    const users = this.#usersOf.get(metadata.uid!) ?? [];
    const user = users.find(({ metadata: { uid } }) => this.#around.store.byUid(uid!) !== undefined);
    if (user !== undefined) throw new Violation(`${kind} ${metadata.name} is gone, which ${user.metadata.name} uses`);
  }

  /** An object that is released from an owner stays released. */
  #notAdoptedBack({ object, old, by }: Change): void {
    const released = this.#orphanedFrom.get(object.metadata.uid!);
    if (released === undefined) return;
    const before = new Set((old?.metadata.ownerReferences ?? []).map(({ uid }) => uid));
    for (const { uid } of object.metadata.ownerReferences ?? []) {
      if (released.has(uid) && !before.has(uid)) throw new Violation(`${by} adopts ${object.metadata.name} back`);
    }
  }

  /** Notes from whom objects are released; users may think better of it until their owner is gone. */
  #noteOrphans({ type, object, old, by }: Change): void {
    const { uid, finalizers = [] } = object.metadata;
    const orphans = type === 'put' && finalizers.includes(orphanFinalizer);
    const orphaned = (old?.metadata.finalizers ?? []).includes(orphanFinalizer);
    if (orphans === orphaned || by === collector) return;
    for (const kind of ['ReplicaSet', 'Pod', 'EndpointSlice', 'ConfigMap', ...foreignKinds.keys()] as const) {
      for (const dependent of this.#around.store.all(kind)) {
        // A reference into another namespace owns nothing.
        const { namespace, ownerReferences = [] } = dependent.metadata;
        const isOwned = ownerReferences.some(
          ({ uid: of, apiVersion }) => of === uid && apiVersion === object.apiVersion,
        );
        if (!isOwned || namespace !== object.metadata.namespace) continue;
        const from = this.#orphanedFrom.get(dependent.metadata.uid!) ?? new Set();
        if (orphans) from.add(uid!);
        else from.delete(uid!);
        this.#orphanedFrom.set(dependent.metadata.uid!, from);
        if (from.size === 0) this.#orphanedFrom.delete(dependent.metadata.uid!);
      }
    }
  }
}

/** Pods with a node that use a claim, or the claim that a volume is bound to. */
function usersOf(object: AnyObject, store: TruthStore): AnyObject[] {
  if (object.kind === 'PersistentVolumeClaim') {
    return store.all('Pod').filter((pod) => pod.spec.nodeName && claimsOf(pod).includes(keyOf(object)));
  }
  if (object.kind !== 'PersistentVolume' || object.status?.phase !== 'Bound') return [];
  const claim = store.byUid(object.spec.claimRef?.uid ?? '');
  return claim === undefined ? [] : [claim];
}

/** Under a Rollout four revisions may be whole: the stable one and the one before, the canary, and one that was given up a moment ago. */
function mostGovernedPods({ spec }: Deployment): number {
  return 4 * (spec.replicas ?? 1);
}

function mostPods({ spec }: Deployment): number {
  const replicas = spec.replicas ?? 1;
  if (spec.strategy?.type === 'Recreate') return replicas;
  const { maxSurge = '25%', maxUnavailable = '25%' } = spec.strategy?.rollingUpdate ?? {};
  return replicas + rolloutBounds(replicas, maxSurge, maxUnavailable).maxSurge;
}

function isWaiting({ metadata }: AnyObject): boolean {
  return metadata.deletionTimestamp !== undefined && (metadata.finalizers ?? []).includes(foregroundFinalizer);
}

function isOutOfService({ spec }: Node): boolean {
  return spec?.taints?.some(({ key }) => key === outOfServiceKey) ?? false;
}

function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}

import type { KindName } from '@gantry/model/built-in.ts';
import type { Deployment, ReplicaSet } from '@gantry/model/gen/gantry.apps.v1.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { type AnyObject, keyOf } from '../core/action.ts';
import { controllerOf } from '../core/owners.ts';
import { desiredWhenSized } from '../deployment/annotations.ts';
import { rolloutBounds } from '../deployment/rolling.ts';
import type { Change, TruthStore } from './store.ts';
import { Violation } from './violation.ts';

const controller = 'deployment-controller';
/** Milliseconds from a plan to the arrival of its writes, at most: another leader may have planned meanwhile. */
const underWayMs = 2_200;

/** The facts that these promises go by. */
interface Surroundings {
  readonly store: TruthStore;
  readonly clock: Clock;
  /** The revision of a kind that a controller's latest plan for a key was made from. */
  readonly decidedAt: (controller: string, key: string, kind?: KindName) => number;
}

/** True under a Rollout, whose own promises stand in rollout-invariants.ts: the canary goes also where the stable set lacks pods. */
export function isGoverned({ metadata }: Deployment, store: TruthStore): boolean {
  return store.all('Rollout').some(({ spec }) => spec.workloadRef.name === metadata.name);
}

/**
 * Promises of rolling updates that hold at every write: the controller never takes so many pods of old sets that fewer are left than the strategy
 * allows, by the counts that the sets gave when the plan was made, or since.
 */
export class DeploymentInvariants {
  readonly #around: Surroundings;

  constructor(around: Surroundings) {
    this.#around = around;
    around.store.onChange(({ type, object, old, by }) => {
      if (by !== controller || type !== 'put' || object.kind !== 'ReplicaSet' || old === undefined) return;
      const before = sizeOf(old as ReplicaSet);
      if (sizeOf(object as ReplicaSet) < before) this.#shrunk(object as ReplicaSet);
    });
  }

  #shrunk(set: ReplicaSet): void {
    const { store } = this.#around;
    const owner = controllerOf(set);
    const deployment = owner === undefined ? undefined : (store.byUid(owner.uid) as Deployment | undefined);
    if (deployment === undefined || isGoverned(deployment, store)) return;
    const shortages = this.#views(deployment).map((view) => shortageOf(view, this.#setsOf(deployment)));
    // One view that allows it is enough: nobody knows which one the plan was made from.
    const smallest = Math.min(...shortages);
    if (smallest <= 0) return;
    const { name } = deployment.metadata;
    throw new Violation(
      `${set.metadata.name} shrinks, and ${smallest} available pods of Deployment ${name} are missing`,
    );
  }

  /** The states of a Deployment and its sets that its plan may have been made from. */
  #views(deployment: Deployment): View[] {
    const { store, clock, decidedAt } = this.#around;
    const key = keyOf(deployment);
    const recent = (kind: KindName): number[] => {
      const decided = decidedAt(controller, key, kind);
      const since = clock.monotonic() - underWayMs;
      const changes = store.changesOf(kind).filter(({ revision, atMs }) => revision > decided || atMs >= since);
      return [decided, ...changes.map(({ revision }) => revision - 1), store.revision - 1];
    };
    const deployments = new Set(recent('Deployment').map((revision) => stateAt(store, deployment, revision)));
    const revisions = new Set(recent('ReplicaSet'));
    return [...deployments].flatMap((then) =>
      [...revisions].map((revision): View => {
        const sets = this.#setsOf(deployment).map((set) => stateAt(store, set, revision));
        return { deployment: (then ?? deployment) as Deployment, sets: sets.filter((set) => set !== undefined) };
      }),
    );
  }

  #setsOf(deployment: Deployment): ReplicaSet[] {
    const { uid } = deployment.metadata;
    return this.#around.store.all('ReplicaSet').filter((set) => controllerOf(set)?.uid === uid);
  }
}

interface View {
  readonly deployment: Deployment;
  readonly sets: readonly ReplicaSet[];
}

/**
 * Available pods that are missing after a step of a rolling update, beyond those that were missing before; none where the plan was none of a
 * rolling update, such as a scaling.
 *
 * @param after the sets now.
 */
function shortageOf({ deployment, sets }: View, after: readonly ReplicaSet[]): number {
  const { replicas = 1, strategy, paused } = deployment.spec;
  const isScaled = sets.some((set) => sizeOf(set) > 0 && (desiredWhenSized(set) ?? replicas) !== replicas);
  if (paused || isScaled || strategy?.type !== 'RollingUpdate') return 0;
  const { maxSurge = '25%', maxUnavailable = '25%' } = strategy.rollingUpdate ?? {};
  const least = replicas - rolloutBounds(replicas, maxSurge, maxUnavailable).maxUnavailable;
  const available = new Map(sets.map(({ metadata, status }) => [metadata.uid, status?.availableReplicas ?? 0]));
  const kept = (those: readonly ReplicaSet[]): number =>
    those.reduce((sum, set) => sum + Math.min(sizeOf(set), available.get(set.metadata.uid) ?? 0), 0);
  return Math.min(least, kept(sets)) - kept(after);
}

function sizeOf({ spec }: ReplicaSet): number {
  return spec.replicas ?? 1;
}

/** The state that an object had at a revision; undefined where it was not there yet. */
function stateAt<T extends AnyObject>(store: TruthStore, { kind, metadata }: T, revision: number): T | undefined {
  const isOwn = ({ object }: Change): boolean => object.metadata.uid === metadata.uid;
  return store.changesOf(kind as KindName).findLast((change) => change.revision <= revision && isOwn(change))?.object as
    | T
    | undefined;
}

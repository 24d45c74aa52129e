import { isDeepStrictEqual } from 'node:util';
import type { Deployment, ReplicaSet } from '@gantry/model/gen/gantry.apps.v1.ts';
import type { Action } from '../core/action.ts';
import { currentAnnotations, sizeAnnotations } from './annotations.ts';
import { nextNewSize, nextOldSizes, type SetSize } from './rolling.ts';
import { isLive, nextRevision } from './sets.ts';
import type { Rollout } from './status.ts';

/** A set, and the number of pods that it is to ask for. */
export interface Resize {
  readonly set: ReplicaSet;
  readonly size: number;
  /** The set has its share of the Deployment's replicas then, and remembers the counts that this goes by. */
  readonly isShare: boolean;
}

/** The step of a rolling update: the new set grows where it has room, and else the old ones shrink. */
export function rollingStep({ bounds, old }: Rollout, current: ReplicaSet): Resize[] {
  const live = old.filter(isLive);
  const size = nextNewSize(bounds, sizeOf(current), old.map(sizeOf));
  if (size !== (current.spec.replicas ?? 1)) return [{ set: current, size, isShare: true }];
  const sizes = nextOldSizes(bounds, sizeOf(current), live.map(sizeOf));
  return live
    .map((set, index) => ({ set, size: sizes[index]!, isShare: true }))
    .filter((resize) => resize.size !== resize.set.spec.replicas);
}

/** True where a set's controller has acted on its present spec: its status counts the pods that there are. */
export function isObserved({ metadata, status }: ReplicaSet): boolean {
  return (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0);
}

/** A set as the arithmetic of a rollout sees it. */
export function sizeOf(set: ReplicaSet): Required<SetSize> {
  const wanted = set.spec.replicas ?? 1;
  const available = Math.min(wanted, set.status?.availableReplicas ?? 0);
  // A set that does not know its present size yet may still be making pods for another one.
  const atMost = isObserved(set) ? Math.max(wanted, set.status?.replicas ?? 0) : Number.POSITIVE_INFINITY;
  return { wanted, available, atMost };
}

/** Writes sets that are resized, and the one of the present template where it lacks what it takes over from its Deployment. */
export function setWrites(rollout: Rollout, resizes: readonly Resize[]): Action[] {
  const { deployment, current } = rollout;
  // A set that is resized is written with its annotations in one go.
  const isRewritten = resizes.some(({ set }) => set === current);
  const kept = current === undefined || isRewritten ? [] : [keep(current)];
  return [...kept, ...resizes].flatMap((resize) => {
    const object = resized(rollout, resize);
    if (object === undefined) return [];
    const { set, size } = resize;
    const before = set.spec.replicas ?? 1;
    return [{ type: 'update', object }, ...scalingEvent(deployment, set.metadata.name, before, size)] as const;
  });
}

/** Tells users of a set's new size; of none where it stays. */
export function scalingEvent(about: Deployment, set: string, from: number, to: number): Action[] {
  if (from === to) return [];
  const message = `Scaled ${to > from ? 'up' : 'down'} replica set ${set} from ${from} to ${to}`;
  return [{ type: 'event', about, eventType: 'Normal', reason: 'ScalingReplicaSet', message }];
}

function keep(set: ReplicaSet): Resize {
  return { set, size: set.spec.replicas ?? 1, isShare: false };
}

/**
 * The set as it is to be; undefined where it is so already. A set of an older template keeps what it took over from the Deployment of
 * its time, such as the cause of the change.
 */
function resized(
  { deployment, current, old, bounds }: Rollout,
  { set, size, isShare }: Resize,
): ReplicaSet | undefined {
  const isCurrent = set === current;
  const annotations = {
    ...(isCurrent ? currentAnnotations(deployment, set, nextRevision(old)) : set.metadata.annotations),
    ...(isShare ? sizeAnnotations(deployment, bounds.replicas + bounds.maxSurge) : {}),
  };
  const minReadySeconds = (isCurrent ? deployment.spec : set.spec).minReadySeconds ?? 0;
  const isSame =
    size === (set.spec.replicas ?? 1) &&
    minReadySeconds === (set.spec.minReadySeconds ?? 0) &&
    isDeepStrictEqual(annotations, { ...set.metadata.annotations });
  if (isSame) return undefined;
  return {
    ...set,
    metadata: { ...set.metadata, annotations },
    spec: { ...set.spec, replicas: size, minReadySeconds },
  };
}

/** Rolls a StatefulSet's pods from one revision to the next. */
import type { StatefulSet } from '@gantry/model/gen/gantry.apps.v1.ts';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { isLeaving } from '../core/pods.ts';
import { resolveIntOrPercent } from '../deployment/rolling.ts';
import { revisionOf } from './identity.ts';
import { isOrdered, isRunningAndReady, isServing, isUpdated, type Scene } from './scene.ts';

/** Pods of a rolling update that may be missing at once: at least one, or nothing could ever move. */
export function maxUnavailableOf({ spec }: StatefulSet): number {
  const { maxUnavailable = 1 } = spec.updateStrategy?.rollingUpdate ?? {};
  return Math.max(1, resolveIntOrPercent(maxUnavailable, spec.replicas ?? 1, 'down'));
}

/**
 * The pods that give way to updated ones now, the highest ordinal first: no more than may be missing beside those that are. In a
 * parallel set all old ones that are not ready go beside that, as they are missing anyway. Those that are ready and not yet available stay:
 * they may only seem so, to a process that has not seen them for long (Kubernetes takes them).
 */
export function outdatedPods(scene: Scene): Pod[] {
  const { set, replicas } = scene;
  const { type, rollingUpdate } = set.spec.updateStrategy ?? {};
  if (type !== 'RollingUpdate') return [];
  const missing = replicas.filter(({ pod }) => pod === undefined || !isServing(pod, scene)).length;
  const mayGo = Math.max(0, maxUnavailableOf(set) - missing);
  const outdated = replicas
    .slice(rollingUpdate?.partition ?? 0)
    .flatMap(({ pod }) => (pod === undefined || isLeaving(pod) || isUpdated(pod, scene) ? [] : [pod]))
    .reverse();
  outdated.push(...returning(scene, rollingUpdate?.partition ?? 0));
  if (isOrdered(scene)) return outdated.slice(0, mayGo);
  const idle = outdated.filter((pod) => !isRunningAndReady(pod));
  const serving = outdated.filter((pod) => isServing(pod, scene));
  return [...idle, ...serving.slice(0, mayGo)];
}

/** Pods below the partition that go back to the revision that a Rollout keeps, the highest ordinal first. */
function returning({ stable, replicas }: Scene, partition: number): Pod[] {
  if (stable === undefined) return [];
  return replicas
    .slice(0, partition)
    .flatMap(({ pod }) => (pod === undefined || isLeaving(pod) || revisionOf(pod) === stable ? [] : [pod]))
    .reverse();
}

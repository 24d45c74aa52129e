import type { History } from '../core/history.ts';
import { limitsOf, rolloutFor } from '../rollout/limits.ts';
import type { Scene } from './scene.ts';

/**
 * The scene as a Rollout wants it, where one decides: the canary's pods are those of the highest ordinals, and all others are of the stable
 * revision, or go back to it. The set's own partition and OnDelete do not count meanwhile.
 */
export function governed(scene: Scene, { all }: History): Scene {
  const { set, view, update } = scene;
  const limits = limitsOf(rolloutFor(set, view), update.metadata.name);
  if (limits?.canary === undefined) return scene;
  const stable = all.find(({ metadata }) => metadata.name === limits.stable);
  if (stable === undefined) return scene;
  const partition = Math.max(0, (set.spec.replicas ?? 1) - limits.canaryPods);
  const rollingUpdate = { ...set.spec.updateStrategy?.rollingUpdate, partition };
  const spec = { ...set.spec, updateStrategy: { type: 'RollingUpdate', rollingUpdate } };
  return { ...scene, set: { ...set, spec }, current: stable, stable: limits.stable };
}

import type { Container } from '@gantry/model/gen/gantry.core.v1.ts';
import { type Action, resizeKey } from '../pods/action.ts';
import { plannedContainers } from '../pods/spec.ts';
import { type PodView, runningContainers } from '../pods/view.ts';
import { restartsFor } from './policy.ts';
import { effectiveShare, sameShare } from './shares.ts';

/** The way in which a running container comes to the share that is set aside for it. */
export function stepsResize(view: PodView, container: Container, containerId: string): 'none' | 'update' | 'restart' {
  const before = view.resize.inForce.get(containerId);
  const after = effectiveShare(view.pod, container);
  if (before === undefined || sameShare(before, after)) return 'none';
  return restartsFor(container, before, after) ? 'restart' : 'update';
}

/** The action that carries a resize out, as long as it is not: one at a time, whatever generation asked for it. */
export function resizeActions(view: PodView): Action[] {
  const { underWay } = view.resize;
  if ([...view.memory.busy.keys()].some((key) => key.startsWith(resizeKey))) return [];
  const generation = underWay?.generation ?? view.pod.metadata.generation ?? 0;
  return (underWay !== undefined && !underWay.isApplied) || hasUpdates(view) ? [{ kind: 'resize', generation }] : [];
}

function hasUpdates(view: PodView): boolean {
  if (view.resize.inForce.size === 0) return false;
  const specs = new Map(plannedContainers(view.pod).map(({ name, spec }) => [name, spec]));
  return runningContainers(view).some(({ id, name }) => {
    const spec = specs.get(name);
    return spec !== undefined && stepsResize(view, spec, id) === 'update';
  });
}

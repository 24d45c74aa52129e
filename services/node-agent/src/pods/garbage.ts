import type { ObservedSandbox } from '../runtime/runtime.ts';
import type { Action } from './action.ts';
import { plannedContainers } from './spec.ts';
import { instancesOf, type PodView } from './view.ts';

/** Instances kept of each container: the present one, and the one before it for `logs --previous` and lastState. */
const keptInstances = 2;

/** Actions that remove the past of a running pod: older instances of its containers, and dead sandboxes in which nothing is kept. */
export function garbageOf(view: PodView, current: ObservedSandbox): Action[] {
  const kept = new Set(
    plannedContainers(view.pod).flatMap(({ name }) =>
      instancesOf(view, name)
        .slice(0, keptInstances)
        .map((container) => container.id),
    ),
  );
  const actions: Action[] = [];
  for (const sandbox of view.sandboxes) {
    const past = sandbox.id !== current.id && !sandbox.ready;
    if (past && !view.memory.stoppedSandboxes.has(sandbox.id)) {
      actions.push({ kind: 'stopSandbox', sandboxId: sandbox.id });
    } else if (past && !sandbox.containers.some((container) => kept.has(container.id))) {
      actions.push({ kind: 'removeSandbox', sandboxId: sandbox.id });
    } else {
      const old = sandbox.containers.filter(({ id, state }) => state.kind === 'exited' && !kept.has(id));
      actions.push(...old.map(({ id }): Action => ({ kind: 'removeContainer', containerId: id })));
    }
  }
  return actions;
}

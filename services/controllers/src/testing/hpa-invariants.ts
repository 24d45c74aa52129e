import type { Deployment } from '@gantry/model/gen/gantry.apps.v1.ts';
import type { HorizontalPodAutoscaler } from '@gantry/model/gen/gantry.autoscaling.v2.ts';
import { heard } from './hpa-scenario.ts';
import type { Simulation } from './simulation.ts';
import type { Change } from './store.ts';
import { Violation } from './violation.ts';

const controller = 'horizontal-pod-autoscaler';
/** Milliseconds in which a change follows the answer that it goes by: of the answer's way, and of a call that is late. */
const maxSinceHeardMs = 8_000;

/** Watches over promises that hold at every change of replicas by an autoscaler. */
export function watchAutoscalers(simulation: Simulation): void {
  simulation.store.onChange((change) => {
    if (change.by !== controller || change.type === 'delete' || change.object.kind !== 'Deployment') return;
    const from = (change.old as Deployment).spec.replicas ?? 1;
    const to = change.object.spec.replicas ?? 1;
    if (to === from) return;
    const versions = versionsSince(simulation, simulation.decidedAt(controller, 'default/web'));
    staysWithin(versions, to);
    staysAsleep(versions, from, to);
    isGradual(versions, from, to);
    isTold(simulation, versions, from, to, change);
  });
}

/** The states of the autoscaler since the controller's latest plan saw it, the one that it saw among them. */
function versionsSince(simulation: Simulation, since: number): HorizontalPodAutoscaler[] {
  const all = simulation.store.changesOf('HorizontalPodAutoscaler');
  const first = all.findLastIndex(({ revision }) => revision <= since);
  // A call of the plan before may still be on its way.
  return all.slice(Math.max(0, first - 3)).map(({ object }) => object as HorizontalPodAutoscaler);
}

function staysWithin(versions: readonly HorizontalPodAutoscaler[], to: number): void {
  const isAllowed = versions.some(({ spec }) => to >= (spec.minReplicas ?? 1) && to <= (spec.maxReplicas ?? 0));
  if (!isAllowed) throw new Violation(`an autoscaler sets ${to} replicas, outside of its bounds`);
}

/** A target that a person brought to zero stays there. */
function staysAsleep(versions: readonly HorizontalPodAutoscaler[], from: number, to: number): void {
  if (from !== 0) return;
  const own = versions.some(({ status }) =>
    status?.conditions?.some(({ type, status: is }) => type === 'ScaledToZero' && is === 'True'),
  );
  if (!own) throw new Violation(`an autoscaler wakes a target that it did not bring to zero, with ${to} replicas`);
}

/** Without rules, replicas at most double, or become four; a target outside of its bounds comes back at once. */
function isGradual(versions: readonly HorizontalPodAutoscaler[], from: number, to: number): void {
  const isFree = versions.some(
    ({ spec }) => spec.behavior !== undefined || from < (spec.minReplicas ?? 1) || from > (spec.maxReplicas ?? 0),
  );
  if (!isFree && to > Math.max(2 * from, 4)) throw new Violation(`an autoscaler goes from ${from} to ${to} at once`);
}

/** Replicas go only where somebody measured something, or the bounds ask for it. */
function isTold(
  simulation: Simulation,
  versions: readonly HorizontalPodAutoscaler[],
  from: number,
  to: number,
  { atMs }: Change,
): void {
  if (to >= from || versions.some(({ spec }) => from > (spec.maxReplicas ?? 0))) return;
  const sinceMs = atMs - (heard.get(simulation) ?? Number.NEGATIVE_INFINITY);
  if (sinceMs > maxSinceHeardMs)
    throw new Violation(`an autoscaler goes from ${from} to ${to}, and knows nothing since ${sinceMs} ms`);
}

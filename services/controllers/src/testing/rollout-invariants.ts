import type { Deployment, ReplicaSet } from '@gantry/model/gen/gantry.apps.v1.ts';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import type { Rollout } from '@gantry/model/gen/gantry.rollout.v1.ts';
import { podHashLabel } from '../core/history.ts';
import { controllerOf } from '../core/owners.ts';
import { isActive } from '../core/pods.ts';
import { hashLabel } from '../deployment/sets.ts';
import { planOf, weightAt } from '../rollout/plan.ts';
import type { Simulation } from './simulation.ts';
import type { Change } from './store.ts';
import { Violation } from './violation.ts';

/** Watches over promises that hold at every write of the controllers of a Rollout. */
export function watchRollouts(simulation: Simulation): void {
  simulation.store.onChange((change) => {
    if (change.by === 'user' || change.type === 'delete') return;
    const { object, old } = change;
    if (object.kind === 'Rollout' && change.by === 'rollout-controller') {
      keepsToSteps(object);
      doesNotFlap(object, old as Rollout | undefined);
      if (object.spec.workloadRef.kind === 'Deployment') hasPods(simulation, object, old as Rollout | undefined);
    }
    if (object.kind === 'Pod' && old === undefined) hasRoom(simulation, object, change.by);
    if (object.kind === 'ReplicaSet' && change.by === 'deployment-controller') {
      staysWhole(simulation, object, change);
    }
  });
}

/** The canary never has more of the requests than its step says, and none once it was given up. */
function keepsToSteps({ spec, status = {} }: Rollout): void {
  const { canaryRevision, canaryWeight = 0, currentStep = 0, phase, strategyHash } = status;
  const plan = planOf(spec.strategy);
  if (canaryWeight > 0 && (!canaryRevision || phase === 'Degraded' || phase === 'Healthy')) {
    throw new Violation(`a canary has ${canaryWeight} % as ${phase}`);
  }
  // A user's other strategy comes into force with the next look.
  if (strategyHash === plan.hash && canaryWeight > weightAt(plan, currentStep)) {
    throw new Violation(`a canary has ${canaryWeight} % at step ${currentStep}, of ${weightAt(plan, currentStep)} %`);
  }
}

/** A revision that was given up begins anew only where a user asks for it, and another one begins without requests. */
function doesNotFlap({ status = {} }: Rollout, old: Rollout | undefined): void {
  const before = old?.status ?? {};
  if (status.canaryRevision !== before.canaryRevision && (status.canaryWeight ?? 0) > 0) {
    throw new Violation('a canary begins with requests');
  }
  const isSame = status.canaryRevision === before.canaryRevision && before.phase === 'Degraded';
  if (isSame && status.phase !== 'Degraded' && status.handledRequest === before.handledRequest) {
    throw new Violation(`an aborted revision comes back as ${status.phase}`);
  }
}

/** A canary gets requests only after it had the pods that its step asks for. */
function hasPods(simulation: Simulation, { status = {} }: Rollout, old: Rollout | undefined): void {
  const { canaryRevision, canaryWeight = 0, stableRevision } = status;
  const promoted = stableRevision !== old?.status?.stableRevision && stableRevision === old?.status?.canaryRevision;
  const isRaised = canaryWeight > (old?.status?.canaryWeight ?? 0);
  if (!isRaised && !promoted) return;
  const revision = promoted ? stableRevision : canaryRevision;
  const had = simulation.store.changesOf('ReplicaSet').some(({ object }) => {
    const set = object as ReplicaSet;
    return set.metadata.labels?.[hashLabel] === revision && (set.status?.availableReplicas ?? 0) > 0;
  });
  if (!had) throw new Violation(`revision ${revision} gets requests, and never had a pod`);
}

/** A set makes no more pods of the canary than its Rollout says, or said when the plan was made. */
function hasRoom(simulation: Simulation, pod: Pod, by: string): void {
  const owner = controllerOf(pod);
  if (owner?.kind !== 'StatefulSet' && owner?.kind !== 'DaemonSet') return;
  const revision = pod.metadata.labels?.[podHashLabel];
  const since = simulation.decidedAt(by, `${pod.metadata.namespace}/${owner.name}`, 'Rollout');
  const rollouts = versionsSince(simulation, 'Rollout', since) as Rollout[];
  const mayHave = rollouts.map(({ status = {} }) => {
    if (!status.stableRevision || status.stableRevision === revision) return Number.POSITIVE_INFINITY;
    return status.canaryRevision === revision ? (status.canaryReplicas ?? 0) : 0;
  });
  const pods = simulation.all('Pod').filter(({ metadata }) => metadata.labels?.[podHashLabel] === revision);
  const has = pods.filter((other) => isActive(other)).length;
  if (has > Math.max(...mayHave))
    throw new Violation(`${has} pods of a canary, which may have ${Math.max(...mayHave)}`);
}

/** The stable revision loses no pods while there is another one. */
function staysWhole(simulation: Simulation, set: ReplicaSet, { old }: Change): void {
  const before = (old as ReplicaSet | undefined)?.spec.replicas ?? 0;
  const after = set.spec.replicas ?? 1;
  if (after >= before) return;
  const rollouts = versionsOf(simulation, 'Rollout');
  const revision = set.metadata.labels?.[hashLabel];
  const isKept = rollouts.every(({ status }) => status?.stableRevision === revision && Boolean(status?.canaryRevision));
  const least = Math.min(...versionsOf(simulation, 'Deployment').map(({ spec }) => spec.replicas ?? 1));
  if (isKept && after < least) {
    throw new Violation(`the stable revision is scaled to ${after}, of ${least}`);
  }
}

/** The states of an object since the deployment-controller's latest plan saw it, the one that it saw among them. */
function versionsOf(simulation: Simulation, kind: 'Rollout'): Rollout[];
function versionsOf(simulation: Simulation, kind: 'Deployment'): Deployment[];
function versionsOf(simulation: Simulation, kind: 'Rollout' | 'Deployment'): unknown[] {
  return versionsSince(simulation, kind, simulation.decidedAt('deployment-controller', 'default/web', kind));
}

function versionsSince(simulation: Simulation, kind: 'Rollout' | 'Deployment', since: number): unknown[] {
  const all = simulation.store.changesOf(kind);
  const first = all.findLastIndex(({ revision }) => revision <= since);
  return all.slice(Math.max(0, first)).map(({ object }) => object);
}

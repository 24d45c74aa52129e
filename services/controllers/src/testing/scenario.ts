import type { ReplicaSet } from '@gantry/model/gen/gantry.apps.v1.ts';
import type { Pod, ReplicationController } from '@gantry/model/gen/gantry.core.v1.ts';
import { isReady } from '@gantry/model/ready.ts';
import type { ControllerSettings } from '../controllers.ts';
import type { AnyObject } from '../core/action.ts';
import type { Consultant } from '../core/consult.ts';
import type { Measurer } from '../core/measure.ts';
import { controllerOf } from '../core/owners.ts';
import { isActive } from '../core/pods.ts';
import { aNode } from './objects.ts';
import type { Faults, Simulation } from './simulation.ts';
import { users } from './users.ts';

/** A cluster that users work on while everything goes wrong, and what must have come of it. */
export interface Scenario {
  readonly name: string;
  /** Steps in which everything may go wrong; if absent, 300. Controllers that do one thing after another need more. */
  readonly steps?: number;
  readonly setUp: (simulation: Simulation) => void;
  /** Acts once a step. */
  readonly act: (simulation: Simulation) => void;
  /** Rates of faults, where the usual ones would keep the controller from doing anything. */
  readonly faults?: Faults;
  /** Goes on with each step until everything rests, as what is no user does. */
  readonly always?: (simulation: Simulation) => void;
  /** Steps of half a second without a write after which everything is at rest; if absent, the simulation's default. */
  readonly quietSteps?: number;
  /** Settings of the controllers; if absent, the usual ones. */
  readonly settings?: ControllerSettings;
  /** Stands for the provider of nodes and the scheduler's simulation. */
  readonly consultant?: (simulation: Simulation) => Consultant;
  /** Answers what controllers measure. */
  readonly measurer?: (simulation: Simulation) => Measurer;
  /** Faults that remain once everything came to rest; empty where all is well. */
  readonly check: (simulation: Simulation) => string[];
}

export function podsOf(simulation: Simulation, owner: AnyObject): Pod[] {
  return simulation.all('Pod').filter((pod) => isActive(pod) && controllerOf(pod)?.uid === owner.metadata.uid);
}

export function nodes(simulation: Simulation): void {
  for (const name of ['n1', 'n2', 'n3']) simulation.create(aNode(name));
}

export function disturbPods(simulation: Simulation): void {
  const { random } = simulation;
  const pod = (): Pod | undefined => random.pick(simulation.all('Pod'));
  if (random.chance(0.02)) users.setLabel(simulation, pod(), 'app', random.pick(['web', 'other'])!);
  if (random.chance(0.01)) users.remove(simulation, pod());
}

/** Faults of a set at rest. */
export function checkSet(simulation: Simulation, set: ReplicaSet | ReplicationController): string[] {
  const pods = podsOf(simulation, set);
  const replicas = set.spec.replicas ?? 1;
  const { name } = set.metadata;
  return [
    ...(pods.length === replicas ? [] : [`${name} has ${pods.length} pods and wants ${replicas}`]),
    ...(pods.every(isReady) ? [] : [`${name} has pods that are not ready`]),
    ...((set.status?.availableReplicas ?? 0) === replicas
      ? []
      : [`${name} says ${set.status?.availableReplicas} of ${replicas} are available`]),
  ];
}

import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import type { AnyObject, View } from '../core/action.ts';
import { controllerOf } from '../core/owners.ts';

/** Kinds of workloads that make pods, and those that make such workloads. */
const makers = [
  'ReplicaSet',
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'ReplicationController',
  'Job',
  'CronJob',
] as const;
type Maker = (typeof makers)[number];
/** A pod, its set, and what made that: more there is not. */
const maxSteps = 3;

/** Kinds that the workload of a pod is looked for among. */
export const workloadKinds: readonly Maker[] = makers;

/**
 * The workload that a pod is of: what made its maker, such as the Deployment of its ReplicaSet. Undefined for a pod that nobody made, or whose
 * maker is of another kind or not in the view.
 */
export function workloadOf(pod: Pod, view: Pick<View, 'get'>): AnyObject | undefined {
  let found: AnyObject | undefined;
  for (let made: AnyObject = pod, step = 0; step < maxSteps; step++) {
    const owner = controllerOf(made);
    const kind = makers.find((each) => each === owner?.kind);
    if (owner === undefined || kind === undefined) break;
    const maker = view.get(kind, pod.metadata.namespace, owner.name) as AnyObject | undefined;
    if (maker === undefined || maker.metadata.uid !== owner.uid) break;
    found = maker;
    made = maker;
  }
  return found;
}

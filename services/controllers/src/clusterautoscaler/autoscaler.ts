import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import type { Action, AnyObject, Controller, View } from '../core/action.ts';
import type { Consulted } from '../core/consult.ts';
import { isUnschedulable } from './pending.ts';
import { Round } from './round.ts';
import type { ClusterAutoscalerSettings } from './settings.ts';
import { statusNamespace } from './status.ts';

/** The one key. */
export const autoscalerKey = 'cluster';

/** Adds nodes for pods that wait, and removes those that are not needed. */
export function clusterAutoscaler(
  settings: ClusterAutoscalerSettings,
  clock: Pick<Clock, 'monotonic'>,
  random: () => number = Math.random,
): Controller {
  const round = new Round(settings, random);
  return {
    name: 'cluster-autoscaler',
    watches: [
      'ConfigMap',
      'Node',
      'Pod',
      'PodDisruptionBudget',
      'DaemonSet',
      'CapacityBuffer',
      'PodTemplate',
      'Deployment',
      'ReplicaSet',
      'StatefulSet',
      'ReplicationController',
      'Job',
    ],
    keysFor,
    reconcile(_key: string, view: View, wallMs: number): readonly Action[] {
      return round.next(view, clock.monotonic(), wallMs);
    },
    consulted(_key: string, consulted: Consulted): void {
      round.hear(consulted);
    },
  };
}

/** Pods and buffers call for a round. Nodes set the first one off, and where there are none the system's ConfigMaps, of which there are always some. */
function keysFor(object: AnyObject): readonly string[] {
  if (object.kind === 'Pod') return isUnschedulable(object as Pod) ? [autoscalerKey] : [];
  if (object.kind === 'ConfigMap') return object.metadata.namespace === statusNamespace ? [autoscalerKey] : [];
  return object.kind === 'Node' || object.kind === 'CapacityBuffer' ? [autoscalerKey] : [];
}

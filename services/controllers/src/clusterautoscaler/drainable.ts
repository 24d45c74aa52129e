import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import type { PodDisruptionBudget } from '@gantry/model/gen/gantry.policy.v1.ts';
import { podGroupLabel } from '@gantry/model/kinds/podgroup/podgroup.ts';
import { matchesLabels } from '@gantry/model/selectors.ts';
import { controllerOf } from '../core/owners.ts';
import { hasEnded } from '../core/pods.ts';
import type { ClusterAutoscalerSettings } from './settings.ts';

const safeToEvict = 'cluster-autoscaler.kubernetes.io/safe-to-evict';
const safeVolumes = 'cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes';
const mirrorAnnotation = 'kubernetes.io/config.mirror';
const systemNamespace = 'kube-system';

/** Kinds of controllers that make their pods anew. */
const makers: ReadonlySet<string> = new Set(['ReplicaSet', 'ReplicationController', 'StatefulSet', 'Job']);

/** Pods of a node that leaves: those that move, or why they do not. */
export type Drain =
  | { readonly type: 'moves'; readonly pods: readonly Pod[] }
  | { readonly type: 'blocked'; readonly reason: string };

type Rules = Pick<
  ClusterAutoscalerSettings,
  | 'skipNodesWithLocalStorage'
  | 'skipNodesWithSystemPods'
  | 'skipNodesWithCustomControllerPods'
  | 'expendablePodsPriorityCutoff'
>;

/** True for pods that stand and fall with their node. */
export function isBoundToNode(pod: Pod): boolean {
  const owner = controllerOf(pod)?.kind;
  return owner === 'DaemonSet' || owner === 'Node' || pod.metadata.annotations?.[mirrorAnnotation] !== undefined;
}

/** Pods of a node that need another one, by the rules of Kubernetes' Cluster Autoscaler. */
export function drainOf(pods: readonly Pod[], budgets: readonly PodDisruptionBudget[], rules: Rules): Drain {
  const moving: Pod[] = [];
  for (const pod of pods) {
    if (hasEnded(pod) || isBoundToNode(pod)) continue;
    if ((pod.spec.priority ?? 0) < rules.expendablePodsPriorityCutoff) continue;
    // On its way out already.
    if (pod.metadata.deletionTimestamp !== undefined) continue;
    const reason = obstacleOf(pod, budgets, rules);
    if (reason !== undefined) return { type: 'blocked', reason: `pod ${nameOf(pod)} ${reason}` };
    moving.push(pod);
  }
  return budgetProblem(moving, budgets) ?? { type: 'moves', pods: moving };
}

function nameOf({ metadata }: Pod): string {
  return `${metadata.namespace}/${metadata.name}`;
}

function obstacleOf(pod: Pod, budgets: readonly PodDisruptionBudget[], rules: Rules): string | undefined {
  const said = pod.metadata.annotations?.[safeToEvict];
  if (said === 'false') return 'has the safe-to-evict annotation "false"';
  if (said === 'true') return undefined;
  const owner = controllerOf(pod);
  if (owner === undefined) return 'is not backed by a controller';
  if (rules.skipNodesWithCustomControllerPods && !makers.has(owner.kind)) return `is backed by a ${owner.kind}`;
  if (pod.metadata.labels?.[podGroupLabel] !== undefined) return 'is a member of a pod group';
  const isCovered = budgets.some((budget) => covers(budget, pod));
  if (rules.skipNodesWithSystemPods && pod.metadata.namespace === systemNamespace && !isCovered) {
    return 'is a system pod without a disruption budget';
  }
  return rules.skipNodesWithLocalStorage && hasLocalStorage(pod) ? 'has local storage' : undefined;
}

function hasLocalStorage({ metadata, spec }: Pod): boolean {
  const safe = new Set((metadata.annotations?.[safeVolumes] ?? '').split(','));
  return (spec.volumes ?? []).some(({ name, emptyDir, hostPath }) => {
    const isLocal = hostPath !== undefined || (emptyDir !== undefined && emptyDir.medium !== 'Memory');
    return isLocal && !safe.has(name);
  });
}

/** A budget that does not allow all of the moves now. */
function budgetProblem(moving: readonly Pod[], budgets: readonly PodDisruptionBudget[]): Drain | undefined {
  for (const budget of budgets) {
    const wanted = moving.filter((pod) => covers(budget, pod));
    if (wanted.length === 0 || (budget.status?.disruptionsAllowed ?? 0) > 0) continue;
    const { namespace, name } = budget.metadata;
    return {
      type: 'blocked',
      reason: `disruption budget ${namespace}/${name} allows no eviction of pod ${nameOf(wanted[0]!)}`,
    };
  }
  return undefined;
}

function covers({ metadata, spec }: PodDisruptionBudget, pod: Pod): boolean {
  return metadata.namespace === pod.metadata.namespace && matchesLabels(spec?.selector, pod.metadata.labels);
}

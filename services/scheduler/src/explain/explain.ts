import type { ExplainPodRequest, PodExplanation, PreemptionOutlook } from '@gantry/client/placement-messages.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import { mayPreempt, PreemptionPlan, withoutVictims } from '../preempt/preemption.ts';
import type { Scheduler } from '../scheduler.ts';
import { countedReasons, unavailableMessage } from '../solve/diagnosis.ts';
import type { PodClass } from '../state/pod-class.ts';
import { withoutPod } from '../state/without-pod.ts';
import { fittingOf } from './fitting.ts';
import { podLabel } from './pod-label.ts';
import { queueStateOf } from './queue-state.ts';
import { type Refusals, refusalsOf } from './refusing.ts';

/**
 * Says how a pod is judged now. A pod that has a node, or holds room on one, is judged as if it were not there. Nothing
 * is different afterwards.
 * @param wallOffsetMs Milliseconds by which the wall clock is ahead of the monotonic clock that the scheduler is told.
 * @throws GantryError NotFound for a pod that is not known here, FailedPrecondition for one of another scheduler.
 */
export function explainPod(scheduler: Scheduler, request: ExplainPodRequest, wallOffsetMs = 0): PodExplanation {
  const { cluster, queue, options, solver } = scheduler;
  const { uid = '', namespace, name, schedulerName = '' } = request;
  const profile = options.profiles[schedulerName || 'default-scheduler'];
  if (profile === undefined) {
    const known = Object.keys(options.profiles).join(', ');
    const problem = `pod "${name}" is left to the scheduler "${schedulerName}"; this one places pods of ${known}`;
    throw new GantryError('FailedPrecondition', problem);
  }
  const pod = scheduler.pod(uid);
  if (pod === undefined) {
    throw new GantryError('NotFound', `pod "${name}" is not known to the scheduler, which may hear of it in a moment`);
  }
  const { class: podClass, state, node } = pod;
  const entry = queue.get(uid);
  const nodeName = node >= 0 && state !== 'nominated' ? cluster.nodes.names[node]! : '';
  const queueState = entry === undefined ? null : queueStateOf(entry, scheduler, wallOffsetMs);
  return withoutPod(cluster, pod, () => {
    const refusals = refusalsOf(podClass, cluster);
    const fitting = fittingOf(solver.prepare(podClass, profile), cluster, refusals.refused, options.seed);
    return {
      namespace,
      name,
      uid,
      profile: profile.name,
      priority: podClass.requirement.priority,
      owned: entry !== undefined || state === 'assumed',
      nodeName,
      queue: queueState,
      nodeCount: cluster.nodes.count,
      fittingCount: fitting.count,
      message: messageOf(cluster.nodes.count, fitting.count, refusals),
      bestNode: fitting.best < 0 ? '' : cluster.nodes.names[fitting.best]!,
      fitting: fitting.groups,
      refusing: refusals.groups,
      preemption: fitting.count === 0 ? preemptionOutlook(scheduler, podClass, refusals) : null,
    };
  });
}

function messageOf(nodes: number, fitting: number, { counts }: Refusals): string {
  if (fitting === 0) return unavailableMessage(nodes, counts);
  return `${fitting}/${nodes} nodes are available${counts.size === 0 ? '' : `: ${countedReasons(counts)}`}.`;
}

function preemptionOutlook(
  { cluster, budgets }: Scheduler,
  podClass: PodClass,
  { preemptable }: Refusals,
): PreemptionOutlook {
  if (preemptable === 0 || !mayPreempt(podClass, cluster)) {
    const message = withoutVictims(podClass, cluster.nodes.count, preemptable).trim();
    return { nodeName: '', victims: [], message };
  }
  const plan = new PreemptionPlan(podClass, cluster, budgets.account());
  const candidate = plan.next();
  if (candidate === undefined) return { nodeName: '', victims: [], message: plan.message.trim() };
  const { node, victims, leaving } = candidate;
  const message = leaving.length === 0 ? '' : `${leaving.length} pods are on their way out of it already`;
  return { nodeName: cluster.nodes.names[node]!, victims: victims.map(podLabel), message };
}

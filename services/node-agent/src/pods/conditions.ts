import type { ContainerStatus, Pod, PodCondition } from '@gantry/model/gen/gantry.core.v1.ts';
import { resizeConditions } from '@gantry/model/kinds/pod/allocated.ts';
import type { ResizeState } from '../resize/resizes.ts';
import { resizeConditionsOf } from '../resize/status.ts';
import { timeOf } from './container-status.ts';
import type { PodPhase } from './phase.ts';
import { plannedContainers } from './spec.ts';

/** Inputs of a pod's conditions. */
export interface ConditionFacts {
  readonly pod: Pod;
  readonly phase: PodPhase;
  readonly init: readonly ContainerStatus[];
  readonly main: readonly ContainerStatus[];
  /** The pod has a sandbox with its network up. */
  readonly sandboxReady: boolean;
  readonly resize: ResizeState;
  /** Conditions as they were reported last; their times stay where nothing changed. */
  readonly previous: readonly PodCondition[];
  readonly nowMs: number;
}

type Verdict = Pick<PodCondition, 'status' | 'reason' | 'message'>;

const yes: Verdict = { status: 'True' };

/** The pod's conditions. Those that others own (readiness gates, DisruptionTarget and the like) are kept as they are. */
export function conditionsOf(facts: ConditionFacts): PodCondition[] {
  const containersReady = readyVerdict(facts);
  const own: Record<string, Verdict> = {
    PodReadyToStartContainers: facts.sandboxReady ? yes : { status: 'False' },
    Initialized: initializedVerdict(facts),
    Ready: containersReady.status === 'True' ? gatesVerdict(facts) : containersReady,
    ContainersReady: containersReady,
    PodScheduled: yes,
  };
  const passing: readonly string[] = Object.values(resizeConditions);
  const foreign = (facts.pod.status?.conditions ?? []).filter(({ type }) => !(type in own) && !passing.includes(type));
  return [
    ...resizeConditionsOf(facts.resize).map((condition) => withTime(facts, condition.type, condition)),
    ...Object.entries(own).map(([type, verdict]) => withTime(facts, type, verdict)),
    ...foreign,
  ];
}

/** The generation of the pod that a status speaks of; nothing for a pod of which only the runtime knows. */
export function observedOf({ metadata: { generation } }: Pod): { readonly observedGeneration?: number } {
  return generation === undefined ? {} : { observedGeneration: generation };
}

function withTime(facts: ConditionFacts, type: string, verdict: Verdict): PodCondition {
  const before = facts.previous.find((condition) => condition.type === type);
  const unchanged = before !== undefined && before.status === verdict.status && before.lastTransitionTime !== undefined;
  return {
    type,
    ...observedOf(facts.pod),
    ...verdict,
    lastTransitionTime: unchanged ? before.lastTransitionTime : timeOf(facts.nowMs),
  };
}

function initializedVerdict({ pod, phase, init }: ConditionFacts): Verdict {
  if (phase === 'Succeeded') return { ...yes, reason: 'PodCompleted' };
  const roles = new Map(plannedContainers(pod).map(({ name, role }) => [name, role]));
  const incomplete = init.filter((status) => (roles.get(status.name) === 'sidecar' ? !status.started : !status.ready));
  if (incomplete.length === 0) return yes;
  const message = `containers with incomplete status: [${names(incomplete)}]`;
  return { status: 'False', reason: 'ContainersNotInitialized', message };
}

function readyVerdict({ pod, phase, init, main }: ConditionFacts): Verdict {
  if (phase === 'Succeeded') return { status: 'False', reason: 'PodCompleted' };
  if (phase === 'Failed') return { status: 'False', reason: 'PodFailed' };
  const sidecars = new Set(
    plannedContainers(pod)
      .filter(({ role }) => role === 'sidecar')
      .map(({ name }) => name),
  );
  const unready = [...init.filter(({ name }) => sidecars.has(name)), ...main].filter((status) => !status.ready);
  if (unready.length === 0) return yes;
  return {
    status: 'False',
    reason: 'ContainersNotReady',
    message: `containers with unready status: [${names(unready)}]`,
  };
}

function gatesVerdict({ pod }: ConditionFacts): Verdict {
  const conditions = pod.status?.conditions ?? [];
  const problems = (pod.spec?.readinessGates ?? []).flatMap(({ conditionType }) => {
    const condition = conditions.find(({ type }) => type === conditionType);
    if (condition === undefined)
      return [`corresponding condition of pod readiness gate "${conditionType}" does not exist.`];
    return condition.status === 'True'
      ? []
      : [`the status of pod readiness gate "${conditionType}" is not "True", but ${condition.status}`];
  });
  return problems.length === 0
    ? yes
    : { status: 'False', reason: 'ReadinessGatesNotReady', message: problems.join(', ') };
}

function names(statuses: readonly ContainerStatus[]): string {
  return statuses.map(({ name }) => name).join(' ');
}

import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import type { PodDisruptionBudget } from '@gantry/model/gen/gantry.policy.v1.ts';
import { isReady } from '@gantry/model/ready.ts';
import { rfc3339 } from '@gantry/runtime/time.ts';
import { isActive } from '../core/pods.ts';
import { aReplicaSet } from './objects.ts';
import { nodes, type Scenario } from './scenario.ts';
import type { Simulation } from './simulation.ts';
import { users } from './users.ts';
import { Violation } from './violation.ts';

const replicas = 6;
/** Pods that stay, by the budget. */
const least = 4;
/** Steps, at most, between the grant of an eviction and the deletion of its pod. */
const maxStepsOfEviction = 20;

/** Users evict pods as the api lets them, which charges the budget first and deletes the pod a moment later, or breaks down between. */
export const evictions: Scenario = {
  name: 'evictions',
  setUp: (simulation) => {
    nodes(simulation);
    // Against failures of their own no budget protects pods.
    simulation.players.failing = false;
    simulation.create(aReplicaSet(replicas));
    const bound = simulation.random.pick([
      { minAvailable: least },
      { minAvailable: '60%' },
      { maxUnavailable: '33%' },
    ])!;
    simulation.create({
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name: 'web', namespace: 'default' },
      spec: { ...bound, selector: { matchLabels: { app: 'web' } } },
    });
    let isUp = false;
    simulation.store.onChange(() => {
      const healthy = healthyIn(simulation);
      isUp ||= healthy === replicas;
      if (isUp && healthy < least) throw new Violation(`evictions leave ${healthy} healthy pods of ${least}`);
    });
    pending.set(simulation, []);
  },
  act: (simulation) => {
    const { random } = simulation;
    if (random.chance(0.15)) grant(simulation, random.pick(simulation.all('Pod').filter(isActive)));
    const due = pending.get(simulation)!;
    for (const eviction of due) eviction.steps--;
    for (const { pod } of due.filter(({ steps }) => steps <= 0)) users.remove(simulation, pod);
    pending.set(
      simulation,
      due.filter(({ steps }) => steps > 0),
    );
  },
  check: (simulation) => {
    const { status = {} } = budgetOf(simulation);
    // A grant counts for two minutes, even where nothing follows.
    const granted = Object.keys(status.disruptedPods ?? {}).length;
    const healthy = healthyIn(simulation) - granted;
    const allowed = Math.max(0, healthy - (status.desiredHealthy ?? 0));
    return status.currentHealthy === healthy && status.disruptionsAllowed === allowed && status.desiredHealthy === least
      ? []
      : [`${healthy} are healthy, and the budget says ${JSON.stringify(status)}`];
  },
};

interface Eviction {
  readonly pod: Pod;
  steps: number;
}

const pending = new WeakMap<Simulation, Eviction[]>();

function budgetOf({ store }: Simulation): PodDisruptionBudget {
  return store.find('PodDisruptionBudget', 'default', 'web')!;
}

function healthyIn(simulation: Simulation): number {
  return simulation.all('Pod').filter((pod) => isActive(pod) && isReady(pod)).length;
}

/** Charges the budget for a pod that is ready, as the api does. Now and then nothing follows: the api broke down. */
function grant(simulation: Simulation, pod: Pod | undefined): void {
  const budget = budgetOf(simulation);
  const { disruptionsAllowed = 0, disruptedPods = {}, observedGeneration = 0 } = budget.status ?? {};
  if (pod === undefined || !isReady(pod) || disruptionsAllowed <= 0) return;
  if (observedGeneration < Number(budget.metadata.generation)) return;
  const { random, store, clock } = simulation;
  store.editStatus(
    budget,
    (draft) => {
      const granted = { ...disruptedPods, [pod.metadata.name]: rfc3339(clock.now()) };
      draft.status = { ...draft.status, disruptionsAllowed: disruptionsAllowed - 1, disruptedPods: granted };
    },
    'api',
  );
  if (random.chance(0.9)) pending.get(simulation)!.push({ pod, steps: random.int(1, maxStepsOfEviction) });
}

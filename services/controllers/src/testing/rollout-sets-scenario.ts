import type { ControllerRevision } from '@gantry/model/gen/gantry.apps.v1.ts';
import type { Rollout } from '@gantry/model/gen/gantry.rollout.v1.ts';
import { isReady } from '@gantry/model/ready.ts';
import { hashOf, podHashLabel, templateOf } from '../core/history.ts';
import { noMeasurer } from '../core/measure.ts';
import { isActive } from '../core/pods.ts';
import { aRollout, aService, aStatefulSet } from './objects.ts';
import { watchRollouts } from './rollout-invariants.ts';
import { anyImage, ask, isBad, measured, strategyOf } from './rollout-scenario.ts';
import { nodes, type Scenario } from './scenario.ts';
import type { Simulation } from './simulation.ts';
import { users } from './users.ts';

/** Users roll a StatefulSet or a DaemonSet to good and bad images under a Rollout: canary pods take the places of stable ones. */
export const rolloutsOfSets: Scenario = {
  name: 'rollout-controller of sets',
  steps: 600,
  setUp: (simulation) => {
    const { random } = simulation;
    nodes(simulation);
    const kind = random.chance(0.5) ? 'StatefulSet' : 'DaemonSet';
    const podManagementPolicy = random.pick(['OrderedReady', 'Parallel'])!;
    const { spec, ...set } = aStatefulSet({ replicas: random.int(1, 4), podManagementPolicy });
    const { selector, template } = spec;
    if (kind === 'StatefulSet') simulation.create({ ...set, spec });
    else simulation.create({ ...set, kind, spec: { selector, template, updateStrategy: { type: 'RollingUpdate' } } });
    simulation.create(aService());
    const rollout = aRollout(kind);
    const bounds = { progressDeadlineSeconds: 20, scaleDownDelaySeconds: 0 };
    simulation.create({ ...rollout, spec: { ...rollout.spec, ...bounds, strategy: strategyOf(random, kind) } });
    watchRollouts(simulation);
  },
  act: (simulation) => {
    const { random } = simulation;
    const [rollout] = simulation.all('Rollout');
    const isCalm = rollout!.status?.phase === 'Healthy' || rollout!.status?.phase === 'Degraded';
    if (random.chance(isCalm ? 0.03 : 0.002)) setImage(simulation, anyImage(random));
    if (random.chance(0.005)) ask(simulation, rollout!, random.pick(['Abort', 'Retry'])!);
    if (random.chance(0.005)) users.remove(simulation, random.pick(simulation.all('Pod')));
  },
  measurer: (simulation) => ({
    ...noMeasurer,
    traffic: ({ revision }, signal) => measured(simulation, signal, () => imageOf(simulation, revision)),
  }),
  check,
};

function setOf(simulation: Simulation) {
  return [...simulation.all('StatefulSet'), ...simulation.all('DaemonSet')][0]!;
}

function setImage(simulation: Simulation, image: string): void {
  simulation.store.edit(
    setOf(simulation),
    (draft) => {
      draft.spec.template!.spec!.containers[0]!.image = image;
    },
    'user',
  );
}

/** The image of a revision, by the value of its pods' label. */
function imageOf(simulation: Simulation, revision: string | undefined): string | undefined {
  const found = simulation
    .all('ControllerRevision')
    .find((each: ControllerRevision) => each.metadata.name === revision || hashOf(each) === revision);
  return found && templateOf(found).spec!.containers[0]!.image;
}

function check(simulation: Simulation): string[] {
  const [rollout] = simulation.all('Rollout') as Rollout[];
  const set = setOf(simulation);
  const {
    phase,
    stableRevision,
    canaryRevision,
    canaryWeight = 0,
    canaryReplicas = 0,
    message,
  } = rollout!.status ?? {};
  const present = set.spec.template!.spec!.containers[0]!.image;
  const pods = simulation.all('Pod').filter(isActive);
  // An ordered set stands still at a pod that runs and is not ready.
  const isComplete = pods.every((pod) => isReady(pod) && pod.spec.containers[0]!.image === present);
  if (phase === 'Initializing') return isComplete ? ['the first revision is complete, and not stable'] : [];
  const others = pods.filter(({ metadata }) => metadata.labels?.[podHashLabel] !== stableRevision);
  const history = simulation.store.changesOf('Rollout').map(({ object }) => (object as Rollout).status?.stableRevision);
  const isBadOne = isBad(imageOf(simulation, stableRevision) ?? '') && history.find(Boolean) !== stableRevision;
  return [
    ...(phase === 'Healthy' || phase === 'Degraded' ? [] : [`it rests as ${phase}: ${message}`]),
    ...(canaryWeight === 0 && canaryReplicas === 0
      ? []
      : [`the canary has ${canaryWeight} % and ${canaryReplicas} pods`]),
    ...((phase === 'Degraded') === Boolean(canaryRevision) ? [] : [`${phase} with the canary ${canaryRevision}`]),
    ...(others.length === 0 ? [] : [`${others.length} of ${pods.length} pods are not of the stable revision`]),
    ...(isBadOne ? ['a bad revision became stable'] : []),
  ];
}

import type { ReplicaSet } from '@gantry/model/gen/gantry.apps.v1.ts';
import type { CanaryStep, Rollout, RolloutAnalysis, RolloutStrategy } from '@gantry/model/gen/gantry.rollout.v1.ts';
import { noMeasurer, type TrafficSample } from '../core/measure.ts';
import { hashLabel } from '../deployment/sets.ts';
import { aDeployment, aService } from './objects.ts';
import { brokenImage } from './players.ts';
import type { Random } from './random.ts';
import { watchRollouts } from './rollout-invariants.ts';
import { disturbPods, nodes, podsOf, type Scenario } from './scenario.ts';
import type { Simulation } from './simulation.ts';
import { users } from './users.ts';

/** Milliseconds after which an answer comes at the latest. */
const maxAnswerMs = 4_000;
/** Images whose pods answer half of their requests with errors. */
export const isBad = (image: string): boolean => image.endsWith('-bad');

/** Requests that users made in this run: who promotes a bad revision by hand gets it. */
const promoted = new WeakSet<Simulation>();

/** Users roll a Deployment to good and bad images under a Rollout, while measurements are late, missing and nonsense. */
export const rollouts: Scenario = {
  name: 'rollout-controller',
  // Enough for several revisions, one after another.
  steps: 600,
  setUp: (simulation) => {
    const { random } = simulation;
    nodes(simulation);
    simulation.create(aDeployment({ replicas: random.int(1, 5) }));
    simulation.create(aService());
    simulation.create(aRollout(random));
    watchRollouts(simulation);
  },
  act: (simulation) => {
    const { random } = simulation;
    const [deployment] = simulation.all('Deployment');
    const [rollout] = simulation.all('Rollout');
    const isCalm = rollout!.status?.phase === 'Healthy' || rollout!.status?.phase === 'Degraded';
    if (random.chance(isCalm ? 0.04 : 0.003)) users.setImage(simulation, deployment, anyImage(random));
    if (random.chance(0.003)) users.scale(simulation, deployment, random.chance(0.1) ? 0 : random.int(1, 5));
    if (random.chance(0.005)) ask(simulation, rollout!, random.pick(['Abort', 'Retry', 'Retry'])!);
    // In some runs people overrule what is measured.
    if (isHandsOn(rollout!) && random.chance(0.01)) ask(simulation, rollout!, random.pick(['Promote', 'PromoteFull'])!);
    if (random.chance(0.003)) changeStrategy(simulation, rollout!);
    if (random.chance(0.3)) disturbPods(simulation);
  },
  measurer: (simulation) => ({
    ...noMeasurer,
    traffic: ({ revision }, signal) =>
      measured(simulation, signal, () => {
        const set = setOf(simulation, revision);
        return set && imageOf(set);
      }),
  }),
  check,
};

/** A good image, a bad one, or one that never becomes ready. */
export function anyImage(random: Random): string {
  const answering = `web:${random.int(1, 3)}${random.chance(0.4) ? '-bad' : ''}`;
  return random.chance(0.2) ? brokenImage : answering;
}

function isHandsOn({ metadata }: Rollout): boolean {
  return metadata.labels?.hands === 'on';
}

function analysis(random: Random): RolloutAnalysis {
  const successRate = { minPercent: 90, minRequests: 10, windowSeconds: 5 };
  const bounds = { failureLimit: random.int(0, 1), inconclusiveLimit: random.int(0, 4), onInconclusive: 'Abort' };
  const times = { intervalSeconds: random.int(1, 2), initialDelaySeconds: random.int(0, 1), count: random.int(1, 3) };
  return { ...times, ...bounds, checks: [{ name: 'ok', successRate }] };
}

/** A strategy with short times; now and then blue and green, where these may be. */
export function strategyOf(random: Random, kind = 'Deployment'): RolloutStrategy {
  if (kind === 'Deployment' && random.chance(0.25)) {
    const autoPromotionSeconds = random.int(0, 3);
    return { blueGreen: { autoPromotion: true, autoPromotionSeconds, postPromotionAnalysis: analysis(random) } };
  }
  const steps: CanaryStep[] = random.chance(0.2) ? [{ setCanaryScale: { replicas: 2 } }] : [];
  for (let weight = random.int(1, 40); weight < 100; weight += random.int(20, 60)) {
    steps.push({ setWeight: weight });
    if (random.chance(0.5)) steps.push({ pause: { durationSeconds: random.int(1, 5) } });
    if (random.chance(0.3)) steps.push({ analysis: analysis(random) });
  }
  steps.push({ analysis: analysis(random) });
  const { count: _count, ...background } = analysis(random);
  return { canary: random.chance(0.4) ? { steps, analysis: background } : { steps } };
}

function aRollout(random: Random): Rollout {
  return {
    apiVersion: 'gantry.dev/v1',
    kind: 'Rollout',
    metadata: { name: 'web', namespace: 'default', labels: { hands: random.chance(0.3) ? 'on' : 'off' } },
    spec: {
      workloadRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
      strategy: strategyOf(random),
      progressDeadlineSeconds: 20,
      scaleDownDelaySeconds: random.int(0, 5),
    },
  };
}

/** Asks a Rollout for something. */
export function ask(simulation: Simulation, rollout: Rollout, action: string): void {
  if (action.startsWith('Promote')) promoted.add(simulation);
  simulation.store.edit(
    rollout,
    (draft) => {
      draft.spec.request = { action, id: String(simulation.store.revision) };
    },
    'user',
  );
}

function changeStrategy(simulation: Simulation, rollout: Rollout): void {
  const strategy = strategyOf(simulation.random);
  simulation.store.edit(
    rollout,
    (draft) => {
      draft.spec.strategy = strategy;
    },
    'user',
  );
}

/** Envoy, as bad as it gets: late, deaf, or talking nonsense. It never says that a bad revision is good. */
export async function measured(
  simulation: Simulation,
  signal: AbortSignal,
  image: () => string | undefined,
): Promise<TrafficSample> {
  const { random, clock, players } = simulation;
  const isCalm = !players.failing;
  const fault = isCalm ? 1 : random.next();
  await clock.sleep(random.int(0, isCalm ? 500 : maxAnswerMs), signal);
  if (fault < 0.1) throw new Error('nobody answers');
  if (fault < 0.15) return { requests: Number.NaN, errors: Number.NaN, latencyMs: new Map() };
  if (fault < 0.2) return { requests: 5, errors: 70, latencyMs: new Map([[99, -1]]) };
  if (fault < 0.22) return { requests: 1000, errors: 1000, latencyMs: new Map() };
  const name = image();
  return { requests: 100, errors: name === undefined || isBad(name) ? 50 : 0, latencyMs: new Map([[99, 10]]) };
}

function imageOf({ spec }: ReplicaSet): string {
  return spec.template.spec!.containers[0]!.image!;
}

function setOf(simulation: Simulation, revision: string | undefined): ReplicaSet | undefined {
  return simulation.all('ReplicaSet').find(({ metadata }) => metadata.labels?.[hashLabel] === revision);
}

function check(simulation: Simulation): string[] {
  const [rollout] = simulation.all('Rollout');
  const [deployment] = simulation.all('Deployment');
  const { phase, stableRevision, canaryRevision, canaryWeight = 0, canaryReplicas = 0 } = rollout!.status ?? {};
  const { replicas = 1 } = deployment!.spec;
  const stable = setOf(simulation, stableRevision);
  // Without replicas everything waits.
  if (replicas === 0) return [];
  // A revision that never becomes ready can be the first one.
  if (phase === 'Initializing')
    return firstIsUnready(simulation) ? [] : ['the first revision is complete, and not stable'];
  const others = simulation.all('ReplicaSet').filter((set) => set !== stable);
  const left = others.flatMap((set) => podsOf(simulation, set));
  return [
    ...(phase === 'Healthy' || phase === 'Degraded' ? [] : [`it rests as ${phase}: ${rollout!.status?.message}`]),
    ...(canaryWeight === 0 && canaryReplicas === 0
      ? []
      : [`the canary has ${canaryWeight} % and ${canaryReplicas} pods`]),
    ...((phase === 'Degraded') === Boolean(canaryRevision) ? [] : [`${phase} with the canary ${canaryRevision}`]),
    ...(left.length === 0 ? [] : [`${left.length} pods of other revisions than the stable one`]),
    ...(stable?.spec.replicas === replicas && (stable.status?.availableReplicas ?? 0) === replicas
      ? []
      : [`the stable revision has ${stable?.status?.availableReplicas} of ${replicas} pods`]),
    ...badIsStable(simulation, stable),
  ];
}

function firstIsUnready(simulation: Simulation): boolean {
  const [deployment] = simulation.all('Deployment');
  return deployment!.spec.template.spec!.containers[0]!.image === brokenImage;
}

/** A bad revision becomes stable only where nobody measured it: as the first one, or because a person said so. */
function badIsStable(simulation: Simulation, stable: ReplicaSet | undefined): string[] {
  if (stable === undefined || !isBad(imageOf(stable)) || promoted.has(simulation)) return [];
  const history = simulation.store.changesOf('Rollout').map(({ object }) => (object as Rollout).status?.stableRevision);
  const [first] = history.filter(Boolean);
  const revision = stable.metadata.labels?.[hashLabel];
  return first === revision ? [] : ['a bad revision became stable'];
}

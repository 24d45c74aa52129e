import type { Deployment } from '@gantry/model/gen/gantry.apps.v1.ts';
import type {
  HorizontalPodAutoscaler,
  HorizontalPodAutoscalerBehavior,
  MetricSpec,
} from '@gantry/model/gen/gantry.autoscaling.v2.ts';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { isReady } from '@gantry/model/ready.ts';
import { type MetricValue, noMeasurer, type PodUse } from '../core/measure.ts';
import { isActive } from '../core/pods.ts';
import { watchAutoscalers } from './hpa-invariants.ts';
import { aDeployment } from './objects.ts';
import type { Random } from './random.ts';
import { disturbPods, nodes, type Scenario } from './scenario.ts';
import type { Simulation } from './simulation.ts';
import { users } from './users.ts';

/** Millicores that each pod requests, and uses at most. */
const requestMilli = 1000;
const mostMilli = 4000;
const targetPercent = 50;
/** Milliseconds after which an answer comes at the latest. */
const maxAnswerMs = 4_000;

/** The load of a run, and the state of those who measure it. */
interface World {
  /** Millicores that all pods together are asked for. */
  load: number;
  /** Length of a queue outside of the cluster. */
  queue: number;
  /** Nobody measures anything until then, by the monotonic clock. */
  silentUntilMs: number;
  /** The answer before, which some who lag give again. */
  latest: readonly PodUse[];
}

const worlds = new WeakMap<Simulation, World>();

/** The load rises and falls, people change bounds and replicas, and measurements are late, missing, old and nonsense. */
export const autoscalers: Scenario = {
  name: 'horizontal-pod-autoscaler',
  steps: 400,
  setUp: (simulation) => {
    const { random } = simulation;
    setUp(simulation, { minReplicas: random.int(1, 2), maxReplicas: random.int(4, 9), metrics: metricsOf(random) });
  },
  act: (simulation) => {
    const { random } = simulation;
    const world = worlds.get(simulation)!;
    const [deployment] = simulation.all('Deployment');
    const [autoscaler] = simulation.all('HorizontalPodAutoscaler');
    if (random.chance(0.03)) world.load = random.int(0, 5_000);
    if (random.chance(0.02)) world.queue = random.int(0, 60);
    if (random.chance(0.01)) world.silentUntilMs = simulation.clock.monotonic() + random.int(8_000, 15_000);
    if (random.chance(0.005)) users.scale(simulation, deployment, random.chance(0.2) ? 0 : random.int(1, 12));
    if (random.chance(0.01)) setBounds(simulation, autoscaler!, random.int(1, 3), random.int(3, 9));
    if (random.chance(0.1)) disturbPods(simulation);
  },
  measurer: measurerOf,
  check: (simulation) => [...bounds(simulation), ...(replicasOf(simulation) === 0 ? [] : fits(simulation))],
};

/** The same without pods: a queue fills and empties, and the last pod goes with its last entry. */
export const autoscalersToZero: Scenario = {
  name: 'horizontal-pod-autoscaler to zero',
  steps: 400,
  setUp: (simulation) => {
    const { random } = simulation;
    const metrics: MetricSpec[] = [random.chance(0.5) ? queueMetric('Value') : queueMetric('AverageValue')];
    setUp(simulation, { minReplicas: 0, maxReplicas: random.int(2, 6), metrics });
    worlds.get(simulation)!.queue = random.int(0, 60);
  },
  act: (simulation) => {
    const { random } = simulation;
    const world = worlds.get(simulation)!;
    if (random.chance(0.02)) world.queue = random.chance(0.4) ? 0 : random.int(1, 60);
    if (random.chance(0.01)) world.silentUntilMs = simulation.clock.monotonic() + random.int(5_000, 10_000);
  },
  measurer: measurerOf,
  check: (simulation) => {
    const { queue } = worlds.get(simulation)!;
    const replicas = replicasOf(simulation);
    return [
      ...bounds(simulation),
      ...(queue > 0 && replicas === 0 ? [`${queue} wait, and nobody wakes`] : []),
      ...(queue === 0 && replicas > 0 ? [`${replicas} replicas wait for nothing`] : []),
    ];
  },
};

function setUp(simulation: Simulation, spec: Partial<HorizontalPodAutoscaler['spec']>): void {
  const { random } = simulation;
  worlds.set(simulation, { load: random.int(0, 5_000), queue: random.int(0, 60), silentUntilMs: 0, latest: [] });
  nodes(simulation);
  const deployment = aDeployment({ replicas: random.int(1, 5) });
  for (const container of deployment.spec.template.spec!.containers) {
    container.resources = { requests: { cpu: `${requestMilli}m` } };
  }
  simulation.create(deployment);
  const behavior = behaviorOf(random);
  simulation.create<HorizontalPodAutoscaler>({
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
      maxReplicas: 5,
      ...spec,
      ...(behavior === undefined ? {} : { behavior }),
    },
  });
  watchAutoscalers(simulation);
}

function metricsOf(random: Random): MetricSpec[] {
  const target = { type: 'Utilization', averageUtilization: targetPercent };
  const cpu: MetricSpec = random.chance(0.5)
    ? { type: 'Resource', resource: { name: 'cpu', target } }
    : { type: 'ContainerResource', containerResource: { name: 'cpu', container: 'web', target } };
  return random.chance(0.3) ? [queueMetric('AverageValue'), cpu] : [cpu];
}

function queueMetric(type: 'Value' | 'AverageValue'): MetricSpec {
  const target = type === 'Value' ? { type, value: '10' } : { type, averageValue: '10' };
  return { type: 'External', external: { metric: { name: 'queue' }, target } };
}

/** No rules, or some with short times. */
function behaviorOf(random: Random): HorizontalPodAutoscalerBehavior | undefined {
  if (random.chance(0.4)) return undefined;
  const rules = (windowSeconds: number) => ({
    stabilizationWindowSeconds: windowSeconds,
    selectPolicy: random.pick(['Max', 'Min'])!,
    policies: [
      { type: 'Pods', value: random.int(1, 4), periodSeconds: random.int(1, 4) },
      { type: 'Percent', value: random.int(50, 200), periodSeconds: random.int(1, 4) },
    ],
    ...(random.chance(0.3) ? { tolerance: '0.2' } : {}),
  });
  return { scaleUp: rules(random.int(0, 3)), scaleDown: rules(random.int(0, 6)) };
}

function setBounds(simulation: Simulation, autoscaler: HorizontalPodAutoscaler, min: number, max: number): void {
  simulation.store.edit(
    autoscaler,
    (draft) => {
      draft.spec.minReplicas = min;
      draft.spec.maxReplicas = Math.max(min, max);
    },
    'user',
  );
}

/** Those who measure, as bad as they get: late, silent, with parts missing, old, or with nonsense. */
function measurerOf(simulation: Simulation): typeof noMeasurer {
  const measured = async <T>(signal: AbortSignal, answer: (fault: number) => T): Promise<T> => {
    const { random, clock, players } = simulation;
    const isCalm = !players.failing;
    const fault = isCalm ? 1 : random.next();
    await clock.sleep(random.int(0, isCalm ? 300 : maxAnswerMs), signal);
    if (fault < 0.1) throw new Error('nobody answers');
    if (!isCalm && clock.monotonic() < worlds.get(simulation)!.silentUntilMs) throw new Error('nobody answers');
    return answer(fault);
  };
  return {
    ...noMeasurer,
    podMetrics: (_query, signal) => measured(signal, (fault) => podUses(simulation, fault)),
    externalMetric: (_query, signal) => measured(signal, (fault) => queueLength(simulation, fault)),
  };
}

function queueLength(simulation: Simulation, fault: number): MetricValue[] {
  const { queue } = worlds.get(simulation)!;
  const value = fault < 0.15 ? 'NaN' : fault < 0.2 ? '-1k' : String(queue);
  if (fault > 0.2 && fault < 0.25) return [];
  // Nothing forbids a number below zero: it asks for no replicas, as in Kubernetes.
  if (value !== 'NaN') heard.set(simulation, simulation.clock.monotonic());
  return [{ name: '', timestampMs: simulation.clock.now(), windowSeconds: undefined, value }];
}

function podUses(simulation: Simulation, fault: number): readonly PodUse[] {
  const world = worlds.get(simulation)!;
  const { random, clock } = simulation;
  if (fault < 0.15) return [];
  if (fault < 0.25) return told(simulation, world.latest);
  const pods = running(simulation);
  const each = Math.min(mostMilli, Math.floor(world.load / Math.max(1, pods.length)));
  const uses = pods.map(({ metadata }) => ({
    name: metadata.name,
    timestampMs: clock.now(),
    windowMs: 500,
    containers: [{ name: 'web', cpuNanocores: each * 1e6, memoryWorkingSetBytes: 1 }],
  }));
  world.latest = uses;
  if (fault < 0.35)
    return told(
      simulation,
      uses.filter(() => random.chance(0.5)),
    );
  if (fault < 0.4) return uses.map((use) => nonsense(use, random));
  return told(simulation, uses);
}

function told(simulation: Simulation, uses: readonly PodUse[]): readonly PodUse[] {
  if (uses.length > 0) heard.set(simulation, simulation.clock.monotonic());
  return uses;
}

/** When somebody said something sensible last, by the monotonic clock. */
export const heard = new WeakMap<Simulation, number>();

function nonsense(use: PodUse, random: Random): PodUse {
  const cpuNanocores = random.pick([Number.NaN, -5e9, Number.POSITIVE_INFINITY])!;
  return { ...use, containers: [{ name: 'web', cpuNanocores, memoryWorkingSetBytes: Number.NaN }] };
}

function running(simulation: Simulation): Pod[] {
  return simulation.all('Pod').filter((pod) => isActive(pod) && isReady(pod) && pod.metadata.labels?.app === 'web');
}

function replicasOf(simulation: Simulation): number {
  const [deployment] = simulation.all('Deployment') as Deployment[];
  return deployment!.spec.replicas ?? 1;
}

/** Faults of an autoscaler and its target at rest. */
function bounds(simulation: Simulation): string[] {
  const [autoscaler] = simulation.all('HorizontalPodAutoscaler');
  const { spec, status = {}, metadata } = autoscaler!;
  const { minReplicas = 1, maxReplicas = 0 } = spec;
  const replicas = replicasOf(simulation);
  const isWithin = replicas >= minReplicas && replicas <= maxReplicas;
  return [
    ...(isWithin || replicas === 0 ? [] : [`${replicas} replicas, of ${minReplicas} to ${maxReplicas}`]),
    ...(status.currentReplicas === replicas || (replicas === 0 && !status.currentReplicas)
      ? []
      : [`${replicas} replicas, and the status says ${status.currentReplicas}`]),
    ...(status.observedGeneration === metadata.generation ? [] : ['the status is of an older spec']),
  ];
}

/** The replicas are those that the load needs, as near as the tolerance asks. */
function fits(simulation: Simulation): string[] {
  const [autoscaler] = simulation.all('HorizontalPodAutoscaler');
  const { minReplicas = 1, maxReplicas = 0, metrics = [], behavior } = autoscaler!.spec;
  const { load, queue } = worlds.get(simulation)!;
  const replicas = replicasOf(simulation);
  const used = Math.min(mostMilli, Math.floor(load / replicas));
  const ratios = [Math.floor((used * 100) / requestMilli) / targetPercent];
  if (metrics.some(({ type }) => type === 'External')) ratios.push(queue / (10 * replicas));
  const ratio = Math.max(...ratios);
  const up = Number(behavior?.scaleUp?.tolerance ?? 0.1);
  const down = Number(behavior?.scaleDown?.tolerance ?? 0.1);
  const wanted = Math.max(...ratios.map((each) => Math.ceil(each * replicas)));
  if (ratio > 1 + up && replicas < maxReplicas) return [`${replicas} replicas have ${ratio} of their part`];
  if (ratio < 1 - down && replicas > minReplicas && wanted < replicas) {
    return [`${replicas} replicas have ${ratio} of their part, and ${wanted} would do`];
  }
  return [];
}

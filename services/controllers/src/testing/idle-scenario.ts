import type { Deployment } from '@gantry/model/gen/gantry.apps.v1.ts';
import type { Service } from '@gantry/model/gen/gantry.core.v1.ts';
import { asleepCondition, heldCondition, zeroAnnotations, zeroSettings } from '@gantry/model/kinds/service/zero.ts';
import { noMeasurer, type TrafficSample } from '../core/measure.ts';
import { aDeployment, aService } from './objects.ts';
import { brokenImage } from './players.ts';
import { nodes, type Scenario } from './scenario.ts';
import { allFaults, type Simulation } from './simulation.ts';
import { ServiceTraffic } from './traffic.ts';
import { users } from './users.ts';
import { Violation } from './violation.ts';

const maxAnswerMs = 4_000;
/** Milliseconds after which the word of requests that wait has long been read. */
const wakeMs = 20_000;
/** Milliseconds in which requests that wait get a replica, whatever goes wrong: informers stand still for 15 s at a time, and leaders begin with all of them. */
const boundMs = 90_000;

const worlds = new WeakMap<Simulation, World>();

interface World {
  readonly traffic: readonly ServiceTraffic[];
  /** When the workload asked for pods for the last time. */
  lastWithPodsMs: number;
}

/** Clients come in bursts to one Deployment by one Service or two, while Envoy is late, and its statistics are missing or nonsense. */
export const scaleToZero: Scenario = {
  name: 'idle-controller',
  steps: 2_500,
  // Each leader waits for a whole time without requests.
  faults: { ...allFaults, leaderChange: 0.001 },
  // The longest time without requests, and what leads to zero after it.
  quietSteps: 200,
  setUp: (simulation) => {
    const { random } = simulation;
    nodes(simulation);
    simulation.create(aDeployment({ replicas: random.int(0, 3) }));
    const names = random.chance(0.3) ? ['web', 'api'] : ['web'];
    for (const name of names) simulation.create(aHoldingService(name, random.int(10, 30)));
    const world: World = { lastWithPodsMs: 0, traffic: names.map((name) => new ServiceTraffic(simulation, name)) };
    worlds.set(simulation, world);
    watch(simulation, world);
  },
  act: (simulation) => {
    const { random } = simulation;
    const { traffic } = worlds.get(simulation)!;
    for (const each of traffic) {
      if (random.chance(each.isBusy ? 0.02 : 0.003)) each.isBusy = !each.isBusy;
      // The worst time to come is just before the workload goes.
      const chance = each.isBusy ? 0.2 : isDraining(each) ? 0.03 : 0.001;
      if (random.chance(chance)) each.arrive();
    }
    const [deployment] = simulation.all('Deployment');
    if (random.chance(0.003)) users.scale(simulation, deployment, random.int(0, 3));
    if (random.chance(0.002)) users.setImage(simulation, deployment, random.pick(['web:1', 'web:2', brokenImage])!);
    if (random.chance(0.001)) annotate(simulation, random.pick(simulation.all('Service')), random.int(10, 30));
  },
  always: (simulation) => {
    const world = worlds.get(simulation)!;
    const [deployment] = simulation.all('Deployment');
    const isUp = simulation.decidedAt('idle-controller', 'default/web') > 0;
    if (deployment!.spec.replicas !== 0 || !isUp) world.lastWithPodsMs = simulation.clock.monotonic();
    const emptyMs = simulation.clock.monotonic() - world.lastWithPodsMs;
    for (const each of world.traffic) {
      each.step();
      if (Math.min(each.waitedMs, emptyMs) > boundMs)
        throw new Violation(`nobody wakes ${each.name} for ${emptyMs} ms`);
    }
  },
  measurer: (simulation) => ({
    ...noMeasurer,
    traffic: ({ service, windowSeconds }, signal) => measured(simulation, service, windowSeconds, signal),
  }),
  check: (simulation) => {
    const { traffic } = worlds.get(simulation)!;
    const [deployment] = simulation.all('Deployment');
    return [
      ...(deployment!.spec.replicas === 0 ? [] : [`it rests with ${deployment!.spec.replicas} replicas`]),
      ...traffic.flatMap((each) => {
        const asleep = each.service?.status?.conditions?.find(({ type }) => type === asleepCondition);
        return [
          ...(each.underWay === 0 && each.waitedMs === 0 ? [] : [`requests to ${each.name} are left`]),
          ...(asleep?.status === 'True' && asleep.reason === 'Idle'
            ? []
            : [`${each.name} rests as ${JSON.stringify(asleep)}`]),
        ];
      }),
    ];
  },
};

function isDraining({ service }: ServiceTraffic): boolean {
  const asleep = service?.status?.conditions?.find(({ type }) => type === asleepCondition);
  return asleep?.status === 'True' && asleep.reason === 'Draining';
}

function aHoldingService(name: string, seconds: number): Service {
  const service = aService({ type: 'LoadBalancer' });
  const annotations = { [zeroAnnotations.after]: `${seconds}s` };
  const metadata = { ...service.metadata, name, uid: `uid-service-${name}`, annotations };
  return { ...service, metadata, status: { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } } };
}

function annotate(simulation: Simulation, service: Service | undefined, seconds: number): void {
  if (service === undefined) return;
  simulation.store.edit(
    service,
    (draft) => {
      draft.metadata.annotations = { ...draft.metadata.annotations, [zeroAnnotations.after]: `${seconds}s` };
    },
    'user',
  );
}

/** Envoy's statistics, late, missing or nonsense; what is said of requests is never less than what was reported. */
async function measured(
  simulation: Simulation,
  service: string,
  windowSeconds: number,
  signal: AbortSignal,
): Promise<TrafficSample> {
  const { random, clock, players } = simulation;
  const isCalm = !players.failing;
  const fault = isCalm ? 1 : random.next();
  await clock.sleep(random.int(0, isCalm ? 500 : maxAnswerMs), signal);
  if (fault < 0.02) throw new Error('nobody answers');
  const traffic = worlds.get(simulation)!.traffic.find(({ name }) => name === service);
  if (traffic === undefined) throw new Error('no such Service');
  const sample = traffic.sample(windowSeconds);
  const answered = clock.sleep(random.int(0, isCalm ? 500 : maxAnswerMs), signal);
  await answered;
  if (fault < 0.03) return { ...sample, requests: Number.NaN, active: Number.NaN };
  if (fault < 0.04) return { ...sample, active: undefined };
  return sample;
}

/** Promises of every write. */
function watch(simulation: Simulation, { traffic }: World): void {
  simulation.store.onChange(({ object, old, by, type }) => {
    if (type === 'delete' || object.kind !== 'Deployment' || by !== 'idle-controller') return;
    const before = (old as Deployment | undefined)?.spec.replicas ?? 0;
    if (before > 0 && object.spec.replicas === 0) for (const each of traffic) staysFree(simulation, each);
  });
}

/** A workload goes to zero when nothing is under way, nobody was seen to wait, and no request came for long enough. */
function staysFree(simulation: Simulation, traffic: ServiceTraffic): void {
  const { service } = traffic;
  const asleep = service?.status?.conditions?.find(({ type }) => type === asleepCondition);
  // A write that was late: its pods end gracefully, and who comes waits.
  if (service === undefined || asleep?.status !== 'True') return;
  if (traffic.underWay > 0) throw new Violation(`${traffic.underWay} requests to ${traffic.name} are under way`);
  const held = service.status?.conditions?.find(({ type }) => type === heldCondition);
  if (held?.status === 'True' && traffic.waitedMs > wakeMs) throw new Violation(`requests to ${traffic.name} wait`);
  const quietMs = simulation.clock.monotonic() - traffic.lastMs;
  const { afterMs = 0 } = zeroSettings(service) ?? {};
  if (traffic.waitedMs === 0 && quietMs < Math.min(afterMs, 10_000)) {
    throw new Violation(`the last request to ${traffic.name} came ${quietMs} ms ago`);
  }
}

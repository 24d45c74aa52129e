import type { Node, Service } from '@gantry/model/gen/gantry.core.v1.ts';
import { isReady } from '@gantry/model/ready.ts';
import { uninitializedKey } from '../cloud/node-changes.ts';
import { aNode, aService } from './objects.ts';
import { PlayedCloud } from './played-cloud.ts';
import { playedScheduling } from './played-scheduling.ts';
import type { Scenario } from './scenario.ts';
import type { Simulation } from './simulation.ts';
import { users } from './users.ts';
import { Violation } from './violation.ts';

const loadBalancerClass = 'played';
const finalizer = 'service.kubernetes.io/load-balancer-cleanup';
const excludeLabel = 'node.kubernetes.io/exclude-from-external-load-balancers';
const mostServices = 4;
const mostNodes = 5;

const clouds = new WeakMap<Simulation, PlayedCloud>();

/** Services and nodes of a cloud come, change and go while the cloud fails. */
export const cloudObjects: Scenario = {
  name: 'cloud-controllers',
  // Longer than the longest wait after a failure.
  quietSteps: 700,
  settings: { cloud: { loadBalancerClass } },
  setUp: (simulation) => {
    const cloud = new PlayedCloud(simulation);
    clouds.set(simulation, cloud);
    for (const name of ['m0', 'm1', 'm2']) addNode(simulation, name);
    addService(simulation);
    simulation.store.onDeletion((object, _, by) => {
      if (by !== 'cloud-node-controller' || cloud.machines.get(object.metadata.name) === 'GONE') return;
      throw new Violation(`node ${object.metadata.name} is deleted, and its machine is there`);
    });
  },
  act: (simulation) => {
    actOnServices(simulation);
    actOnNodes(simulation);
  },
  always: (simulation) => {
    const { machines } = clouds.get(simulation)!;
    for (const [name, state] of machines) if (state === 'GONE') simulation.players.cutOff(name);
    for (const { uid, ip } of clouds.get(simulation)!.balancers.values()) {
      const service = simulation.all('Service').find(({ metadata }) => metadata.uid === uid);
      if (service?.metadata.finalizers?.includes(finalizer)) continue;
      throw new Violation(`the load balancer ${ip} has no Service that knows of it`);
    }
  },
  consultant: (simulation) => ({ scheduling: playedScheduling(simulation), cloud: clouds.get(simulation)!.side() }),
  check,
};

function addService(simulation: Simulation): void {
  const service = aService({ type: 'LoadBalancer', loadBalancerClass });
  simulation.create({
    ...service,
    metadata: { ...service.metadata, name: `web-${clouds.get(simulation)!.nextNumber()}` },
  });
}

function addNode(simulation: Simulation, name: string): void {
  const taints = [{ key: uninitializedKey, value: 'true', effect: 'NoSchedule' }];
  simulation.create(aNode(name, { spec: { taints } }));
}

function actOnServices(simulation: Simulation): void {
  const { random, store } = simulation;
  const services = simulation.all('Service');
  if (services.length < mostServices && random.chance(0.02)) addService(simulation);
  const service = random.pick(services);
  if (service === undefined) return;
  const edit = (change: (draft: Service) => void): void => void store.edit(service, change, 'user');
  const roll = random.next();
  if (roll < 0.01) users.remove(simulation, service);
  else if (roll < 0.02) {
    edit((draft) => {
      draft.spec.ports = [{ port: random.int(1, 100) }];
    });
  } else if (roll < 0.03) {
    const isBalanced = service.spec.type === 'LoadBalancer';
    edit((draft) => {
      draft.spec.type = isBalanced ? 'ClusterIP' : 'LoadBalancer';
      if (isBalanced) delete draft.spec.loadBalancerClass;
      else draft.spec.loadBalancerClass = loadBalancerClass;
    });
  }
}

function actOnNodes(simulation: Simulation): void {
  const { random, store } = simulation;
  const { machines } = clouds.get(simulation)!;
  const nodes = simulation.all('Node');
  if (nodes.length < mostNodes && random.chance(0.02)) addNode(simulation, `n${clouds.get(simulation)!.nextNumber()}`);
  const node = random.pick(nodes);
  if (node === undefined) return;
  const { name, labels = {} } = node.metadata;
  const roll = random.next();
  if (roll < 0.005) machines.set(name, 'GONE');
  else if (roll < 0.015 && machines.get(name) !== 'GONE') {
    machines.set(name, random.pick(['SHUTDOWN', 'RUNNING', 'UNKNOWN'] as const));
  } else if (roll < 0.025) {
    const isOut = labels[excludeLabel] !== undefined;
    store.edit(
      node,
      (draft: Node) => {
        const { [excludeLabel]: _, ...others } = draft.metadata.labels ?? {};
        draft.metadata.labels = isOut ? others : { ...others, [excludeLabel]: '' };
      },
      'user',
    );
  }
}

function check(simulation: Simulation): string[] {
  const { machines, balancers } = clouds.get(simulation)!;
  const nodes = simulation.all('Node');
  const services = simulation.all('Service');
  const ours = services.filter(
    ({ spec }) => spec.type === 'LoadBalancer' && spec.loadBalancerClass === loadBalancerClass,
  );
  const targets = nodes
    .filter(({ metadata }) => metadata.labels?.[excludeLabel] === undefined)
    .map(({ metadata }) => metadata.name)
    .sort();
  const known = (name: string): boolean => machines.get(name) !== 'UNKNOWN' && machines.get(name) !== 'GONE';
  return [
    ...services
      .filter((service) => !ours.includes(service))
      .flatMap(({ metadata }) => [
        ...(balancers.has(metadata.uid!) ? [`${metadata.name} has a load balancer left`] : []),
        ...(metadata.finalizers?.includes(finalizer) ? [`${metadata.name} has the finalizer left`] : []),
      ]),
    ...ours.flatMap(({ metadata: { name, uid }, spec, status }) => {
      const balancer = balancers.get(uid!);
      const told = status?.loadBalancer?.ingress?.[0]?.ip;
      if (balancer === undefined || told !== balancer.ip) return [`${name} tells of ${told}, not of ${balancer?.ip}`];
      const isCurrent = balancer.ports === JSON.stringify(spec.ports) && balancer.nodes.join() === targets.join();
      return isCurrent ? [] : [`the load balancer of ${name} leads to ${balancer.nodes}, not to ${targets}`];
    }),
    ...nodes
      .filter(({ metadata, spec }) => known(metadata.name) && spec?.taints?.some(({ key }) => key === uninitializedKey))
      .map(({ metadata }) => `node ${metadata.name} was never set up`),
    ...nodes
      .filter((node) => machines.get(node.metadata.name) === 'GONE' && !isReady(node))
      .map(({ metadata }) => `node ${metadata.name} outlives its machine`),
  ];
}

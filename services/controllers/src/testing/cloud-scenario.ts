import type { Route } from '@gantry/cloud-provider/cloud.ts';
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
const routes = { clusterName: 'played', clusterCidrs: ['10.244.0.0/16'], periodMs: 3_000 };
const mostServices = 4;
const mostNodes = 5;

const ranges = Array.from({ length: mostNodes }, (_, index) => `10.244.${index}.0/24`);
/** Routes with another name, and outside of the cluster's range. */
const foreignRoutes: readonly Route[] = [
  { name: 'office', targetNode: '', destinationCIDR: '10.244.200.0/24', blackhole: true },
  { name: 'played-vpn', targetNode: 'gateway', destinationCIDR: '192.168.0.0/16', blackhole: false },
];

const clouds = new WeakMap<Simulation, PlayedCloud>();

/** Services, nodes and routes of a cloud come, change and go while the cloud fails. */
export const cloudObjects: Scenario = {
  name: 'cloud-controllers',
  // Longer than the longest wait after a failure.
  quietSteps: 700,
  settings: { cloud: { loadBalancerClass, routes } },
  setUp: (simulation) => {
    const cloud = new PlayedCloud(simulation);
    clouds.set(simulation, cloud);
    for (const route of foreignRoutes) cloud.routes.set(route.name, route);
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
    actOnRoutes(simulation);
  },
  always: (simulation) => {
    const { machines, misdeeds } = clouds.get(simulation)!;
    if (misdeeds.length > 0) throw new Violation(misdeeds.join('; '));
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
  const taken = new Set(simulation.all('Node').map(({ spec }) => spec?.podCIDR));
  // The range of a node that is gone is the next one's.
  const podCIDR = ranges.find((range) => !taken.has(range))!;
  simulation.create(aNode(name, { spec: { taints, podCIDR, podCIDRs: [podCIDR] } }));
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

/** Routes are lost, and lead to nothing, without a word from the cloud. */
function actOnRoutes(simulation: Simulation): void {
  const { random } = simulation;
  const cloud = clouds.get(simulation)!;
  const ours = [...cloud.routes.values()].filter((route) => !foreignRoutes.includes(route));
  const route = random.chance(0.03) ? random.pick(ours) : undefined;
  if (route === undefined) return;
  if (random.chance(0.5)) cloud.routes.delete(route.name);
  else cloud.routes.set(route.name, { ...route, blackhole: true });
}

/** Routes at rest are those of others and one of each node, which says so. */
function checkRoutes(simulation: Simulation): string[] {
  const nodes = simulation.all('Node');
  const has = [...clouds.get(simulation)!.routes.values()].map((route) => JSON.stringify(route)).sort();
  const wants = [
    ...foreignRoutes,
    ...nodes.map(({ metadata: { name, uid }, spec }) => {
      return { name: `played-${uid}`, targetNode: name, destinationCIDR: spec!.podCIDR!, blackhole: false };
    }),
  ];
  const wanted = wants.map((route) => JSON.stringify(route)).sort();
  return [
    ...(has.join() === wanted.join() ? [] : [`routes are ${has}, not ${wanted}`]),
    ...nodes
      .filter(
        ({ status }) =>
          !status?.conditions?.some(({ reason, status: is }) => reason === 'RouteCreated' && is === 'False'),
      )
      .map(({ metadata }) => `node ${metadata.name} does not say that it has a route`),
  ];
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
    ...checkRoutes(simulation),
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

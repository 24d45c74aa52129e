import { isDeepStrictEqual } from 'node:util';
import type { Endpoints, Service } from '@gantry/model/gen/gantry.core.v1.ts';
import { isReady } from '@gantry/model/ready.ts';
import { matchesLabels } from '@gantry/model/selectors.ts';
import { isActive } from '../core/pods.ts';
import { aReplicaSet, aService } from './objects.ts';
import { disturbPods, nodes, type Scenario } from './scenario.ts';
import type { Simulation } from './simulation.ts';
import { users } from './users.ts';

/** Addresses that a user wrote for a service of theirs. */
const handmade: Endpoints['subsets'] = [{ addresses: [{ ip: '192.0.2.7' }], ports: [{ port: 80, protocol: 'TCP' }] }];

/** Pods of the simulation name no ports. */
const spec: Partial<Service['spec']> = { ports: [{ name: 'http', port: 80, targetPort: 8080 }] };

/** A service that selects pods, whose Endpoints are made, beside one whose Endpoints a user writes. */
export const endpoints: Scenario = {
  name: 'endpoint-controller',
  setUp: (simulation) => {
    nodes(simulation);
    simulation.create(aReplicaSet(4));
    simulation.create(aService(spec));
    const metadata = { name: 'handmade', namespace: 'default' };
    simulation.create({ apiVersion: 'v1', kind: 'Service', metadata, spec: { ports: [{ port: 80 }] } });
    simulation.create({ apiVersion: 'v1', kind: 'Endpoints', metadata, subsets: handmade });
  },
  act: (simulation) => {
    const { random } = simulation;
    const service = serviceIn(simulation);
    if (random.chance(0.02)) users.scale(simulation, simulation.all('ReplicaSet')[0], random.int(0, 8));
    if (random.chance(0.02)) users.setLabel(simulation, service, 'tier', random.pick(['a', 'b'])!);
    if (random.chance(0.01)) select(simulation, service, random.pick([undefined, 'web', 'other']));
    if (random.chance(0.01)) users.remove(simulation, endpointsIn(simulation));
    if (service === undefined) {
      if (random.chance(0.1)) simulation.create(aService(spec));
    } else if (random.chance(0.005)) users.remove(simulation, service);
    disturbPods(simulation);
  },
  check: (simulation) => [...checkMade(simulation), ...checkHandmade(simulation)],
};

function serviceIn({ store }: Simulation): Service | undefined {
  return store.find('Service', 'default', 'web');
}

function endpointsIn({ store }: Simulation): Endpoints | undefined {
  return store.find('Endpoints', 'default', 'web');
}

function select({ store }: Simulation, service: Service | undefined, app: string | undefined): void {
  if (service === undefined) return;
  store.edit(
    service,
    ({ spec }) => {
      spec.selector = app === undefined ? {} : { app };
    },
    'user',
  );
}

function checkMade(simulation: Simulation): string[] {
  const service = serviceIn(simulation);
  const made = endpointsIn(simulation);
  const { app } = service?.spec.selector ?? {};
  if (app === undefined) return made === undefined ? [] : ['Endpoints outlive the selector of their service'];
  if (made === undefined) return ['a service that selects pods has no Endpoints'];
  const wanted = simulation
    .all('Pod')
    .filter((pod) => matchesLabels({ matchLabels: { app } }, pod.metadata.labels) && isActive(pod) && isReady(pod))
    .map(({ metadata }) => metadata.uid);
  const listed = (made.subsets ?? []).flatMap(({ addresses = [] }) => addresses.map(({ targetRef }) => targetRef?.uid));
  return [
    ...(listed.sort().join() === wanted.sort().join() ? [] : [`Endpoints list ${listed} and not ${wanted}`]),
    ...(made.metadata.labels?.tier === service?.metadata.labels?.tier
      ? []
      : ['Endpoints lack a label of their service']),
    ...(mirrors(simulation).some(({ name }) => name === 'web')
      ? ['slices mirror Endpoints that were made of slices']
      : []),
  ];
}

function checkHandmade(simulation: Simulation): string[] {
  const subsets = simulation.store.find('Endpoints', 'default', 'handmade')?.subsets;
  return [
    ...(isDeepStrictEqual(subsets, handmade) ? [] : ["a user's Endpoints changed"]),
    ...(mirrors(simulation).filter(({ name }) => name === 'handmade').length === 1
      ? []
      : ["no slice mirrors a user's Endpoints"]),
  ];
}

/** The owners of slices that mirror Endpoints. */
function mirrors(simulation: Simulation): { readonly name: string }[] {
  return simulation
    .all('EndpointSlice')
    .flatMap(({ metadata }) => metadata.ownerReferences ?? [])
    .filter(({ kind }) => kind === 'Endpoints');
}

import type { Pod, ResourceQuota } from '@gantry/model/gen/gantry.core.v1.ts';
import { nodes, type Scenario } from './scenario.ts';
import type { Simulation } from './simulation.ts';
import { users } from './users.ts';
import { Violation } from './violation.ts';

const namespace = 'bounded';
/** Pods that the quota allows at first. */
const most = 4;

/** Users make and delete pods under a quota; admission charges it as the api does, in one step with each creation. */
export const quotas: Scenario = {
  name: 'resourcequota-controller',
  setUp: (simulation) => {
    nodes(simulation);
    simulation.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    simulation.create(aQuota());
    simulation.store.onChange(({ object, by }) => {
      const isCount = object.kind === 'ResourceQuota' && by === 'resourcequota-controller';
      // A pod that ends counts until it should be gone by the wall clock, which may step.
      const pods = podsIn(simulation).filter(({ metadata }) => metadata.deletionTimestamp === undefined).length;
      const used = usedIn(simulation);
      if (isCount && used !== undefined && used < pods) {
        throw new Violation(`the quota says that ${used} pods are used, and there are ${pods}`);
      }
    });
  },
  act: (simulation) => {
    const { random } = simulation;
    if (random.chance(0.1)) createPod(simulation);
    if (random.chance(0.06)) users.remove(simulation, random.pick(podsIn(simulation)));
    if (random.chance(0.02)) setBound(simulation, random.int(2, 8));
    if (random.chance(0.005)) users.remove(simulation, quotaOf(simulation));
    if (quotaOf(simulation) === undefined && random.chance(0.1)) simulation.create(aQuota());
  },
  check: (simulation) => {
    const quota = quotaOf(simulation);
    if (quota === undefined) return [];
    const pods = podsIn(simulation).length;
    return [
      ...(usedIn(simulation) === pods ? [] : [`the quota says ${usedIn(simulation)} of ${pods} pods`]),
      ...(quota.status?.hard?.pods === quota.spec?.hard?.pods ? [] : ['the bound of the quota does not hold']),
    ];
  },
};

function aQuota(): ResourceQuota {
  const metadata = { name: 'q', namespace };
  return { apiVersion: 'v1', kind: 'ResourceQuota', metadata, spec: { hard: { pods: String(most) } }, status: {} };
}

function quotaOf(simulation: Simulation): ResourceQuota | undefined {
  return simulation.store.find('ResourceQuota', namespace, 'q');
}

function usedIn(simulation: Simulation): number | undefined {
  const used = quotaOf(simulation)?.status?.used?.pods;
  return used === undefined ? undefined : Number(used);
}

/** Pods that take something. */
function podsIn(simulation: Simulation): Pod[] {
  return simulation
    .all('Pod')
    .filter(
      ({ metadata, status }) => metadata.namespace === namespace && !/^(Succeeded|Failed)$/.test(status?.phase ?? ''),
    );
}

/** Creates a pod if the quota has room, and then charges it; of a quota that nobody has counted yet it changes the revision. */
function createPod(simulation: Simulation): void {
  const { store, random } = simulation;
  const quota = quotaOf(simulation);
  const bound = quota?.status?.hard?.pods;
  const used = Number(quota?.status?.used?.pods);
  if (bound !== undefined && used >= Number(bound)) return;
  simulation.create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `p-${random.int(0, 2 ** 31).toString(36)}`, namespace },
    spec: { containers: [{ name: 'main', image: 'web:1' }] },
  });
  if (quota === undefined) return;
  const touch = (draft: ResourceQuota): void => {
    draft.metadata.annotations = { touched: String(store.revision) };
  };
  const charge = (draft: ResourceQuota): void => {
    draft.status!.used!.pods = String(used + 1);
  };
  if (bound === undefined) store.edit(quota, touch, 'user');
  else store.editStatus(quota, charge, 'user');
}

function setBound(simulation: Simulation, pods: number): void {
  const quota = quotaOf(simulation);
  if (quota === undefined) return;
  const change = (draft: ResourceQuota): void => {
    draft.spec!.hard!.pods = String(pods);
  };
  simulation.store.edit(quota, change, 'user');
}

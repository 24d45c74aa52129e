/** A provider that is played in memory, for tests of both sides. */
import type { Node } from '@gantry/model/gen/gantry.core.v1.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { GroupOptions, Instance, NodeGroup, NodeProvider } from '../provider.ts';

/** Settings of a cluster's autoscaler, such as a test needs them. */
export const playedOptions: GroupOptions = {
  scaleDownUtilizationThreshold: 0.5,
  scaleDownGpuUtilizationThreshold: 0.25,
  zeroOrMaxNodeScaling: false,
  ignoreDaemonSetsUtilization: true,
  allowNonAtomicScaleUpToMax: false,
  scaleDownUnneededMs: 600_000,
  scaleDownUnreadyMs: 1_200_500,
  maxNodeProvisionMs: 900_000,
  maxNodeStartupMs: 60_000,
};

/** Groups with so many machines each, which are there at once. */
export function playProvider(groups: readonly (NodeGroup & { readonly size: number })[]): Required<NodeProvider> {
  const machines = new Map(groups.map(({ id, size }) => [id, Array.from({ length: size }, (_, i) => `${id}-${i}`)]));
  const of = (group: string): string[] => {
    const found = machines.get(group);
    if (found === undefined) throw new GantryError('NotFound', `no node group ${group}`);
    return found;
  };
  let made = 1_000;
  return {
    nodeGroups: async () => groups.map(({ size: _, ...group }) => group),
    nodeGroupForNode: async ({ providerID }) =>
      groups.find(({ id }) => of(id).some((name) => providerID === `played://${name}`)),
    targetSize: async (group) => of(group).length,
    increaseSize: async (group, count) => {
      for (let i = 0; i < count; i++) of(group).push(`${group}-${made++}`);
    },
    deleteNodes: async (group, nodes) => {
      const names = nodes.map(({ providerID }) => providerID.replace('played://', ''));
      const strange = names.find((name) => !of(group).includes(name));
      if (strange !== undefined) throw new GantryError('NotFound', `${strange} is no node of ${group}`);
      machines.set(
        group,
        of(group).filter((name) => !names.includes(name)),
      );
    },
    decreaseTargetSize: async (group) => {
      throw new GantryError('FailedPrecondition', `all nodes of ${group} are there`);
    },
    instances: async (group) => of(group).map((name): Instance => ({ id: `played://${name}`, state: 'running' })),
    refresh: async () => {},
    cleanup: async () => {},
    gpuLabel: async () => 'played/gpu',
    gpuTypes: async () => ['t4', 'a100'],
    template: async (group) => ({ node: playedNode(group), resourceSlices: [] }),
    options: async (_, defaults) => ({ ...defaults, scaleDownUnneededMs: 1_500 }),
    nodePrice: async ({ name }, fromMs, toMs) => (name.length * (toMs - fromMs)) / 3_600_000,
    podPrice: async ({ spec }, fromMs, toMs) => ((spec?.containers.length ?? 0) * (toMs - fromMs)) / 3_600_000,
  };
}

/** A node of a group of the played provider. */
export function playedNode(group: string): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: `${group}-template`, labels: { group } } as Node['metadata'],
    spec: { taints: [{ key: 'played', value: group, effect: 'NoSchedule' }] } as Node['spec'],
    status: { capacity: { cpu: '4', memory: '8Gi', pods: '110' }, allocatable: { cpu: '3500m', memory: '7Gi' } },
  };
}

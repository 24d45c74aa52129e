/** The node that a group's next machine will be, told before it is there. */
import { statfs } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';
import type { NodeTemplate } from '@gantry/cloud-provider/provider.ts';
import type { NodeSystemInfo } from '@gantry/model/gen/gantry.core.v1.ts';
import { kubernetesVersion } from '@gantry/model/kubernetes-version.ts';
import { defaultMaxPods } from '@gantry/node-agent/node/capacity.ts';
import { nodeLabels } from '@gantry/node-agent/node/object.ts';
import { systemInfo } from '@gantry/node-agent/node/system-info.ts';
import { providerIdOf } from './machines.ts';
import type { NodeGroupSpec } from './spec.ts';

/** Label with the name of a node's group. */
export const groupLabel = 'gantry.dev/node-group';

/** This machine, as far as nodes on it tell of it. */
export interface MachineFacts {
  readonly cpuCount: number;
  readonly memoryBytes: number;
  readonly storageBytes: number;
  readonly systemInfo: NodeSystemInfo;
}

/**
 * @param directory Folder on the disk that nodes use.
 * @param driver Container driver of the nodes.
 */
export async function machineFacts(directory: string, driver: 'cri' | 'process'): Promise<MachineFacts> {
  const { bsize, blocks } = await statfs(directory);
  const runtime = { driver, name: driver, version: '', isolated: driver === 'cri' };
  return {
    cpuCount: availableParallelism(),
    memoryBytes: totalmem(),
    storageBytes: bsize * blocks,
    systemInfo: await systemInfo(runtime, kubernetesVersion.gitVersion),
  };
}

/** Every amount of a group's node: those that the group names, and for the rest the machine's. A node reports the same. */
export function capacityOf(
  { capacity }: Pick<NodeGroupSpec, 'capacity'>,
  { cpuCount, memoryBytes, storageBytes }: MachineFacts,
): Record<string, string> {
  return {
    cpu: String(cpuCount),
    memory: `${Math.floor(memoryBytes / 1024)}Ki`,
    'ephemeral-storage': `${Math.floor(storageBytes / 1024)}Ki`,
    pods: String(defaultMaxPods),
    ...capacity,
  };
}

/** Labels that a group's nodes register with. */
export function labelsOf({ name, labels }: Pick<NodeGroupSpec, 'name' | 'labels'>): Record<string, string> {
  return { [groupLabel]: name, ...labels };
}

/** The node of a group as it is when it has just come. */
export function templateOf(group: NodeGroupSpec, facts: MachineFacts): NodeTemplate {
  const name = `${group.name}-template`;
  const capacity = capacityOf(group, facts);
  const { systemInfo: info } = facts;
  const node: NodeTemplate['node'] = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: nodeLabels({ name, labels: labelsOf(group), systemInfo: info }) },
    spec: { providerID: providerIdOf(name), ...(group.taints.length === 0 ? {} : { taints: [...group.taints] }) },
    status: {
      capacity,
      allocatable: capacity,
      conditions: [{ type: 'Ready', status: 'True' }],
      nodeInfo: info,
    },
  };
  return { node, resourceSlices: [] };
}

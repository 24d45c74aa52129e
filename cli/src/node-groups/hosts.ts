/** Hosts of machines: nodes like the cluster's others, and hollow ones. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from '@gantry/client/client.ts';
import { openHollowPool } from '@gantry/node-agent/hollow-nodes.ts';
import { defaultNodeTimes } from '@gantry/node-agent/node/registrar.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { isError } from '@gantry/runtime/errors.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import { Semaphore } from '@gantry/runtime/semaphore.ts';
import type { ClusterCertificates } from '../up/certificates.ts';
import type { AddedNode, Nodes } from '../up/node-set.ts';
import type { UpOptions } from '../up/options.ts';
import type { Machine, MachineHost } from './machines.ts';
import { capacityOf, labelsOf, type MachineFacts } from './template.ts';

/** Machines that start at once: containerds of several nodes compete for the disk, hollow nodes for nothing. */
const realAtOnce = 4;
const hollowAtOnce = 64;
/** How long a sandbox and each container of a hollow node take to start, in milliseconds. */
const hollowStartMs = 100;

/** Dependencies of the hosts. */
export interface HostDeps {
  readonly nodes: Pick<Nodes, 'add' | 'remove'>;
  readonly certificates: Pick<ClusterCertificates, 'addNode' | 'removeNode' | 'credentialsOf'>;
  /** An administrator's. */
  readonly client: Client;
  readonly facts: MachineFacts;
  readonly clock: Clock;
  readonly log: Logger;
  /** Removes what is left of a node's agent, such as its log. */
  readonly forget: (name: string) => Promise<void>;
}

/** Machines that are nodes as the cluster's others are. */
export function realHost({ nodes, certificates, client, facts, forget }: HostDeps): MachineHost {
  const starts = new Semaphore(realAtOnce);
  const stop = async (name: string): Promise<void> => {
    await nodes.remove(name);
    await certificates.removeNode(name);
    await forget(name);
    await forgetNode(client, name);
  };
  return {
    start: (machine, signal) =>
      starts.run(async () => {
        try {
          await certificates.addNode(machine.name);
          await nodes.add(addedNode(machine, facts), signal);
        } catch (error) {
          await certificates.removeNode(machine.name);
          throw error;
        }
      }, signal),
    stop,
  };
}

/** Machines without containers, in this process; whatever form the cluster has. The pool is made for the first. */
export function hollowHost(
  { stateDir, nodeTimes = defaultNodeTimes }: Pick<UpOptions, 'stateDir' | 'nodeTimes'>,
  deps: HostDeps,
): MachineHost & AsyncDisposable {
  const rootDir = join(stateDir, 'nodes', 'hollow');
  const { certificates } = deps;
  let pool: ReturnType<typeof openHollowPool> | undefined;
  const starts = new Semaphore(hollowAtOnce);
  return {
    start: (machine, signal) =>
      starts.run(async () => {
        const { credentialsOf } = certificates;
        pool ??= openHollowPool({ rootDir, startMs: hollowStartMs, nodeTimes, statistics: { credentialsOf } }, deps);
        const { cpuCount, memoryBytes } = deps.facts;
        await certificates.addNode(machine.name);
        await pool.add({ ...addedNode(machine, deps.facts), cpuCount, memoryBytes }, signal);
      }, signal),
    stop: async (name) => {
      await pool?.remove(name);
      await certificates.removeNode(name);
      await rm(join(rootDir, name), { recursive: true, force: true });
      await forgetNode(deps.client, name);
    },
    [Symbol.asyncDispose]: async () => await pool?.[Symbol.asyncDispose](),
  };
}

function addedNode({ name, group, providerId }: Machine, facts: MachineFacts): AddedNode {
  return {
    nodeName: name,
    labels: labelsOf(group),
    taints: group.taints,
    capacity: capacityOf(group, facts),
    providerId,
  };
}

/** Deletes the object of a node whose machine is gone. */
async function forgetNode(client: Client, name: string): Promise<void> {
  try {
    await client.delete('Node', { name });
  } catch (error) {
    if (!isError(error, 'NotFound')) throw error;
  }
}

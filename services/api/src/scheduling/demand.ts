import { type Amounts, addAll, amountsOf, podRequests } from '@gantry/model/amounts.ts';
import type { PodSpec } from '@gantry/model/gen/gantry.core.v1.ts';
import type { AnyObject } from '../core/stored-object.ts';

/** What a pod takes of a node. */
export interface Demand {
  readonly amounts: Amounts;
  /** `<protocol>/<address>/<port>`, with the address 0.0.0.0 for all. */
  readonly hostPorts: readonly string[];
}

type Quantities = Readonly<Record<string, string>> | undefined;

/** What a node offers to pods. */
export function allocatableOf(node: AnyObject): Amounts {
  const status = node.status as { allocatable?: Quantities; capacity?: Quantities } | undefined;
  return amountsOf(status?.allocatable ?? status?.capacity);
}

/** What a pod takes. */
export function demandOf(pod: AnyObject): Demand {
  const spec = pod.spec as unknown as PodSpec;
  return { amounts: podRequests(spec), hostPorts: hostPortsOf(spec) };
}

/** The sum of two demands. */
export function plus(left: Demand, right: Demand): Demand {
  const amounts = new Map(left.amounts);
  addAll(amounts, right.amounts);
  return { amounts, hostPorts: [...left.hostPorts, ...right.hostPorts] };
}

/** Takes nothing. */
export const nothing: Demand = { amounts: new Map(), hostPorts: [] };

function hostPortsOf(spec: PodSpec): string[] {
  const containers = [...(spec.containers ?? []), ...(spec.initContainers ?? [])];
  return containers.flatMap((container) =>
    (container.ports ?? [])
      .filter((port) => (port.hostPort ?? 0) > 0)
      .map((port) => `${port.protocol ?? 'TCP'}/${port.hostIP || '0.0.0.0'}/${port.hostPort}`),
  );
}

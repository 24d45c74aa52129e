import { type Amounts, addAll, amountsOf, podRequestsOnNode } from '@gantry/model/amounts.ts';
import type { Pod, PodSpec } from '@gantry/model/gen/gantry.core.v1.ts';
import { deviceCount, devicesOf, gpuDemand, wholeDevice } from '@gantry/model/gpu.ts';
import type { AnyObject } from '../core/stored-object.ts';

/** Resources that a pod takes of a node. */
export interface Demand {
  readonly amounts: Amounts;
  /** `<protocol>/<address>/<port>`, with the address 0.0.0.0 for all. */
  readonly hostPorts: readonly string[];
}

type Quantities = Readonly<Record<string, string>> | undefined;

/** Resources that a node offers to pods. */
export function allocatableOf(node: AnyObject): Amounts {
  const status = node.status as { allocatable?: Quantities; capacity?: Quantities } | undefined;
  const amounts = amountsOf(status?.allocatable ?? status?.capacity);
  const devices = deviceCount(amounts);
  if (devices > 0) amounts.set(allDevices, devices * wholeDevice);
  for (let device = 0; device < devices; device++) amounts.set(deviceResource(device), wholeDevice);
  return amounts;
}

/**
 * Each GPU device is a resource of its own, in thousandths, so that none is given out twice. Pods of which nobody said
 * which devices they have (not bound through this api) count towards all of them together.
 */
const allDevices = 'GPU devices';

/** The name under which a GPU device is accounted for. */
export function deviceResource(device: number): string {
  return `GPU device ${device}`;
}

/** Resources that a pod takes, the more of what it has and what it is resized to; of GPU devices, those that its annotation names. */
export function demandOf(pod: AnyObject): Demand {
  const spec = pod.spec as unknown as PodSpec;
  const amounts = podRequestsOnNode(pod as unknown as Pod);
  const gpu = gpuDemand(amounts);
  if (gpu !== undefined) {
    amounts.set(allDevices, gpu.devices * gpu.milliEach);
    const devices = devicesOf(pod.metadata.annotations) ?? [];
    for (const device of devices) amounts.set(deviceResource(device), gpu.milliEach);
  }
  return { amounts, hostPorts: hostPortsOf(spec) };
}

/** The sum of two demands. */
export function plus(left: Demand, right: Demand): Demand {
  if (left === nothing) return right;
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

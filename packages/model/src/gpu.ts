import type { Amounts } from './amounts.ts';

// GPUs are given out device by device. A node says how many it has, a pod asks for whole ones or for a share of one, and
// the pod's annotation says which it got: for the scheduler, the api, and whoever starts its containers.

/** Whole GPU devices, as NVIDIA's device plugin names them. */
export const gpuResource = 'nvidia.com/gpu';
/** Thousandths of GPU devices: below 1,000 a share of one device, else whole ones. A node that offers it shares its devices. */
export const gpuMilliResource = 'gantry.dev/gpu-milli';
/** Annotation of a bound pod: the numbers of its devices, counted from 0, such as `0,3`. */
export const gpuDevicesAnnotation = 'gantry.dev/gpu-devices';
/** Thousandths of one device. */
export const wholeDevice = 1_000;
/** Devices of one node that are told apart, at most. */
export const maxDevices = 16;

/** The demand on GPU devices of one node. */
export interface GpuDemand {
  /** Devices; 1 where a share of one is asked for. */
  readonly devices: number;
  /** Thousandths of each device: 1,000 for whole ones. */
  readonly milliEach: number;
}

/** The GPU request of a pod with these amounts; undefined if it requests none. */
export function gpuDemand(requests: Amounts): GpuDemand | undefined {
  const milli = requests.get(gpuMilliResource) ?? 0;
  const whole = requests.get(gpuResource) ?? 0;
  if (milli > 0 && milli < wholeDevice && whole === 0) return { devices: 1, milliEach: milli };
  const devices = Math.ceil(milli / wholeDevice) + whole;
  return devices > 0 ? { devices, milliEach: wholeDevice } : undefined;
}

/** How many devices a node has. Where it offers them whole and by thousandths, both names are of the same devices. */
export function deviceCount(allocatable: Amounts): number {
  const shared = Math.floor((allocatable.get(gpuMilliResource) ?? 0) / wholeDevice);
  return Math.min(maxDevices, Math.max(allocatable.get(gpuResource) ?? 0, shared));
}

/**
 * The devices that leave the least of a device unused: for a share the fullest one that has room, for whole ones the
 * first that nobody has. Undefined where there is no room.
 * @param free Free thousandths by device.
 */
export function bestFitDevices(free: readonly number[], { devices, milliEach }: GpuDemand): number[] | undefined {
  if (milliEach === wholeDevice) {
    const idle = free.flatMap((milli, device) => (milli === wholeDevice ? [device] : []));
    return idle.length < devices ? undefined : idle.slice(0, devices);
  }
  let best: number | undefined;
  for (const [device, milli] of free.entries()) {
    if (milli >= milliEach && (best === undefined || milli < free[best]!)) best = device;
  }
  return best === undefined ? undefined : [best];
}

/** True where these are as many different devices as a demand asks for. */
export function areDevicesFor({ devices }: GpuDemand, given: readonly number[]): boolean {
  const valid = given.every((device) => Number.isInteger(device) && device >= 0 && device < maxDevices);
  return valid && given.length === devices && new Set(given).size === devices;
}

/** The devices that a pod's annotation names; undefined where it names none, or not in a form that can be read. */
export function devicesOf(annotations: Readonly<Record<string, string>> | undefined): number[] | undefined {
  const text = annotations?.[gpuDevicesAnnotation];
  return text !== undefined && /^\d+(,\d+)*$/.test(text) ? text.split(',').map(Number) : undefined;
}

/** Devices as the annotation names them. */
export function formatDevices(devices: readonly number[]): string {
  return devices.join(',');
}

import { type GpuDemand, maxDevices, wholeDevice } from '@gantry/model/gpu.ts';
import { grownBytes, grownIntegers, sharedBytes, sharedIntegers } from './shared.ts';

/** The GPU devices of the nodes, in shared memory; without columns as long as no node has any. */
export class GpuTable {
  /** Devices by node. */
  counts: Uint8Array<SharedArrayBuffer> = sharedBytes(0);
  /** Thousandths taken: of device `d` of a node at `node * maxDevices + d`. More than 1,000 only while pods wait for others to leave. */
  used: Int32Array<SharedArrayBuffer> = sharedIntegers(0);
  /** Devices of all nodes. */
  total = 0;
  /** Thousandths given out and given back so far: how much has changed between two moments. */
  turnover = 0;

  /** Devices of a node. */
  count(node: number): number {
    return this.counts[node] ?? 0;
  }

  /** Free thousandths by device of a node; negative where too much is taken. */
  free(node: number): number[] {
    return Array.from(
      { length: this.count(node) },
      (_, device) => wholeDevice - this.used[node * maxDevices + device]!,
    );
  }

  /** Notes how many devices a node has. True where they are more or fewer than before. */
  set(node: number, count: number, capacity: number): boolean {
    const known = this.count(node);
    if (known === count) return false;
    this.#reserve(capacity);
    this.counts[node] = count;
    this.total += count - known;
    this.turnover += wholeDevice * Math.abs(count - known);
    return true;
  }

  /** Takes devices of a node for a pod, or with -1 gives them back. */
  take(node: number, devices: readonly number[], { milliEach }: GpuDemand, sign: 1 | -1, capacity: number): void {
    if (devices.length === 0) return;
    this.#reserve(capacity);
    for (const device of devices) {
      const at = node * maxDevices + device;
      this.used[at] = this.used[at]! + sign * milliEach;
    }
    this.turnover += devices.length * milliEach;
  }

  /** True where a node has the devices free that a demand asks for. */
  hasRoom(node: number, { devices, milliEach }: GpuDemand): boolean {
    const most = wholeDevice - milliEach;
    const start = node * maxDevices;
    let found = 0;
    for (let at = start; at < start + this.count(node); at++) if (this.used[at]! <= most) found++;
    return found >= devices;
  }

  #reserve(capacity: number): void {
    if (this.counts.length >= capacity) return;
    this.counts = grownBytes(this.counts, capacity);
    this.used = grownIntegers(this.used, capacity * maxDevices);
  }
}

import { wholeDevice } from '@gantry/model/gpu.ts';
import type { NodeFilter } from '../plugin.ts';

const noDevices = ["node(s) didn't have enough free GPU devices"];
const noShare = ["node(s) didn't have a GPU device with enough room"];

/** Keeps pods off nodes where no single device has the share that they ask for, or too few are free as a whole. */
export const gpuDevices: NodeFilter = {
  name: 'GpuDevices',
  stage: 'node',
  unblockedBy: ['nodeAdded', 'nodeCapacity', 'podGone'],
  prepare({ requirement: { gpu } }, { nodes: { gpus } }) {
    if (gpu === undefined) return undefined;
    const reasons = gpu.milliEach < wholeDevice ? noShare : noDevices;
    return {
      passes: (node) => gpus.hasRoom(node, gpu),
      reasons: () => reasons,
      helpedByPreemption: (node) => gpus.count(node) >= gpu.devices,
    };
  },
};

import { compileNode } from '@gantry/scheduler/compile/node.ts';
import { PodCompiler } from '@gantry/scheduler/compile/pod.ts';
import { binpackProfile, gpuProfile, type Profile } from '@gantry/scheduler/profiles.ts';
import { Scheduler } from '@gantry/scheduler/scheduler.ts';
import { type RoomRules, roomRules } from '@gantry/scheduler/score/gpu-packing.ts';
import { RoomPrices } from '@gantry/scheduler/solve/room-prices.ts';
import { nodeNamed, podNamed } from '@gantry/scheduler/testing/builders.ts';
import type { GpuNode, GpuPod } from './openb.ts';

/** Takes pods as they come. True where one got a node; one that did not is gone. */
export type Place = (pod: GpuPod) => boolean;

/** A policy on an empty cluster. */
export type Policy = (nodes: readonly GpuNode[], seed: number) => Place;

const modelLabel = 'gantry.dev/gpu-model';

/** Gantry's scheduler as it runs in the service, with a profile, and for an ablation with other rules of packing. */
export function gantry(profile: Profile = gpuProfile, rules?: RoomRules): Policy {
  return (nodes, seed) => {
    const scheduler = new Scheduler({ profiles: { gpu: profile }, seed, batchSize: 1 });
    const { cluster, solver } = scheduler;
    if (rules !== undefined) Object.assign(solver, { prices: new RoomPrices(cluster, solver.masks, rules) });
    scheduler.setNamespace('default', {});
    const compiler = new PodCompiler();
    for (const { name, cpuMilli, memoryMib, gpus, model } of nodes) {
      const extended = { 'nvidia.com/gpu': `${gpus}`, 'gantry.dev/gpu-milli': `${gpus * 1_000}` };
      const fields = { cpu: `${cpuMilli}m`, memory: `${memoryMib}Mi`, pods: '1000', extended };
      scheduler.setNode(compileNode(nodeNamed(name, { ...fields, labels: { [modelLabel]: model } })));
    }
    let count = 0;
    return (wanted) => {
      const pod = compiler.compile(podOf(`pod-${count++}`, wanted));
      scheduler.setPod(pod);
      const [placement] = scheduler.cycle(0).placements;
      if (placement === undefined) scheduler.removePod(pod.uid);
      else scheduler.setPod({ ...pod, nodeName: placement.nodeName });
      return placement !== undefined;
    };
  };
}

/** The policy without one of its parts. */
export const ablations: Readonly<Record<string, Policy>> = {
  // However few places a kind has left, each is worth as much.
  'no-scarcity': gantry(gpuProfile, { ...roomRules, worth: (seen) => seen }),
  // Cpu and memory count in whole pods of each kind.
  'whole-pods': gantry(gpuProfile, { ...roomRules, bySize: Math.floor }),
  // Whether the next pod fits, not how many would.
  'next-pod-only': gantry(gpuProfile, { ...roomRules, mostPlaces: 1 }),
  // The profile that fills nodes up, with the best fit among devices.
  binpack: gantry(binpackProfile),
};

function podOf(name: string, { cpuMilli, memoryMib, gpus, milliEach, models }: GpuPod): ReturnType<typeof podNamed> {
  const requests: Record<string, string> = { cpu: `${cpuMilli}m`, memory: `${memoryMib}Mi` };
  if (gpus > 0 && milliEach < 1_000) requests['gantry.dev/gpu-milli'] = `${milliEach}`;
  else if (gpus > 0) requests['nvidia.com/gpu'] = `${gpus}`;
  const fields = { schedulerName: 'gpu', requests, preemptionPolicy: 'Never' };
  if (models.length === 0) return podNamed(name, fields);
  const nodeSelectorTerms = [{ matchExpressions: [{ key: modelLabel, operator: 'In', values: [...models] }] }];
  const nodeAffinity = { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } };
  return podNamed(name, { ...fields, affinity: { nodeAffinity } });
}

interface Machine {
  readonly model: string;
  cpuMilli: number;
  memoryMib: number;
  readonly free: number[];
}

/** The first node in the order of the list, and its first devices: the plainest policy there is. */
export const firstFit: Policy = (nodes) => {
  const machines = nodes.map(machineOf);
  return (pod) => {
    const machine = machines.find((candidate) => devicesFor(pod, candidate) !== undefined);
    if (machine !== undefined) take(machine, pod);
    return machine !== undefined;
  };
};

/** The node with the least left of cpu, memory and GPUs together, each as a share of the largest node. */
export const bestFit: Policy = (nodes) => {
  const machines = nodes.map(machineOf);
  const most = (of: (node: GpuNode) => number): number => Math.max(...nodes.map(of));
  const cpu = most(({ cpuMilli }) => cpuMilli);
  const memory = most(({ memoryMib }) => memoryMib);
  const gpus = most((node) => node.gpus);
  const left = ({ cpuMilli, memoryMib, free }: Machine): number =>
    cpuMilli / cpu + memoryMib / memory + free.reduce((sum, milli) => sum + milli, 0) / 1_000 / gpus;
  return (pod) => {
    let best: Machine | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const machine of machines) {
      const rest = left(machine);
      if (rest >= least || devicesFor(pod, machine) === undefined) continue;
      best = machine;
      least = rest;
    }
    if (best !== undefined) take(best, pod);
    return best !== undefined;
  };
};

function machineOf({ model, cpuMilli, memoryMib, gpus }: GpuNode): Machine {
  return { model, cpuMilli, memoryMib, free: new Array<number>(gpus).fill(1_000) };
}

/** The fullest devices that have room, as many as the pod asks for; undefined where the node cannot take it. */
function devicesFor(pod: GpuPod, { model, cpuMilli, memoryMib, free }: Machine): number[] | undefined {
  if (cpuMilli < pod.cpuMilli || memoryMib < pod.memoryMib) return undefined;
  if (pod.gpus > 0 && pod.models.length > 0 && !pod.models.includes(model)) return undefined;
  const fitting = [...free.keys()].filter((device) => free[device]! >= pod.milliEach);
  if (fitting.length < pod.gpus) return undefined;
  return fitting.sort((left, right) => free[left]! - free[right]!).slice(0, pod.gpus);
}

function take(machine: Machine, pod: GpuPod): void {
  for (const device of devicesFor(pod, machine)!) machine.free[device]! -= pod.milliEach;
  machine.cpuMilli -= pod.cpuMilli;
  machine.memoryMib -= pod.memoryMib;
}

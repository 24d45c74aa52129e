import { dirname, join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '@gantry/runtime/clock.ts';
import type { Pods } from '../pods/pods.ts';
import type { ContainerStats, NodeStats, Stats } from '../runtime/runtime.ts';
import type { CgroupFiles } from './cgroup-files.ts';
import { interfacesOf } from './network-usage.ts';
import type { PodUsage, StatsSource } from './source.ts';

/** Pods that are read in one turn of the event loop. */
const podsATurn = 16;
/** Interval at which the runtime is asked for the sizes of writable layers, in milliseconds: it is dear, and they grow slowly. */
const layersMs = 60_000;

/** Dependencies of statistics from control groups. */
export interface CgroupStatsDeps {
  readonly files: CgroupFiles;
  /** Parent of the pods' groups, such as /gantry/node-1. Other nodes of the machine lie beside it. */
  readonly cgroupRoot: string;
  readonly pods: Pick<Pods, 'workers' | 'sandboxesOf'>;
  /** The runtime's own statistics: sizes of writable layers, containers whose groups lie elsewhere, and the machine. */
  readonly runtime: Stats;
  readonly clock: Clock;
}

/**
 * Reads the control groups of pods and containers themselves, which costs a hundredth of asking the runtime.
 *
 * The node's usage is that of its pods and a part of all else that the machine does: each node on a machine has the same part, so that the
 * nodes' usages add up to the machine's. A node that has a machine to itself has the machine's usage.
 */
export class CgroupStats implements StatsSource {
  readonly #deps: CgroupStatsDeps;
  /** Sizes of writable layers by container, and the time of the last question for them. */
  #layers: ReadonlyMap<string, number> = new Map();
  #layersAskedMs = Number.NEGATIVE_INFINITY;
  /** Processor time of the node, and the readings that it was told from last. */
  #node = { usedNs: 0, ownNs: 0, othersNs: 0 };
  #hasNode = false;

  constructor(deps: CgroupStatsDeps) {
    this.#deps = deps;
  }

  async containers(signal?: AbortSignal): Promise<readonly ContainerStats[]> {
    const { files, cgroupRoot, pods, clock } = this.#deps;
    const found: ContainerStats[] = [];
    const elsewhere = new Set<string>();
    let read = 0;
    this.#readLayers();
    for (const { uid } of pods.workers()) {
      for (const { id, sandboxId, state } of (pods.sandboxesOf(uid) ?? []).flatMap((each) => each.containers)) {
        if (state.kind !== 'running') continue;
        const usage = files.usage(join(cgroupRoot, `pod${uid}`, id), true);
        const rootfsUsedBytes = this.#layers.get(id) ?? 0;
        if (usage === undefined) elsewhere.add(id);
        else found.push({ containerId: id, sandboxId, atMs: clock.now(), rootfsUsedBytes, ...usage });
      }
      if (++read % podsATurn === 0) await nextTurn();
    }
    if (elsewhere.size === 0) return found;
    const others = await this.#deps.runtime.containers(signal);
    return [...found, ...others.filter(({ containerId }) => elsewhere.has(containerId))];
  }

  async pods(): Promise<readonly PodUsage[]> {
    const { files, cgroupRoot, pods } = this.#deps;
    const found: PodUsage[] = [];
    let read = 0;
    for (const { uid, pod } of pods.workers()) {
      const path = join(cgroupRoot, `pod${uid}`);
      const usage = files.usage(path);
      if (usage === undefined) continue;
      const pid = pod.spec.hostNetwork ? undefined : this.#processOf(uid, path);
      found.push({ uid, ...usage, interfaces: (pid === undefined ? undefined : interfacesOf(pid)) ?? [] });
      if (++read % podsATurn === 0) await nextTurn();
    }
    return found;
  }

  async node(signal?: AbortSignal): Promise<NodeStats> {
    const { files, cgroupRoot, runtime } = this.#deps;
    const machine = await runtime.node(signal);
    const parent = dirname(cgroupRoot);
    const own = files.usage(cgroupRoot);
    const all = files.usage(parent);
    // A node whose group is at the root, or is not made yet, knows of no others.
    if (parent === '/' || all === undefined) return machine;
    const nodes = Math.max(1, files.below(parent).length);
    const ownNs = own?.cpuUsageNs ?? 0;
    const othersNs = Math.max(0, machine.cpuUsageNs - all.cpuUsageNs);
    // Increments are summed: nodes come and go, and with them the part that each has.
    const grown = (now: number, before: number): number => Math.max(0, now - before);
    const passed = this.#hasNode
      ? grown(ownNs, this.#node.ownNs) + grown(othersNs, this.#node.othersNs) / nodes
      : ownNs + othersNs / nodes;
    this.#hasNode = true;
    this.#node = { usedNs: this.#node.usedNs + passed, ownNs, othersNs };
    const used = machine.memoryTotalBytes - machine.memoryAvailableBytes;
    const others = Math.max(0, used - all.memoryWorkingSetBytes) / nodes;
    const bytes = Math.round((own?.memoryWorkingSetBytes ?? 0) + others);
    return {
      ...machine,
      cpuUsageNs: Math.round(this.#node.usedNs),
      memoryAvailableBytes: Math.max(0, machine.memoryTotalBytes - bytes),
    };
  }

  /** A process of a pod's own network: that of its sandbox, or of any container. */
  #processOf(uid: string, path: string): number | undefined {
    const { files, pods } = this.#deps;
    for (const { id, containers } of pods.sandboxesOf(uid) ?? []) {
      for (const group of [id, ...containers.map((container) => container.id)]) {
        const pid = files.processIn(join(path, group));
        if (pid !== undefined) return pid;
      }
    }
    return undefined;
  }

  /** Asks for the sizes of writable layers; nobody waits for them. A runtime that does not answer leaves those that are known. */
  #readLayers(): void {
    const { runtime, clock } = this.#deps;
    const nowMs = clock.monotonic();
    if (nowMs - this.#layersAskedMs < layersMs) return;
    this.#layersAskedMs = nowMs;
    runtime.containers(AbortSignal.timeout(layersMs)).then(
      (all) => {
        this.#layers = new Map(all.map(({ containerId, rootfsUsedBytes }) => [containerId, rootfsUsedBytes]));
      },
      () => {},
    );
  }
}

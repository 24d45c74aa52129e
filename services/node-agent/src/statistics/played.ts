import type { Clock } from '@gantry/runtime/clock.ts';
import type { Pods } from '../pods/pods.ts';
import type { ContainerStats, Stats } from '../runtime/runtime.ts';
import type { Play } from './play.ts';

/** Dependencies of played statistics. */
export interface PlayedDeps {
  readonly stats: Pick<Stats, 'node'>;
  readonly pods: Pick<Pods, 'workers' | 'sandboxesOf'>;
  readonly clock: Clock;
  readonly play: Play;
}

/** Statistics of a hollow node: counters that grow as the play has it, from one reading to the next. */
export class PlayedStats implements Stats {
  readonly #deps: PlayedDeps;
  /** Processor time by container, in nanoseconds. */
  #counters = new Map<string, number>();
  #totalNs = 0;
  #readMs: number;

  constructor(deps: PlayedDeps) {
    this.#deps = deps;
    this.#readMs = deps.clock.monotonic();
  }

  async containers(): Promise<readonly ContainerStats[]> {
    const { pods, clock, play } = this.#deps;
    const nowMs = clock.monotonic();
    const passedMs = nowMs - this.#readMs;
    this.#readMs = nowMs;
    const before = this.#counters;
    this.#counters = new Map();
    const found: ContainerStats[] = [];
    for (const { pod, uid } of pods.workers()) {
      for (const { id, sandboxId, name, state } of (pods.sandboxesOf(uid) ?? []).flatMap((each) => each.containers)) {
        if (state.kind !== 'running') continue;
        const { cpuMilli, memoryBytes } = play(pod, name);
        const known = before.get(id);
        const usedNs = known === undefined ? 0 : cpuMilli * passedMs * 1_000;
        const cpuUsageNs = (known ?? 0) + usedNs;
        this.#counters.set(id, cpuUsageNs);
        this.#totalNs += usedNs;
        const sizes = { memoryWorkingSetBytes: memoryBytes, rootfsUsedBytes: 0 };
        found.push({ containerId: id, sandboxId, atMs: clock.now(), cpuUsageNs, ...sizes });
      }
    }
    return found;
  }

  async node(signal?: AbortSignal): ReturnType<Stats['node']> {
    const machine = await this.#deps.stats.node(signal);
    const used = (await this.containers()).reduce((sum, { memoryWorkingSetBytes }) => sum + memoryWorkingSetBytes, 0);
    const memoryAvailableBytes = Math.max(0, machine.memoryTotalBytes - used);
    return { ...machine, cpuUsageNs: this.#totalNs, memoryAvailableBytes };
  }
}

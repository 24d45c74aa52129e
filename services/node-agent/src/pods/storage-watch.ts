import { execFile } from 'node:child_process';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import type { ContainerStats, Stats } from '../runtime/runtime.ts';
import type { VolumeManager } from '../volumes/manager.ts';
import type { PodPaths } from './paths.ts';
import { plannedContainers } from './spec.ts';
import { hasStorageLimits, type StorageUsage, storageViolationOf } from './storage-limits.ts';
import type { PodWorker, WorkerDeps } from './worker.ts';

/** How often storage is measured, in milliseconds: Kubernetes' eviction manager looks as often. */
const lookMs = 10_000;
/** Bound of one measurement of a directory, in milliseconds. */
const measureMs = 30_000;

/** Dependencies of the storage watch. */
export interface StorageWatchDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly workers: () => Iterable<PodWorker>;
  readonly sandboxesOf: WorkerDeps['sandboxesOf'];
  readonly stats: Pick<Stats, 'containers'>;
  readonly volumes: Pick<VolumeManager, 'emptyDirOf'>;
  readonly paths: PodPaths;
}

/** Evicts pods that use more local storage than their limits allow. */
export function watchStorage(deps: StorageWatchDeps): AsyncDisposable {
  const stop = new AbortController();
  const run = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      await deps.clock.sleep(lookMs, stop.signal).catch(() => {});
      if (stop.signal.aborted) return;
      await lookOnce(deps, stop.signal).catch((error: unknown) => {
        if (!stop.signal.aborted) deps.log.warn({ error }, 'the local storage of pods could not be measured');
      });
    }
  };
  const done = run();
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await done;
    },
  };
}

async function lookOnce(deps: StorageWatchDeps, signal: AbortSignal): Promise<void> {
  const limited = [...deps.workers()].filter(({ pod, status }) => status?.phase === 'Running' && hasStorageLimits(pod));
  if (limited.length === 0) return;
  const stats = new Map((await deps.stats.containers(signal)).map((each) => [each.containerId, each]));
  for (const worker of limited) {
    try {
      const violation = storageViolationOf(worker.pod, await usageOf(deps, worker, stats, signal));
      if (violation !== undefined) worker.evict(violation);
    } catch (error) {
      if (signal.aborted) return;
      deps.log.warn({ error, pod: worker.pod.metadata.name }, 'the local storage of a pod could not be measured');
    }
  }
}

async function usageOf(
  deps: StorageWatchDeps,
  { pod, uid }: PodWorker,
  stats: ReadonlyMap<string, ContainerStats>,
  signal: AbortSignal,
): Promise<StorageUsage> {
  const running = (deps.sandboxesOf(uid) ?? []).flatMap((sandbox) => sandbox.containers);
  const layerOf = (name: string): number => {
    const sizes = running.filter((each) => each.name === name).map(({ id }) => stats.get(id)?.rootfsUsedBytes ?? 0);
    return Math.max(0, ...sizes);
  };
  const emptyDirs = new Map<string, number>();
  for (const name of emptyDirsOnDisk(pod))
    emptyDirs.set(name, await diskUsage(deps.volumes.emptyDirOf(pod, name), signal));
  const containers = new Map<string, number>();
  for (const { name } of plannedContainers(pod))
    containers.set(name, layerOf(name) + (await filesSize(join(deps.paths.logs(pod), name))));
  return { emptyDirs, containers };
}

function emptyDirsOnDisk(pod: Pod): string[] {
  return (pod.spec.volumes ?? []).flatMap(({ name, emptyDir }) =>
    emptyDir !== undefined && emptyDir.medium !== 'Memory' ? [name] : [],
  );
}

async function filesSize(directory: string): Promise<number> {
  const names = await readdir(directory).catch(() => []);
  const sizes = await Promise.all(names.map((name) => stat(join(directory, name)).catch(() => undefined)));
  return sizes.reduce((sum, entry) => sum + (entry?.size ?? 0), 0);
}

/** Bytes that a directory takes on its disk. A process of its own walks it: a container may have made millions of files. */
function diskUsage(directory: string, signal: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    const args = ['--summarize', '--one-file-system', '--block-size=1', '--', directory];
    execFile('du', args, { timeout: measureMs, signal }, (error, stdout) => {
      const bytes = Number.parseInt(stdout, 10);
      // Files that go away meanwhile make it fail, with the rest counted.
      if (Number.isFinite(bytes)) resolve(bytes);
      else reject(error ?? new Error(`du told no size of ${directory}`));
    });
  });
}

/**
 * The process driver's records on disk, by which an agent that restarts finds its processes again:
 *
 *     <directory>/sandboxes/<sandbox>/sandbox.json                 SandboxRecord
 *     <directory>/sandboxes/<sandbox>/stopped                      there once it was stopped
 *     <directory>/sandboxes/<sandbox>/<container>/container.json   ContainerRecord
 *                                                 started          pid and start time, once it was started
 *                                                 pid              that the process itself left
 *                                                 exit             exit code, written when it ended
 *                                                 stdout, stderr   output that is not in the log yet
 *                                                 logged           how much of each output is in the log
 *                                                 root/            symbolic links for its mounts
 */
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readJson } from '../../json-file.ts';
import type { ContainerConfig, SandboxConfig } from '../runtime.ts';

export interface SandboxRecord {
  readonly id: string;
  readonly createdAtMs: number;
  readonly config: SandboxConfig;
}

export interface ContainerRecord {
  readonly id: string;
  readonly sandboxId: string;
  readonly createdAtMs: number;
  readonly config: ContainerConfig;
  readonly imageId: string;
  /** Program with its arguments, found already. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
  readonly logFile: string;
}

/** Identity of a container's process. */
export interface StartedRecord {
  readonly pid: number;
  /** Clock ticks after boot, against a pid that was used again. */
  readonly startTime: number;
  readonly startedAtMs: number;
}

/** How a container ended. */
export interface ExitRecord {
  readonly exitCode: number;
  readonly finishedAtMs: number;
  readonly reason?: string;
  readonly message?: string;
}

/** All records on disk. */
export interface Records {
  readonly sandboxes: readonly { readonly record: SandboxRecord; readonly stopped: boolean }[];
  readonly containers: readonly ContainerRecord[];
}

/** All sandboxes and containers on disk, oldest first. Half-made ones, without a record, are left out. */
export async function readRecords(directory: string): Promise<Records> {
  const root = join(directory, 'sandboxes');
  await mkdir(root, { recursive: true });
  const sandboxes: { record: SandboxRecord; stopped: boolean }[] = [];
  const containers: ContainerRecord[] = [];
  for (const id of await readdir(root)) {
    const record = await readJson<SandboxRecord>(join(root, id, 'sandbox.json'));
    if (!record) continue;
    const entries = await readdir(join(root, id), { withFileTypes: true });
    sandboxes.push({ record, stopped: entries.some((entry) => entry.name === 'stopped') });
    for (const entry of entries) {
      const container =
        entry.isDirectory() && (await readJson<ContainerRecord>(join(root, id, entry.name, 'container.json')));
      if (container) containers.push(container);
    }
  }
  const byAge = (a: { createdAtMs: number }, b: { createdAtMs: number }) => a.createdAtMs - b.createdAtMs;
  return { sandboxes: sandboxes.toSorted((a, b) => byAge(a.record, b.record)), containers: containers.toSorted(byAge) };
}

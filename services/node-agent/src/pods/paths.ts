import { mkdir, readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { assert } from '@gantry/runtime/assert.ts';
import { removeTree } from '../volumes/mounter.ts';
import { podUid } from './spec.ts';

/** The form of one path component. Names of Kubernetes objects, uids and container names have it. */
const safeName = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** Locations of pods' files on the node's disk. */
export interface PodPaths {
  /** Directory of everything of a pod but its logs. */
  pod(uid: string): string;
  /** Directory of a pod's logs. */
  logs(pod: Pod): string;
  /** Makes a directory that others than the agent may look into. */
  make(directory: string): Promise<void>;
  /** Removes everything of a pod but its logs. Rejects while something is mounted there. */
  remove(uid: string): Promise<void>;
  /** Removes a pod's logs. */
  removeLogs(pod: Pod): Promise<void>;
  /** Removes a log file with those that it was rotated to. */
  removeLog(path: string): Promise<void>;
}

/** Paths below the agent's root directory. Throws for a name that would lead out of it. */
export function podPaths(rootDir: string): PodPaths {
  const pathOf = (uid: string): string => join(rootDir, 'pods', checked(uid));
  const logsOf = (pod: Pod): string => {
    const { namespace = '', name = '' } = pod.metadata;
    return join(rootDir, 'logs', [namespace, name, podUid(pod)].map(checked).join('_'));
  };
  return {
    pod: pathOf,
    logs: logsOf,
    make: async (directory) => void (await mkdir(directory, { recursive: true, mode: 0o755 })),
    remove: (uid) => removeTree(pathOf(uid), undefined),
    removeLogs: (pod) => rm(logsOf(pod), { recursive: true, force: true }),
    async removeLog(path) {
      const directory = dirname(path);
      const entries = await readdir(directory).catch(() => []);
      const own = entries.filter((entry) => entry === basename(path) || entry.startsWith(`${basename(path)}.`));
      await Promise.all(own.map((entry) => rm(join(directory, entry), { force: true })));
    },
  };
}

/** The same of a node that runs no containers: nobody writes files there. */
export function hollowPaths(rootDir: string): PodPaths {
  const nothing = async (): Promise<void> => {};
  return { ...podPaths(rootDir), make: nothing, remove: nothing, removeLogs: nothing, removeLog: nothing };
}

function checked(name: string): string {
  assert(safeName.test(name), `${JSON.stringify(name)} is no name for a directory`);
  return name;
}

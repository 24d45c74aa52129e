import { readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { assert } from '@gantry/runtime/assert.ts';
import { podUid } from './spec.ts';

/** The form of one path component. Names of Kubernetes objects, uids and container names have it. */
const safeName = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** Locations of pods' files on the node's disk. */
export interface PodPaths {
  /** Directory of everything of a pod but its logs. */
  pod(uid: string): string;
  /** Directory of a pod's logs. */
  logs(pod: Pod): string;
  /** Removes a log file with those that it was rotated to. */
  removeLog(path: string): Promise<void>;
}

/** Paths below the agent's root directory. Throws for a name that would lead out of it. */
export function podPaths(rootDir: string): PodPaths {
  return {
    pod: (uid) => join(rootDir, 'pods', checked(uid)),
    logs: (pod) => {
      const { namespace = '', name = '' } = pod.metadata;
      return join(rootDir, 'logs', [namespace, name, podUid(pod)].map(checked).join('_'));
    },
    async removeLog(path) {
      const directory = dirname(path);
      const entries = await readdir(directory).catch(() => []);
      const own = entries.filter((entry) => entry === basename(path) || entry.startsWith(`${basename(path)}.`));
      await Promise.all(own.map((entry) => rm(join(directory, entry), { force: true })));
    },
  };
}

function checked(name: string): string {
  assert(safeName.test(name), `${JSON.stringify(name)} is no name for a directory`);
  return name;
}

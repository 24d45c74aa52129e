import { constants } from 'node:fs';
import { mkdir, open, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import type { PodPaths } from '../pods/paths.ts';
import { type PlannedContainer, podUid } from '../pods/spec.ts';
import type { EnvVar, Mount } from '../runtime/runtime.ts';
import type { VolumeManager } from '../volumes/manager.ts';
import { hostsFileOf, sharedHostsFileOf } from './hosts-file.ts';

/** Default of terminationMessagePath. */
const defaultMessagePath = '/dev/termination-log';

/** Dependencies of making mounts. */
export interface MountDeps {
  readonly volumes: Pick<VolumeManager, 'mounts'>;
  readonly paths: PodPaths;
  readonly clusterDomain: string;
  /** Pods have a file system of their own (not with the process driver). */
  readonly isolated: boolean;
}

/** The file on the node that an instance's termination message is written to. */
export function terminationMessagePath(paths: PodPaths, uid: string, container: string, attempt: number): string {
  return join(paths.pod(uid), 'termination-messages', container, String(attempt));
}

/** Everything that an instance mounts: its volumes, /etc/hosts, and the file for its termination message. */
export async function mountsOf(
  deps: MountDeps,
  pod: Pod,
  planned: PlannedContainer,
  attempt: number,
  podIps: readonly string[],
  env: readonly EnvVar[],
): Promise<Mount[]> {
  const mounts = await deps.volumes.mounts(pod, planned, env);
  const isTaken = (path: string): boolean => mounts.some(({ containerPath }) => containerPath === path);
  const messagePath = planned.spec.terminationMessagePath || defaultMessagePath;
  if (!isTaken(messagePath)) {
    const hostPath = terminationMessagePath(deps.paths, podUid(pod), planned.name, attempt);
    await mkdir(dirname(hostPath), { recursive: true, mode: 0o755 });
    const { O_WRONLY, O_CREAT, O_NOFOLLOW } = constants;
    await using file = await open(hostPath, O_WRONLY | O_CREAT | O_NOFOLLOW);
    // Whatever user the container runs as; the agent's root directory is closed to others.
    await file.chmod(0o666);
    mounts.push({ hostPath, containerPath: messagePath });
  }
  if (deps.isolated && !isTaken('/etc/hosts')) {
    const hostPath = join(deps.paths.pod(podUid(pod)), 'etc-hosts');
    await mkdir(dirname(hostPath), { recursive: true, mode: 0o755 });
    const content = pod.spec.hostNetwork
      ? sharedHostsFileOf(pod, await readFile('/etc/hosts', 'utf8').catch(() => ''))
      : hostsFileOf(pod, podIps, deps.clusterDomain);
    await writeFile(hostPath, content, { mode: 0o644 });
    mounts.push({ hostPath, containerPath: '/etc/hosts' });
  }
  return mounts;
}

import { join } from 'node:path';
import type { Container, Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { ImageStatus, SecurityConfig } from '../runtime/runtime.ts';
import { safeRelativePath } from '../volumes/paths.ts';

/**
 * A container's privileges: its own securityContext over the pod's.
 * @param seccompRoot Directory that the paths of localhost profiles are relative to.
 */
export function securityOf(pod: Pod, container: Container, seccompRoot: string): SecurityConfig {
  const ofPod = pod.spec?.securityContext ?? {};
  const own = container.securityContext ?? {};
  const runAsUser = own.runAsUser ?? ofPod.runAsUser;
  const runAsGroup = own.runAsGroup ?? ofPod.runAsGroup;
  const groups = [...(ofPod.fsGroup === undefined ? [] : [ofPod.fsGroup]), ...(ofPod.supplementalGroups ?? [])];
  const profile = own.seccompProfile ?? ofPod.seccompProfile;
  const seccomp =
    profile?.type === 'Localhost' ? localhostProfile(profile.localhostProfile, seccompRoot) : profile?.type;
  return {
    ...(own.privileged ? { privileged: true } : {}),
    ...(runAsUser === undefined ? {} : { runAsUser }),
    ...(runAsGroup === undefined ? {} : { runAsGroup }),
    ...(groups.length === 0 ? {} : { supplementalGroups: groups }),
    ...(own.readOnlyRootFilesystem ? { readOnlyRootfs: true } : {}),
    ...(own.capabilities?.add === undefined ? {} : { addCapabilities: own.capabilities.add }),
    ...(own.capabilities?.drop === undefined ? {} : { dropCapabilities: own.capabilities.drop }),
    ...(own.allowPrivilegeEscalation === undefined ? {} : { allowPrivilegeEscalation: own.allowPrivilegeEscalation }),
    ...(seccomp ? { seccomp } : {}),
    ...(own.procMount === 'Unmasked' ? { unmaskedProc: true } : {}),
  };
}

function localhostProfile(path: string | undefined, root: string): string {
  return join(root, ...safeRelativePath(path ?? ''));
}

/** Throws Invalid if runAsNonRoot forbids the user that the container would run as. */
export function checkNonRoot(pod: Pod, container: Container, image: ImageStatus): void {
  const nonRoot = container.securityContext?.runAsNonRoot ?? pod.spec?.securityContext?.runAsNonRoot ?? false;
  if (!nonRoot) return;
  const user = container.securityContext?.runAsUser ?? pod.spec?.securityContext?.runAsUser;
  if (user === 0) throw new GantryError('Invalid', "container's runAsUser breaks non-root policy");
  if (user !== undefined) return;
  if (image.userName) {
    throw new GantryError(
      'Invalid',
      `container has runAsNonRoot and image has non-numeric user (${image.userName}), cannot verify user is non-root`,
    );
  }
  if (image.user === undefined || image.user === 0) {
    throw new GantryError('Invalid', 'container has runAsNonRoot and image will run as root');
  }
}

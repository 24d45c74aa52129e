import { mkdir, readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Pod, Volume, VolumeMount } from '@gantry/model/gen/gantry.core.v1.ts';
import { GantryError, toGantryError } from '@gantry/runtime/errors.ts';
import { expand } from '../containers/expand.ts';
import type { PodPaths } from '../pods/paths.ts';
import { type PlannedContainer, podUid } from '../pods/spec.ts';
import type { EnvVar, Mount } from '../runtime/runtime.ts';
import { writeAtomically } from './atomic-writer.ts';
import type { ConfigObjects } from './config-objects.ts';
import { checkHostPath, makeScratch } from './directories.ts';
import { memorySizeBytes } from './memory-size.ts';
import { type Mounter, removeTree } from './mounter.ts';
import { bundleProjections, certificateProjections, payloadOf, tokenProjections } from './payload.ts';
import type { PodCertificates } from './pod-certificates.ts';
import type { PodTokens } from './pod-tokens.ts';
import { mountSubPath } from './sub-path.ts';
import type { TrustBundles } from './trust-bundles.ts';

/** Dependencies of the volume manager. */
export interface VolumeDeps {
  readonly paths: PodPaths;
  /** From memoryDirectory: for secrets and emptyDirs of medium Memory. */
  readonly memoryDir: string;
  readonly config: Pick<ConfigObjects, 'dataFor'>;
  readonly tokens: Pick<PodTokens, 'tokenFor' | 'release'>;
  readonly bundles: Pick<TrustBundles, 'anchorsFor' | 'release'>;
  readonly certificates: Pick<PodCertificates, 'credentialFor' | 'release'>;
  /** Absent if pods have no file system of their own: subPaths are then plain paths, and memory is not bounded. */
  readonly mounter?: Mounter;
  /** Memory of the node, in bytes: the size of an emptyDir in memory that nothing else bounds. */
  readonly nodeMemoryBytes: number;
  /** Resources that the node has for pods. */
  readonly allocatable: Readonly<Record<string, string>>;
}

/** The volumes of the node's pods on its disk. */
export interface VolumeManager {
  /** Makes all volumes of a pod, or brings their content up to date. Rejects with Invalid if one cannot be made. */
  prepare(pod: Pod, signal: AbortSignal): Promise<void>;
  /** Brings the content of volumes that were prepared, and not torn down since, up to date. */
  refresh(pod: Pod, signal: AbortSignal): Promise<void>;
  /** A container's mounts. Rejects with Invalid if a mount names no volume or leads out of it. */
  mounts(pod: Pod, planned: PlannedContainer, env: readonly EnvVar[]): Promise<Mount[]>;
  /** Directory of an emptyDir of the pod. */
  emptyDirOf(pod: Pod, name: string): string;
  /** Removes all that prepare made, but never what a hostPath names. Idempotent. */
  tearDown(uid: string): Promise<void>;
}

/** Volumes whose content shall not reach a disk. */
function livesInMemory(volume: Volume): boolean {
  const own = tokenProjections(volume).length + certificateProjections(volume).length;
  const isSecret = volume.secret !== undefined || own > 0;
  return isSecret || hasSecret(volume) || volume.emptyDir?.medium === 'Memory';
}

export function volumeManager(deps: VolumeDeps): VolumeManager {
  const memoryRoot = (uid: string): string => join(deps.memoryDir, uid);
  const diskRoot = (uid: string): string => join(deps.paths.pod(uid), 'volumes');
  const subPathRoot = (uid: string): string => join(deps.paths.pod(uid), 'volume-subpaths');
  const directoryOf = (pod: Pod, volume: Volume): string => {
    if (volume.hostPath !== undefined) return volume.hostPath.path;
    const uid = podUid(pod);
    return join(livesInMemory(volume) ? memoryRoot(uid) : diskRoot(uid), volume.name);
  };
  const { allocatable } = deps;
  const make = async (pod: Pod, volumes: readonly Volume[], signal: AbortSignal): Promise<void> => {
    if (volumes.length === 0) return;
    const config = await deps.config.dataFor(pod, signal);
    for (const volume of volumes) {
      await shownBy(deps, pod, volume, signal)
        .then((shown) => makeVolume(deps, volume, directoryOf(pod, volume), { pod, config, allocatable, ...shown }))
        .catch((error) => failMount(volume, error));
    }
  };
  const inTurn = turns();
  const prepared = new Set<string>();
  return {
    prepare(pod, signal) {
      prepared.add(podUid(pod));
      return inTurn(podUid(pod), () => make(pod, pod.spec.volumes ?? [], signal));
    },
    refresh(pod, signal) {
      const uid = podUid(pod);
      return inTurn(uid, async () => {
        if (prepared.has(uid)) await make(pod, (pod.spec.volumes ?? []).filter(isPayload), signal);
      });
    },
    async mounts(pod, planned, env) {
      const values = new Map(env.map(({ name, value }) => [name, value]));
      return Promise.all(
        (planned.spec.volumeMounts ?? []).map((mount, index) => {
          const volume = pod.spec.volumes?.find(({ name }) => name === mount.name);
          if (volume === undefined)
            throw new GantryError('Invalid', `volumeMounts: volume ${JSON.stringify(mount.name)} not found`);
          const target = join(subPathRoot(podUid(pod)), volume.name, planned.name, String(index));
          return mountOf(deps, mount, { volume, directory: directoryOf(pod, volume), target, values });
        }),
      );
    },
    emptyDirOf: (pod, name) => directoryOf(pod, pod.spec.volumes?.find((volume) => volume.name === name) ?? { name }),
    tearDown(uid) {
      prepared.delete(uid);
      deps.tokens.release(uid);
      deps.bundles.release(uid);
      deps.certificates.release(uid);
      return inTurn(uid, async () => {
        for (const root of [subPathRoot(uid), memoryRoot(uid), diskRoot(uid)]) await removeTree(root, deps.mounter);
      });
    },
  };
}

function hasSecret({ projected }: Volume): boolean {
  return projected?.sources?.some(({ secret }) => secret !== undefined) ?? false;
}

/** The parts of a volume's content that the agent asks the api for. */
async function shownBy({ tokens, bundles, certificates }: VolumeDeps, pod: Pod, volume: Volume, signal: AbortSignal) {
  return {
    tokens: await eachOf(tokenProjections(volume), (projection) => tokens.tokenFor(pod, projection, signal)),
    anchors: await eachOf(bundleProjections(volume), (projection) => bundles.anchorsFor(pod, projection, signal)),
    credentials: await eachOf(certificateProjections(volume), (projection) =>
      certificates.credentialFor(pod, projection, signal),
    ),
  };
}

async function eachOf<P, C>(projections: readonly P[], ask: (projection: P) => Promise<C>): Promise<Map<P, C>> {
  const found = new Map<P, C>();
  for (const projection of projections) found.set(projection, await ask(projection));
  return found;
}

/** A volume and the values that its mount is made with. */
interface MountInputs {
  readonly volume: Volume;
  /** Directory of the volume on the node. */
  readonly directory: string;
  /** Path of the agent's own on which a subPath is mounted. */
  readonly target: string;
  /** The container's variables, for subPathExpr. */
  readonly values: ReadonlyMap<string, string>;
}

async function mountOf(
  deps: VolumeDeps,
  mount: VolumeMount,
  { volume, directory, target, values }: MountInputs,
): Promise<Mount> {
  const subPath = mount.subPathExpr
    ? expand(mount.subPathExpr, (name) => values.get(name), 'subPathExpr')
    : mount.subPath;
  const propagation = mount.mountPropagation === undefined ? undefined : propagations[mount.mountPropagation];
  return {
    hostPath: subPath ? await mountSubPath(deps, directory, subPath, target) : directory,
    containerPath: mount.mountPath.startsWith('/') ? mount.mountPath : `/${mount.mountPath}`,
    // Only the agent writes the content of api objects.
    readOnly: (mount.readOnly ?? false) || isPayload(volume),
    ...(propagation === undefined ? {} : { propagation }),
  };
}

const propagations: Readonly<Record<string, Mount['propagation']>> = {
  HostToContainer: 'hostToContainer',
  Bidirectional: 'bidirectional',
};

/** Runs work of one key one after another, in the order in which it was asked for. */
function turns(): <T>(key: string, work: () => Promise<T>) => Promise<T> {
  const last = new Map<string, Promise<unknown>>();
  return (key, work) => {
    const mine = (last.get(key) ?? Promise.resolve()).then(work, work);
    const settled = mine
      .catch(() => {})
      .finally(() => {
        if (last.get(key) === settled) last.delete(key);
      });
    last.set(key, settled);
    return mine;
  };
}

function isPayload(volume: Volume): boolean {
  return [volume.configMap, volume.secret, volume.downwardAPI, volume.projected].some((source) => source !== undefined);
}

async function makeVolume(
  { mounter, nodeMemoryBytes }: VolumeDeps,
  volume: Volume,
  directory: string,
  sources: Parameters<typeof payloadOf>[1],
): Promise<void> {
  const gid = sources.pod.spec.securityContext?.fsGroup;
  const payload = payloadOf(volume, sources);
  if (payload !== undefined) {
    await mkdir(directory, { recursive: true, mode: 0o755 });
    await writeAtomically(directory, payload, gid);
  } else if (volume.hostPath !== undefined) await checkHostPath(volume.hostPath);
  else if (volume.emptyDir !== undefined) {
    const { medium = '' } = volume.emptyDir;
    if (medium !== '' && medium !== 'Memory')
      throw new GantryError('Invalid', `emptyDir.medium: ${JSON.stringify(medium)} is not supported by this node`);
    await mkdir(directory, { recursive: true });
    if (medium === 'Memory' && mounter !== undefined) {
      await mountOnce(mounter, directory, memorySizeBytes(sources.pod, volume.emptyDir, nodeMemoryBytes));
    }
    await makeScratch(directory, gid);
  } else {
    const sort = Object.keys(volume).find((key) => key !== 'name') ?? 'none';
    throw new GantryError('Invalid', `volumes of type ${sort} are not supported by this node`);
  }
}

/**
 * A directory that lies on another file system than its parent is mounted already, by this agent or the one before it. One with files
 * in it was used before there was a mount, and is left as it is.
 */
async function mountOnce(mounter: Mounter, directory: string, sizeBytes: number): Promise<void> {
  const [own, parent, files] = await Promise.all([stat(directory), stat(dirname(directory)), readdir(directory)]);
  if (own.dev === parent.dev && files.length === 0) await mounter.tmpfs(directory, { sizeBytes });
}

function failMount(volume: Volume, error: unknown): never {
  const { reason, message } = toGantryError(error);
  throw new GantryError(reason, `MountVolume.SetUp failed for volume "${volume.name}" : ${message}`, { cause: error });
}

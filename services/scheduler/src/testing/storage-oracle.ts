import { meets } from '@gantry/model/selectors.ts';
import { zoneLabels } from '../filter/volume-zone.ts';
import type { NodeInfo, PodRequirement } from '../requirement.ts';
import type { ClaimInfo, StorageClassInfo, VolumeInfo, ZoneDemand } from '../state/volumes.ts';
import type { Picture } from './oracle.ts';
import { termMatches } from './oracle.ts';

// The right decisions about volumes: the part of the oracle that looks at claims.

/** Claims by namespace/name, volumes and classes by name. */
export interface Storage {
  readonly claims: ReadonlyMap<string, ClaimInfo>;
  readonly volumes: ReadonlyMap<string, VolumeInfo>;
  readonly classes: ReadonlyMap<string, StorageClassInfo>;
}

/** Whether a node can give a pod its volumes. */
export function volumesAllow(pod: PodRequirement, node: NodeInfo, picture: Picture): boolean {
  const { storage } = picture;
  if (pod.claims.length === 0) return true;
  if (storage === undefined) return false;
  const claims = pod.claims.map((key) => [key, storage.claims.get(key)] as const);
  if (!claims.every(([key, claim]) => isUsable(key, claim, node, picture))) return false;
  const reserved = reservedBy(picture);
  for (const [key, claim] of claims) {
    if (claim!.volumeName !== '') continue;
    const users = usersOf(key, picture);
    if (users.length > 0) {
      if (!users.includes(node.name)) return false;
      continue;
    }
    const found = choices(key, claim!, storage).find(({ name, ...volume }) => {
      return !reserved.has(name) && reaches(volume, node);
    });
    if (found !== undefined) reserved.add(found.name);
    else if (!canBeMade(claim!, node, storage)) return false;
  }
  return true;
}

function isUsable(key: string, claim: ClaimInfo | undefined, node: NodeInfo, picture: Picture): boolean {
  if (claim === undefined || claim.terminating) return false;
  if (claim.accessModes.includes('ReadWriteOncePod') && usersOf(key, picture).length > 0) return false;
  const { volumes, classes } = picture.storage!;
  if (claim.volumeName === '') return classes.get(claim.storageClassName)?.waitsForConsumer === true;
  const volume = volumes.get(claim.volumeName);
  return volume !== undefined && reaches(volume, node) && isInZone(volume, node);
}

function usersOf(key: string, { placed }: Picture): string[] {
  return placed.filter(({ pod }) => pod.requirement.claims.includes(key)).map(({ node }) => node);
}

function reaches({ nodeTerms }: Pick<VolumeInfo, 'nodeTerms'>, node: NodeInfo): boolean {
  return nodeTerms === undefined || nodeTerms.some((term) => termMatches(term, node));
}

function isInZone({ zones }: VolumeInfo, node: NodeInfo): boolean {
  const saysWhere = zoneLabels.some((key) => node.labels[key] !== undefined);
  return !saysWhere || allIn(zones, node);
}

function allIn(demands: readonly ZoneDemand[], node: NodeInfo): boolean {
  return demands.every(({ key, values }) => node.labels[key] !== undefined && values.includes(node.labels[key]!));
}

function choices(key: string, claim: ClaimInfo, { volumes }: Storage): VolumeInfo[] {
  const fitting = [...volumes.values()].filter(
    (volume) =>
      (volume.claim === '' || volume.claim === key) &&
      volume.storageClassName === claim.storageClassName &&
      volume.volumeMode === claim.volumeMode &&
      volume.sizeBytes >= claim.sizeBytes &&
      claim.accessModes.every((mode) => volume.accessModes.includes(mode)) &&
      claim.selector.every((requirement) => meets(volume.labels, requirement)),
  );
  const rank = ({ claim: owner, sizeBytes, name }: VolumeInfo): string =>
    `${owner === key ? 0 : 1} ${String(sizeBytes).padStart(20, '0')} ${name}`;
  return fitting.sort((left, right) => (rank(left) < rank(right) ? -1 : 1));
}

/** Volumes that pods with a node will have once their claims are bound. */
function reservedBy(picture: Picture): Set<string> {
  const reserved = new Set<string>();
  const { claims } = picture.storage!;
  for (const [key, claim] of [...claims].sort(([left], [right]) => (left < right ? -1 : 1))) {
    const [user] = usersOf(key, picture);
    if (user === undefined || claim.volumeName !== '') continue;
    const node = picture.nodes.find(({ name }) => name === user)!;
    const found = choices(key, claim, picture.storage!).find(
      (volume) => !reserved.has(volume.name) && reaches(volume, node),
    );
    if (found !== undefined) reserved.add(found.name);
  }
  return reserved;
}

function canBeMade({ storageClassName }: ClaimInfo, node: NodeInfo, { classes }: Storage): boolean {
  const storageClass = classes.get(storageClassName);
  if (storageClass?.makesVolumes !== true) return false;
  return storageClass.topologies.length === 0 || storageClass.topologies.some((demands) => allIn(demands, node));
}

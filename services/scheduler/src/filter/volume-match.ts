import { meets } from '@gantry/model/selectors.ts';
import type { ClusterState } from '../state/cluster.ts';
import type { NodeTable } from '../state/node-table.ts';
import type { ClaimInfo, VolumeInfo, ZoneDemand } from '../state/volumes.ts';
import { matchesTerm } from './node-terms.ts';

// Chooses the volume that a claim gets on a node: the smallest sufficient one, as the volume controller does.

/** True where a volume can be reached from nodes; a test by node. */
export function reachability({ nodeTerms }: VolumeInfo, nodes: NodeTable): (node: number) => boolean {
  if (nodeTerms === undefined) return () => true;
  const terms = nodeTerms.map((term) => matchesTerm(term, nodes));
  return (node) => terms.some((matches) => matches(node));
}

/** True where a node is in one of the places; a node that does not say where it is, is not. */
export function isInPlace(demands: readonly ZoneDemand[], nodes: NodeTable): (node: number) => boolean {
  const tests = demands.map(({ key, values }) => {
    const column = nodes.column(key);
    const ids = new Set(values.map((value) => column.idOf(value)).filter((id) => id !== 0));
    return (node: number): boolean => ids.has(column.ids[node]!);
  });
  return (node) => tests.every((test) => test(node));
}

/** True where a free volume, or one that is meant for the claim, has all that the claim asks for. */
export function suits(volume: VolumeInfo, claimKey: string, claim: ClaimInfo): boolean {
  if (volume.claim !== '' && volume.claim !== claimKey) return false;
  return (
    volume.storageClassName === claim.storageClassName &&
    volume.volumeMode === claim.volumeMode &&
    volume.sizeBytes >= claim.sizeBytes &&
    claim.accessModes.every((mode) => volume.accessModes.includes(mode)) &&
    claim.selector.every((requirement) => meets(volume.labels, requirement))
  );
}

/** A volume that could be a claim's, with a test of nodes. */
export interface Candidate {
  readonly volume: VolumeInfo;
  readonly reaches: (node: number) => boolean;
}

/** The volumes that a claim could have, best first: those meant for it, then the smaller, then by name. */
export function candidatesFor(claimKey: string, claim: ClaimInfo, { volumes, nodes }: ClusterState): Candidate[] {
  return [...volumes.volumes.values()]
    .filter((volume) => suits(volume, claimKey, claim))
    .sort((left, right) => {
      const byOwner = Number(right.claim === claimKey) - Number(left.claim === claimKey);
      return byOwner || left.sizeBytes - right.sizeBytes || (left.name < right.name ? -1 : 1);
    })
    .map((volume) => ({ volume, reaches: reachability(volume, nodes) }));
}

/**
 * Volumes that pods on nodes will have, whose claims are not bound yet: nobody else can count on them. Claims are served in
 * the order of their names.
 */
export function reservedVolumes(cluster: ClusterState): Set<string> {
  const { volumes } = cluster;
  const reserved = new Set<string>();
  const unbound = [...volumes.claimsInUse].filter((key) => volumes.claims.get(key)?.volumeName === '');
  for (const key of unbound.sort()) {
    const [node] = volumes.nodesUsing(key);
    const found = candidatesFor(key, volumes.claims.get(key)!, cluster).find(
      ({ volume, reaches }) => !reserved.has(volume.name) && reaches(node!),
    );
    if (found !== undefined) reserved.add(found.volume.name);
  }
  return reserved;
}

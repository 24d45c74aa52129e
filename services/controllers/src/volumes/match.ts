import type {
  Node,
  NodeSelectorTerm,
  PersistentVolume,
  PersistentVolumeClaim,
} from '@gantry/model/gen/gantry.core.v1.ts';
import { compareQuantities, parseQuantity } from '@gantry/model/quantity.ts';
import { matchesLabels, meets, nodeRequirement } from '@gantry/model/selectors.ts';

/** The volume that a claim gets: one that is meant for it, else the smallest that will do, else none. @param node Where its pod is; anywhere where undefined. */
export function volumeFor(
  claim: PersistentVolumeClaim,
  volumes: Iterable<PersistentVolume>,
  node: Node | undefined,
): PersistentVolume | undefined {
  const fitting = [...volumes].filter(
    (volume) => suits(volume, claim) && (node === undefined || reaches(volume, node)),
  );
  return fitting.sort((left, right) => {
    const byOwner = Number(isMeantFor(right, claim)) - Number(isMeantFor(left, claim));
    return (
      byOwner || compareQuantities(sizeOf(left), sizeOf(right)) || (left.metadata.name < right.metadata.name ? -1 : 1)
    );
  })[0];
}

/** True where a volume names the claim as its own. */
export function isMeantFor({ spec: { claimRef } }: PersistentVolume, { metadata }: PersistentVolumeClaim): boolean {
  return (
    claimRef !== undefined &&
    claimRef.namespace === metadata.namespace &&
    claimRef.name === metadata.name &&
    (!claimRef.uid || claimRef.uid === metadata.uid)
  );
}

function suits(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  const { metadata, spec } = volume;
  if (metadata.deletionTimestamp !== undefined) return false;
  if (spec.claimRef !== undefined && !isMeantFor(volume, claim)) return false;
  const wanted = claim.spec;
  if (wanted.volumeName && wanted.volumeName !== metadata.name) return false;
  const modes = spec.accessModes ?? [];
  return (
    (spec.storageClassName ?? '') === (wanted.storageClassName ?? '') &&
    (spec.volumeMode ?? 'Filesystem') === (wanted.volumeMode ?? 'Filesystem') &&
    compareQuantities(sizeOf(volume), parseQuantity(wanted.resources?.requests?.storage ?? '0')) >= 0 &&
    (wanted.accessModes ?? []).every((mode) => modes.includes(mode)) &&
    (wanted.selector === undefined || matchesLabels(wanted.selector, metadata.labels))
  );
}

function sizeOf({ spec }: PersistentVolume): ReturnType<typeof parseQuantity> {
  return parseQuantity(spec.capacity?.storage ?? '0');
}

function reaches({ spec: { nodeAffinity } }: PersistentVolume, node: Node): boolean {
  return nodeAffinity?.required?.nodeSelectorTerms.some((term) => meetsTerm(term, node)) ?? true;
}

function meetsTerm({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm, { metadata }: Node): boolean {
  const labels = matchExpressions.every((one) => meets(metadata.labels, nodeRequirement(one)));
  const names = matchFields.every((one) => meets({ [one.key]: metadata.name }, nodeRequirement(one)));
  return matchExpressions.length + matchFields.length > 0 && labels && names;
}

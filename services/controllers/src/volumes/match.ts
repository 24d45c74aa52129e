import type {
  Node,
  NodeSelectorTerm,
  PersistentVolume,
  PersistentVolumeClaim,
} from '@gantry/model/gen/gantry.core.v1.ts';
import { compareQuantities, parseQuantity } from '@gantry/model/quantity.ts';
import { matchesLabels, meets, nodeRequirement } from '@gantry/model/selectors.ts';

/** The outcome of the search for a claim's volume. */
export interface Choice {
  /** Undefined where none will do. */
  readonly volume: PersistentVolume | undefined;
  /** Reasons why volumes could not be judged, by their names: they are passed over. */
  readonly broken: ReadonlyMap<string, string>;
}

/**
 * The volume that a claim gets: one that is meant for it, else the smallest that will do.
 * @param node The node that the volume must be reached from; any where undefined.
 */
export function chooseVolume(
  claim: PersistentVolumeClaim,
  volumes: Iterable<PersistentVolume>,
  node: Node | undefined,
): Choice {
  const broken = new Map<string, string>();
  const fitting: { readonly volume: PersistentVolume; readonly size: ReturnType<typeof parseQuantity> }[] = [];
  for (const volume of volumes) {
    try {
      const fits = suits(volume, claim) && (node === undefined || reaches(volume, node));
      if (fits) fitting.push({ volume, size: sizeOf(volume) });
    } catch (error) {
      // One volume that cannot be judged costs that volume.
      broken.set(volume.metadata.name, error instanceof Error ? error.message : String(error));
    }
  }
  const [best] = fitting.sort(
    (left, right) =>
      Number(isMeantFor(right.volume, claim)) - Number(isMeantFor(left.volume, claim)) ||
      compareQuantities(left.size, right.size) ||
      (left.volume.metadata.name < right.volume.metadata.name ? -1 : 1),
  );
  return { volume: best?.volume, broken };
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

/** The first thing that a volume lacks of what a claim asks for, in Kubernetes' words; undefined where it lacks nothing. */
export function mismatch({ spec }: PersistentVolume, { spec: wanted }: PersistentVolumeClaim): string | undefined {
  const modes = spec.accessModes ?? [];
  if (compareQuantities(sizeOf({ spec }), parseQuantity(wanted.resources?.requests?.storage ?? '0')) < 0) {
    return 'requested PV is too small';
  }
  if ((spec.storageClassName ?? '') !== (wanted.storageClassName ?? '')) return 'storageClassName does not match';
  if ((spec.volumeMode ?? 'Filesystem') !== (wanted.volumeMode ?? 'Filesystem')) return 'incompatible volumeMode';
  if (!(wanted.accessModes ?? []).every((mode) => modes.includes(mode))) return 'incompatible accessMode';
  return undefined;
}

function suits(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  const { metadata, spec } = volume;
  const { volumeName, selector } = claim.spec;
  // A binding that was begun is completed.
  const isBegun = spec.claimRef?.uid !== undefined && spec.claimRef.uid === claim.metadata.uid;
  if (metadata.deletionTimestamp !== undefined && !isBegun) return false;
  if (spec.claimRef !== undefined && !isMeantFor(volume, claim)) return false;
  if (volumeName && volumeName !== metadata.name) return false;
  return mismatch(volume, claim) === undefined && (selector === undefined || matchesLabels(selector, metadata.labels));
}

function sizeOf({ spec }: Pick<PersistentVolume, 'spec'>): ReturnType<typeof parseQuantity> {
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

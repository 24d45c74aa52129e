import { amountOf } from '@gantry/model/amounts.ts';
import type { PersistentVolume, PersistentVolumeClaim } from '@gantry/model/gen/gantry.core.v1.ts';
import type { StorageClass } from '@gantry/model/gen/gantry.storage.v1.ts';
import { requirementsOf } from '@gantry/model/selectors.ts';
import { zoneLabels } from '../filter/volume-zone.ts';
import type { ClaimInfo, StorageClassInfo, VolumeInfo } from '../state/volumes.ts';
import { nodeTerm } from './selectors.ts';

/** Provisioner of classes whose volumes are made by hand. */
const noProvisioner = 'kubernetes.io/no-provisioner';
/** Between the zones of a volume that is in several. */
const zoneSeparator = '__';

/** Compiles a claim. Throws BadRequest for a quantity that cannot be read. */
export function compileClaim({ metadata, spec }: PersistentVolumeClaim): ClaimInfo {
  return {
    volumeName: spec.volumeName ?? '',
    storageClassName: spec.storageClassName ?? '',
    sizeBytes: amountOf('storage', spec.resources?.requests?.storage ?? '0'),
    accessModes: spec.accessModes ?? [],
    volumeMode: spec.volumeMode ?? 'Filesystem',
    selector: spec.selector === undefined ? [] : requirementsOf(spec.selector),
    terminating: metadata.deletionTimestamp !== undefined,
  };
}

/** Compiles a volume. Throws BadRequest for a quantity or term that cannot be read. */
export function compileVolume({ metadata, spec }: PersistentVolume): VolumeInfo {
  const { claimRef, nodeAffinity } = spec;
  const labels = metadata.labels ?? {};
  return {
    name: metadata.name,
    claim: claimRef === undefined ? '' : `${claimRef.namespace ?? ''}/${claimRef.name ?? ''}`,
    storageClassName: spec.storageClassName ?? '',
    sizeBytes: amountOf('storage', spec.capacity?.storage ?? '0'),
    accessModes: spec.accessModes ?? [],
    volumeMode: spec.volumeMode ?? 'Filesystem',
    labels,
    nodeTerms: nodeAffinity?.required?.nodeSelectorTerms.map(nodeTerm),
    zones: zoneLabels
      .filter((key) => Object.hasOwn(labels, key))
      .map((key) => ({ key, values: labels[key]!.split(zoneSeparator) })),
  };
}

/** Compiles a storage class. */
export function compileStorageClass({
  provisioner,
  volumeBindingMode,
  allowedTopologies,
}: StorageClass): StorageClassInfo {
  return {
    waitsForConsumer: volumeBindingMode === 'WaitForFirstConsumer',
    makesVolumes: provisioner !== noProvisioner,
    topologies: (allowedTopologies ?? []).map(({ matchLabelExpressions = [] }) => matchLabelExpressions),
  };
}

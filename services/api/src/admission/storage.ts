import { builtIn } from '@gantry/model/built-in.ts';
import type { PersistentVolumeClaim } from '@gantry/model/gen/gantry.core.v1.ts';
import type { StorageClass } from '@gantry/model/gen/gantry.storage.v1.ts';
import { claimProtection, volumeProtection } from '@gantry/model/kinds/persistentvolume/protection.ts';
import { isDefaultClass } from '@gantry/model/kinds/storageclass/default.ts';
import { compareQuantities, parseQuantity } from '@gantry/model/quantity.ts';
import type { AdmissionStep } from './chain.ts';
import { defaultClassName } from './default-class.ts';
import type { KindView } from './kind-view.ts';
import { forbidden } from './refusal.ts';

const claimKind = builtIn.kindOf('', 'PersistentVolumeClaim')!;
const volumeKind = builtIn.kindOf('', 'PersistentVolume')!;
const classAnnotation = 'volume.beta.kubernetes.io/storage-class';

/** DefaultStorageClass: gives new claims that name no class the default one. @param classes All storage classes. */
export function defaultStorageClassStep(classes: KindView): AdmissionStep {
  return {
    name: 'DefaultStorageClass',
    handles: ({ kind, operation, request: { subresource }, object }) =>
      kind === claimKind &&
      operation === 'CREATE' &&
      subresource === '' &&
      object?.spec?.storageClassName === undefined &&
      object?.metadata.annotations?.[classAnnotation] === undefined,
    mutate: ({ object }) => {
      const storageClassName = defaultClassName<StorageClass>(classes, isDefaultClass);
      if (storageClassName !== undefined) object!.spec = { ...object!.spec, storageClassName };
    },
  };
}

/** StorageObjectInUseProtection: new volumes and claims stay until nobody uses them any more, and a controller takes the finalizer off. */
export const inUseProtectionStep: AdmissionStep = {
  name: 'StorageObjectInUseProtection',
  handles: ({ kind, operation, request: { subresource } }) =>
    (kind === claimKind || kind === volumeKind) && operation === 'CREATE' && subresource === '',
  mutate: ({ kind, object }) => {
    const finalizer = kind === claimKind ? claimProtection : volumeProtection;
    const { metadata } = object!;
    const { finalizers = [] } = metadata;
    if (!finalizers.includes(finalizer)) metadata.finalizers = [...finalizers, finalizer];
  },
};

/** PersistentVolumeClaimResize: bound claims alone grow, and those alone whose class says that its volumes can. @param classes All storage classes. */
export function claimResizeStep(classes: KindView): AdmissionStep {
  return {
    name: 'PersistentVolumeClaimResize',
    handles: ({ kind, operation, request: { subresource } }) =>
      kind === claimKind && operation === 'UPDATE' && subresource === '',
    validate: async (attempt) => {
      const [claim, stored] = [attempt.object, attempt.stored] as unknown as PersistentVolumeClaim[];
      const [size, before] = [claim, stored].map((one) => parseQuantity(one!.spec.resources?.requests?.storage ?? '0'));
      if (compareQuantities(size!, before!) <= 0) return;
      if (stored!.status?.phase !== 'Bound') {
        throw forbidden(attempt, 'Only bound persistent volume claims can be expanded');
      }
      const name = classOf(claim!);
      const found = name !== '' && name === classOf(stored!) ? await classes.find(undefined, name) : undefined;
      if ((found as unknown as StorageClass | undefined)?.allowVolumeExpansion === true) return;
      const problem =
        'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize';
      throw forbidden(attempt, problem);
    },
  };
}

function classOf({ metadata, spec }: PersistentVolumeClaim): string {
  return metadata.annotations?.[classAnnotation] ?? spec.storageClassName ?? '';
}

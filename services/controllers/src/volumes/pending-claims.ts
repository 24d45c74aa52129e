import type { Node, PersistentVolume, PersistentVolumeClaim, Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { claimsOf } from '@gantry/model/kinds/pod/claims.ts';
import type { View } from '../core/action.ts';
import { isActive } from '../core/pods.ts';
import { isMeantFor, mismatch } from './match.ts';

/** Something that users are told of a claim. */
export interface Notice {
  readonly eventType: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

/** The place that a claim's volume must be reached from. */
export type Place =
  | { readonly type: 'anywhere' }
  | { readonly type: 'node'; readonly node: Node }
  /** Nobody knows yet. */
  | { readonly type: 'undecided'; readonly notice: Notice };

/** Place of a claim: that of its first pod, where its class waits for one. A claim that names its volume waits for nobody. */
export function placeOf(claim: PersistentVolumeClaim, view: View): Place {
  const { volumeName, storageClassName = '' } = claim.spec;
  const storageClass = view.get('StorageClass', undefined, storageClassName);
  if (volumeName || storageClass?.volumeBindingMode !== 'WaitForFirstConsumer') return { type: 'anywhere' };
  const pods = consumersOf(claim, view);
  for (const { spec } of pods) {
    const node = spec.nodeName ? view.get('Node', undefined, spec.nodeName) : undefined;
    if (node !== undefined) return { type: 'node', node };
  }
  const waiting = pods.find(({ spec }) => !spec.nodeName);
  const notice: Notice =
    waiting === undefined
      ? normal('WaitForFirstConsumer', 'waiting for first consumer to be created before binding')
      : normal('WaitForPodScheduled', `waiting for pod ${waiting.metadata.name} to be scheduled`);
  return { type: 'undecided', notice };
}

function consumersOf({ metadata: { namespace, name } }: PersistentVolumeClaim, view: View): Pod[] {
  return [...view.list('Pod', namespace)].filter(
    (pod) => isActive(pod) && claimsOf(pod).includes(`${namespace}/${name}`),
  );
}

/** Why a claim for which no volume was found is pending, in Kubernetes' words where it has some. */
export function whyPending(claim: PersistentVolumeClaim, view: View): Notice {
  const { volumeName, storageClassName = '' } = claim.spec;
  if (volumeName) return whyNotNamed(claim, volumeName, view.get('PersistentVolume', undefined, volumeName));
  if (storageClassName === '') {
    return normal('FailedBinding', 'no persistent volumes available for this claim and no storage class is set');
  }
  const storageClass = view.get('StorageClass', undefined, storageClassName);
  if (storageClass === undefined) {
    return warning('ProvisioningFailed', `storageclass.storage.k8s.io "${storageClassName}" not found`);
  }
  const { provisioner } = storageClass;
  if (provisioner.startsWith('kubernetes.io/')) {
    return warning('ProvisioningFailed', `no volume plugin matched name: ${provisioner}`);
  }
  return normal(
    'ExternalProvisioning',
    `Waiting for a volume to be created either by the external provisioner '${provisioner}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.`,
  );
}

function whyNotNamed(claim: PersistentVolumeClaim, name: string, volume: PersistentVolume | undefined): Notice {
  if (volume === undefined) return warning('FailedBinding', `volume "${name}" not found`);
  if (volume.metadata.deletionTimestamp !== undefined) {
    return warning('FailedBinding', `volume "${name}" is being deleted`);
  }
  if (volume.spec.claimRef !== undefined && !isMeantFor(volume, claim)) {
    return warning('FailedBinding', `volume "${name}" already bound to a different claim.`);
  }
  const lack = mismatch(volume, claim) ?? 'labels do not match the selector';
  return warning('VolumeMismatch', `Cannot bind to requested volume "${name}": ${lack}`);
}

export function normal(reason: string, message: string): Notice {
  return { eventType: 'Normal', reason, message };
}

export function warning(reason: string, message: string): Notice {
  return { eventType: 'Warning', reason, message };
}

import type { Container, EphemeralContainer, Pod, Volume } from '@gantry/model/gen/gantry.core.v1.ts';

/** Objects that a pod refers to and that its node may therefore read. */
export type ReferencedKind = 'secret' | 'configmap' | 'claim' | 'account';

/** The objects of its namespace that a pod refers to, each as `KIND/NAME`, each once, in order. */
export function referencesOf({ metadata, spec }: Pod): string[] {
  const found = new Set<string>();
  const add = (kind: ReferencedKind, name: string | undefined): void => {
    if (name) found.add(`${kind}/${name}`);
  };
  add('account', spec.serviceAccountName || 'default');
  for (const { name } of spec.imagePullSecrets ?? []) add('secret', name);
  for (const volume of spec.volumes ?? []) addVolume(volume, metadata.name, add);
  const containers = [...(spec.containers ?? []), ...(spec.initContainers ?? []), ...(spec.ephemeralContainers ?? [])];
  for (const container of containers) addEnvironment(container, add);
  return [...found].sort();
}

type Add = (kind: ReferencedKind, name: string | undefined) => void;

function addEnvironment({ env = [], envFrom = [] }: Container | EphemeralContainer, add: Add): void {
  for (const { valueFrom } of env) {
    add('secret', valueFrom?.secretKeyRef?.name);
    add('configmap', valueFrom?.configMapKeyRef?.name);
  }
  for (const { secretRef, configMapRef } of envFrom) {
    add('secret', secretRef?.name);
    add('configmap', configMapRef?.name);
  }
}

function addVolume(volume: Volume, podName: string, add: Add): void {
  add('secret', volume.secret?.secretName);
  add('configmap', volume.configMap?.name);
  add('claim', volume.persistentVolumeClaim?.claimName);
  if (volume.ephemeral !== undefined) add('claim', `${podName}-${volume.name}`);
  for (const source of volume.projected?.sources ?? []) {
    add('secret', source.secret?.name);
    add('configmap', source.configMap?.name);
  }
  add('secret', volume.csi?.nodePublishSecretRef?.name);
  add('secret', volume.azureFile?.secretName);
  for (const kind of ['cephfs', 'cinder', 'flexVolume', 'iscsi', 'rbd', 'scaleIO', 'storageos'] as const) {
    add('secret', (volume[kind] as { readonly secretRef?: { readonly name?: string } } | undefined)?.secretRef?.name);
  }
}

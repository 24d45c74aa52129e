import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { plannedContainers } from '../pods/spec.ts';

/** A configMap or secret that a pod names, in its own namespace. */
export interface ConfigReference {
  readonly kind: 'ConfigMap' | 'Secret';
  readonly name: string;
}

/** Every configMap and secret that the pod's volumes, variables and pulls name, each once. */
export function configReferencesOf(pod: Pod): ConfigReference[] {
  const found = new Map<string, ConfigReference>();
  const add = (kind: ConfigReference['kind'], name: string | undefined): void => {
    if (name) found.set(`${kind}/${name}`, { kind, name });
  };
  for (const { spec } of plannedContainers(pod)) {
    for (const { configMapRef, secretRef } of spec.envFrom ?? []) {
      add('ConfigMap', configMapRef?.name);
      add('Secret', secretRef?.name);
    }
    for (const { valueFrom } of spec.env ?? []) {
      add('ConfigMap', valueFrom?.configMapKeyRef?.name);
      add('Secret', valueFrom?.secretKeyRef?.name);
    }
  }
  for (const volume of pod.spec.volumes ?? []) {
    add('ConfigMap', volume.configMap?.name);
    add('Secret', volume.secret?.secretName);
    for (const { configMap, secret } of volume.projected?.sources ?? []) {
      add('ConfigMap', configMap?.name);
      add('Secret', secret?.name);
    }
  }
  for (const { name } of pod.spec.imagePullSecrets ?? []) add('Secret', name);
  return [...found.values()];
}

import type { ReplicaSet } from '../../gen/gantry.apps.v1.ts';
import { setTemplateDefaults } from '../pod/defaults.ts';

/** Sets a ReplicaSet's left-out fields, in place. One without labels gets its template's. */
export function setReplicaSetDefaults({ metadata, spec }: ReplicaSet): void {
  spec.replicas ??= 1;
  setTemplateDefaults(spec.template);
  const templateLabels = spec.template.metadata?.labels ?? {};
  if (Object.keys(metadata.labels ?? {}).length === 0 && Object.keys(templateLabels).length > 0) {
    metadata.labels = { ...templateLabels };
  }
}

import type { ReplicaSet } from '../../gen/gantry.apps.v1.ts';
import { setTemplateDefaults } from '../pod/defaults.ts';

/** Sets a ReplicaSet's left-out fields, in place. */
export function setReplicaSetDefaults({ spec }: ReplicaSet): void {
  spec.replicas ??= 1;
  setTemplateDefaults(spec.template);
}

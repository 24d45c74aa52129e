/** Defaults of StatefulSets. */
import type { StatefulSet, StatefulSetSpec } from '../../gen/gantry.apps.v1.ts';
import { setTemplateDefaults } from '../pod/defaults.ts';

/** Old revisions kept for going back. */
const defaultHistoryLimit = 10;

/** Sets a StatefulSet's left-out fields, in place. */
export function setStatefulSetDefaults({ spec }: StatefulSet): void {
  setTemplateDefaults(spec.template);
  spec.podManagementPolicy ||= 'OrderedReady';
  spec.replicas ??= 1;
  spec.revisionHistoryLimit ??= defaultHistoryLimit;
  spec.persistentVolumeClaimRetentionPolicy ??= {};
  spec.persistentVolumeClaimRetentionPolicy.whenDeleted ||= 'Retain';
  spec.persistentVolumeClaimRetentionPolicy.whenScaled ||= 'Retain';
  setStrategyDefaults(spec);
  for (const template of spec.volumeClaimTemplates ?? []) {
    template.kind = 'PersistentVolumeClaim';
    template.apiVersion = 'v1';
    template.spec.volumeMode ??= 'Filesystem';
    template.status ??= {};
    template.status.phase ||= 'Pending';
  }
}

function setStrategyDefaults(spec: StatefulSetSpec): void {
  spec.updateStrategy ??= {};
  const { updateStrategy } = spec;
  if (!updateStrategy.type) {
    updateStrategy.type = 'RollingUpdate';
    updateStrategy.rollingUpdate ??= {};
  }
  const { type, rollingUpdate } = updateStrategy;
  if (type !== 'RollingUpdate' || rollingUpdate === undefined) return;
  rollingUpdate.partition ??= 0;
  rollingUpdate.maxUnavailable ??= 1;
}

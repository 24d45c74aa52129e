import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { ReplicationController } from '../../gen/gantry.core.v1.ts';
import type { Kind } from '../../kind.ts';
import { invalidValue, nonNegative, required } from '../../validation/causes.ts';
import { dnsSubdomainProblems } from '../../validation/names.ts';
import { formatLabels } from '../cells.ts';
import { setTemplateDefaults } from '../pod/defaults.ts';
import { nameWarnings } from '../pod/names.ts';
import { validateTemplate } from '../pod/validation.ts';
import { validateEndless, validateReplicaCounts } from '../replicaset/validation.ts';
import { scaleOfReplicas } from '../scale.ts';

/** core/v1 ReplicationController. */
export const replicationController: Kind<ReplicationController> = {
  kind: 'ReplicationController',
  group: '',
  version: 'v1',
  plural: 'replicationcontrollers',
  singular: 'replicationcontroller',
  shortNames: ['rc'],
  categories: ['all'],
  namespaced: true,
  message: 'gantry.core.v1.ReplicationController',
  objectField: 'replicationController',
  hasStatus: true,
  subresources: { scale: scaleOfReplicas },
  generation: 'spec',
  setDefaults: setControllerDefaults,
  prepareForCreate: (object) => {
    delete object.status;
  },
  validate: validateController,
  validateStatus: ({ status }) =>
    validateReplicaCounts(status ?? {}, ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas']),
  warnings: ({ metadata }) => nameWarnings(metadata),
  selectableFields: { 'status.replicas': ({ status }) => String(status?.replicas ?? 0) },
  columns: [
    { name: 'DESIRED', cell: ({ spec }) => String(spec.replicas ?? 0) },
    { name: 'CURRENT', cell: ({ status }) => String(status?.replicas ?? 0) },
    { name: 'READY', cell: ({ status }) => String(status?.readyReplicas ?? 0) },
    { name: 'CONTAINERS', wide: true, cell: (object) => listed(object, ({ name }) => name) },
    { name: 'IMAGES', wide: true, cell: (object) => listed(object, ({ image = '' }) => image) },
    { name: 'SELECTOR', wide: true, cell: ({ spec }) => formatLabels(spec.selector) },
  ],
  // Older clients count on the pods' staying when their controller goes.
  defaultPropagation: 'Orphan',
  // Of this kind alone Kubernetes counts them as bytes.
  nameProblems: (name) => dnsSubdomainProblems(name).map((problem) => problem.replace('253 characters', '253 bytes')),
};

function listed(
  { spec }: ReplicationController,
  pick: (container: { name: string; image?: string }) => string,
): string {
  const template: ReplicationController['spec']['template'] | undefined = spec.template;
  return (template?.spec.containers ?? []).map(pick).join(',');
}

function setControllerDefaults({ metadata, spec }: ReplicationController): void {
  spec.replicas ??= 1;
  const template: ReplicationController['spec']['template'] | undefined = spec.template;
  if (template === undefined) return;
  setTemplateDefaults(template);
  const labels = template.metadata?.labels;
  if (labels === undefined) return;
  if (Object.keys(spec.selector ?? {}).length === 0) spec.selector = { ...labels };
  if (Object.keys(metadata.labels ?? {}).length === 0) metadata.labels = { ...labels };
}

function validateController({ spec }: ReplicationController): FieldCause[] {
  const { replicas, minReadySeconds, selector = {} } = spec;
  const template: ReplicationController['spec']['template'] | undefined = spec.template;
  const causes = [
    ...nonNegative('spec.minReadySeconds', minReadySeconds),
    ...(Object.keys(selector).length === 0 ? [required('spec.selector')] : []),
    ...nonNegative('spec.replicas', replicas),
  ];
  if (template === undefined) return causes;
  const labels = template.metadata?.labels ?? {};
  if (!Object.entries(selector).every(([key, value]) => labels[key] === value)) {
    const text = '`selector` does not match template `labels`';
    causes.push(invalidValue('spec.template.metadata.labels', labels, text));
  }
  return [
    ...causes,
    ...validateTemplate(template, 'spec.template'),
    ...validateEndless(template, 'ReplicationController'),
  ];
}

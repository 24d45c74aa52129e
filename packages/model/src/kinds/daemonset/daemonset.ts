import { isDeepStrictEqual } from 'node:util';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { DaemonSet } from '../../gen/gantry.apps.v1.ts';
import { parseInt64 } from '../../go-integers.ts';
import type { Kind } from '../../kind.ts';
import { formatLabels } from '../cells.ts';
import { setTemplateDefaults } from '../pod/defaults.ts';
import { templateColumns } from '../replicaset/columns.ts';
import { validateDaemonSet, validateDaemonSetStatus, validateDaemonSetUpdate } from './validation.ts';

/** Old revisions kept for going back. */
const defaultHistoryLimit = 10;
/** The annotation in which templates are counted, from 1 on: a field of the kind's first versions. */
const generationAnnotation = 'deprecated.daemonset.template.generation';

/** apps/v1 DaemonSet. */
export const daemonSet: Kind<DaemonSet> = {
  kind: 'DaemonSet',
  group: 'apps',
  version: 'v1',
  plural: 'daemonsets',
  singular: 'daemonset',
  shortNames: ['ds'],
  categories: ['all'],
  namespaced: true,
  message: 'gantry.apps.v1.DaemonSet',
  objectField: 'daemonSet',
  hasStatus: true,
  generation: 'spec',
  setDefaults: setDaemonSetDefaults,
  prepareForCreate: (object) => {
    delete object.status;
    setTemplateGeneration(object, Math.max(1, templateGenerationOf(object)));
  },
  prepareForUpdate: (object, stored) => {
    const isNew = !isDeepStrictEqual(object.spec.template, stored.spec.template);
    setTemplateGeneration(object, templateGenerationOf(stored) + (isNew ? 1 : 0));
  },
  validate: validateDaemonSet,
  validateUpdate: validateDaemonSetUpdate,
  validateStatus: validateDaemonSetStatus,
  selectableFields: {},
  columns: [
    { name: 'DESIRED', cell: ({ status }) => String(status?.desiredNumberScheduled ?? 0) },
    { name: 'CURRENT', cell: ({ status }) => String(status?.currentNumberScheduled ?? 0) },
    { name: 'READY', cell: ({ status }) => String(status?.numberReady ?? 0) },
    { name: 'UP-TO-DATE', cell: ({ status }) => String(status?.updatedNumberScheduled ?? 0) },
    { name: 'AVAILABLE', cell: ({ status }) => String(status?.numberAvailable ?? 0) },
    { name: 'NODE SELECTOR', cell: ({ spec }) => formatLabels(spec.template.spec.nodeSelector) },
    ...templateColumns<DaemonSet>(),
  ],
};

function setDaemonSetDefaults({ metadata, spec }: DaemonSet): void {
  refuseOddGeneration(metadata.annotations?.[generationAnnotation]);
  setTemplateDefaults(spec.template);
  spec.revisionHistoryLimit ??= defaultHistoryLimit;
  spec.updateStrategy ??= {};
  const { updateStrategy } = spec;
  updateStrategy.type ||= 'RollingUpdate';
  if (updateStrategy.type !== 'RollingUpdate') return;
  updateStrategy.rollingUpdate ??= {};
  updateStrategy.rollingUpdate.maxUnavailable ??= 1;
  updateStrategy.rollingUpdate.maxSurge ??= 0;
}

/** Throws BadRequest for a count that is no number, as if the object could not be decoded. */
function refuseOddGeneration(text: string | undefined): void {
  const problem = text === undefined ? undefined : parseInt64(text);
  if (typeof problem !== 'string') return;
  throw new GantryError('BadRequest', `DaemonSet in version "v1" cannot be handled as a DaemonSet: ${problem}`);
}

function templateGenerationOf({ metadata }: DaemonSet): number {
  return Number.parseInt(metadata.annotations?.[generationAnnotation] ?? '0', 10) || 0;
}

function setTemplateGeneration({ metadata }: DaemonSet, generation: number): void {
  metadata.annotations = { ...metadata.annotations, [generationAnnotation]: String(generation) };
}

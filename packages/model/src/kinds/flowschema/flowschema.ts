import { formatAge } from '../../age.ts';
import type { FlowSchema } from '../../gen/gantry.flowcontrol.v1.ts';
import { type Kind, usersMetadata } from '../../kind.ts';
import { validateFlowSchema, validateFlowSchemaStatus } from './validation.ts';

/** Precedence of a schema that names none. */
const defaultPrecedence = 1_000;

/** flowcontrol.apiserver.k8s.io/v1 FlowSchema. */
export const flowSchema: Kind<FlowSchema> = {
  kind: 'FlowSchema',
  group: 'flowcontrol.apiserver.k8s.io',
  version: 'v1',
  plural: 'flowschemas',
  singular: 'flowschema',
  shortNames: [],
  namespaced: false,
  message: 'gantry.flowcontrol.v1.FlowSchema',
  objectField: 'flowSchema',
  hasStatus: true,
  statusKeeps: usersMetadata,
  generation: 'spec',
  setDefaults: (object) => {
    object.spec ??= {};
    object.spec.matchingPrecedence ||= defaultPrecedence;
  },
  prepareForCreate: (object) => {
    object.status = {};
  },
  validate: validateFlowSchema,
  validateStatus: validateFlowSchemaStatus,
  selectableFields: {},
  listsAllColumns: true,
  columns: [
    { name: 'NAME', cell: ({ metadata }) => metadata.name },
    { name: 'PRIORITYLEVEL', cell: ({ spec }) => spec?.priorityLevelConfiguration?.name ?? '' },
    { name: 'MATCHINGPRECEDENCE', cell: ({ spec }) => String(spec?.matchingPrecedence ?? 0) },
    { name: 'DISTINGUISHERMETHOD', cell: ({ spec }) => spec?.distinguisherMethod?.type ?? '<none>' },
    { name: 'AGE', cell: ({ metadata }, nowMs) => formatAge(metadata.creationTimestamp, nowMs) },
    {
      name: 'MISSINGPL',
      cell: ({ status }) => status?.conditions?.find(({ type }) => type === 'Dangling')?.status ?? '?',
    },
  ],
};

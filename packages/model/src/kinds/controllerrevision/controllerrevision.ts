import type { FieldCause } from '@gantry/runtime/errors.ts';
import { formatAge } from '../../age.ts';
import type { ControllerRevision } from '../../gen/gantry.apps.v1.ts';
import { canonicalJson } from '../../hash.ts';
import type { Kind } from '../../kind.ts';
import { immutable, nonNegative, required } from '../../validation/causes.ts';

/** apps/v1 ControllerRevision. */
export const controllerRevision: Kind<ControllerRevision> = {
  kind: 'ControllerRevision',
  group: 'apps',
  version: 'v1',
  plural: 'controllerrevisions',
  singular: 'controllerrevision',
  shortNames: [],
  namespaced: true,
  message: 'gantry.apps.v1.ControllerRevision',
  objectField: 'controllerRevision',
  hasStatus: false,
  setDefaults: () => {},
  validate: ({ revision }) => nonNegative('revision', revision),
  validateCreate: ({ data }) => validateData(data),
  validateUpdate: ({ data }, { data: stored }) =>
    canonicalJson(data ?? null) === canonicalJson(stored ?? null) ? [] : [immutable('data', data ?? null)],
  selectableFields: {},
  listsAllColumns: true,
  columns: [
    { name: 'NAME', cell: ({ metadata }) => metadata.name },
    { name: 'CONTROLLER', cell: controllerOf },
    { name: 'REVISION', cell: ({ revision }) => String(revision ?? 0) },
    { name: 'AGE', cell: ({ metadata }, nowMs) => formatAge(metadata.creationTimestamp, nowMs) },
  ],
};

function validateData(data: unknown): FieldCause[] {
  if (data === undefined || data === null) return [required('data', 'data is mandatory')];
  const isObject = typeof data === 'object' && !Array.isArray(data);
  return isObject ? [] : [required('data', 'data must be a valid JSON object')];
}

/** The owner that controls it, such as statefulset.apps/web. */
function controllerOf({ metadata }: ControllerRevision): string {
  const owner = metadata.ownerReferences?.find(({ controller }) => controller === true);
  if (owner === undefined) return '<none>';
  const [group, version] = owner.apiVersion.split('/');
  const kind = owner.kind.toLowerCase();
  return `${version === undefined ? kind : `${kind}.${group}`}/${owner.name}`;
}

import type { LimitRange, LimitRangeItem } from '../../gen/gantry.core.v1.ts';
import type { Kind } from '../../kind.ts';
import { validateLimitRange } from './validation.ts';

/** core/v1 LimitRange. */
export const limitRange: Kind<LimitRange> = {
  kind: 'LimitRange',
  group: '',
  version: 'v1',
  plural: 'limitranges',
  singular: 'limitrange',
  shortNames: ['limits'],
  namespaced: true,
  message: 'gantry.core.v1.LimitRange',
  objectField: 'limitRange',
  hasStatus: false,
  setDefaults: ({ spec }) => {
    for (const item of spec?.limits ?? []) if (item.type === 'Container') setContainerDefaults(item);
  },
  validate: validateLimitRange,
  selectableFields: {},
  listsAllColumns: true,
  columns: [
    { name: 'NAME', cell: ({ metadata }) => metadata.name },
    { name: 'CREATED AT', cell: ({ metadata }) => metadata.creationTimestamp ?? '' },
  ],
};

/** Containers without a limit get the highest one, those without a request their default limit or the lowest request. */
function setContainerDefaults(item: LimitRangeItem): void {
  const limits = { ...item.max, ...item.default };
  const requests = { ...item.min, ...limits, ...item.defaultRequest };
  if (Object.keys(limits).length > 0) item.default = limits;
  if (Object.keys(requests).length > 0) item.defaultRequest = requests;
}

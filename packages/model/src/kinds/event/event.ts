import type { Event } from '../../gen/gantry.core.v1.ts';
import type { Kind } from '../../kind.ts';
import { eventColumns } from './columns.ts';
import { validateEvent } from './validation.ts';
import { newEvent } from './versions.ts';

/** core/v1 Event. */
export const event: Kind<Event> = {
  kind: 'Event',
  group: '',
  version: 'v1',
  plural: 'events',
  singular: 'event',
  shortNames: ['ev'],
  namespaced: true,
  message: 'gantry.core.v1.Event',
  versions: [newEvent],
  objectField: 'event',
  hasStatus: false,
  setDefaults: () => {},
  validate: validateEvent,
  selectableFields: {
    'involvedObject.kind': ({ involvedObject }) => involvedObject?.kind ?? '',
    'involvedObject.namespace': ({ involvedObject }) => involvedObject?.namespace ?? '',
    'involvedObject.name': ({ involvedObject }) => involvedObject?.name ?? '',
    'involvedObject.uid': ({ involvedObject }) => involvedObject?.uid ?? '',
    'involvedObject.apiVersion': ({ involvedObject }) => involvedObject?.apiVersion ?? '',
    'involvedObject.resourceVersion': ({ involvedObject }) => involvedObject?.resourceVersion ?? '',
    'involvedObject.fieldPath': ({ involvedObject }) => involvedObject?.fieldPath ?? '',
    reason: ({ reason }) => reason ?? '',
    reportingComponent: ({ source, reportingComponent }) => source?.component || reportingComponent || '',
    source: ({ source, reportingComponent }) => source?.component || reportingComponent || '',
    type: ({ type }) => type ?? '',
  },
  columns: eventColumns,
  listsAllColumns: true,
};

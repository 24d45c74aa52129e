import type { Event } from '../../gen/gantry.core.v1.ts';
import type { Kind } from '../../kind.ts';

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
  objectField: 'event',
  hasStatus: false,
  setDefaults: () => {},
  validate: () => [],
  selectableFields: {
    'involvedObject.uid': ({ involvedObject }) => involvedObject?.uid ?? '',
    'involvedObject.name': ({ involvedObject }) => involvedObject?.name ?? '',
    'involvedObject.kind': ({ involvedObject }) => involvedObject?.kind ?? '',
  },
  columns: [],
};

import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { Event } from '../../gen/gantry.core.v1.ts';
import type { Event as NewEvent } from '../../gen/gantry.events.v1.ts';
import type { KubeObject, ServedVersion } from '../../kind.ts';
import { immutable, invalidValue, required } from '../../validation/causes.ts';

/** The fields of an object reference that selectors may name. */
const referenceFields = ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'];

/** events.k8s.io/v1 Event: the same with other names of fields, and stricter about new events. */
export const newEvent: ServedVersion = {
  group: 'events.k8s.io',
  version: 'v1',
  message: 'gantry.events.v1.Event',
  toStored: (object) => {
    const { apiVersion: _, regarding, note, reportingController, ...more } = object as unknown as NewEvent;
    const { deprecatedSource, deprecatedFirstTimestamp, deprecatedLastTimestamp, deprecatedCount, ...rest } = more;
    const { reportingInstance = '', ...same } = rest;
    const stored: Event = {
      ...same,
      apiVersion: 'v1',
      involvedObject: regarding ?? {},
      message: note,
      source: deprecatedSource ?? {},
      firstTimestamp: deprecatedFirstTimestamp,
      lastTimestamp: deprecatedLastTimestamp,
      count: deprecatedCount,
      reportingComponent: reportingController ?? '',
      reportingInstance,
    };
    return withoutAbsent(stored);
  },
  fromStored: (object) => {
    const { apiVersion: _, involvedObject, message, source, ...more } = object as unknown as Event;
    const { firstTimestamp, lastTimestamp, count, reportingComponent, reportingInstance, ...same } = more;
    const served: NewEvent = {
      ...same,
      apiVersion: 'events.k8s.io/v1',
      regarding: involvedObject,
      note: message,
      deprecatedSource: source ?? {},
      deprecatedFirstTimestamp: firstTimestamp,
      deprecatedLastTimestamp: lastTimestamp,
      deprecatedCount: count,
      reportingController: reportingComponent || undefined,
      reportingInstance: reportingInstance || undefined,
    };
    return withoutAbsent(served);
  },
  fieldLabels: {
    reason: 'reason',
    type: 'type',
    reportingController: 'reportingComponent',
    ...Object.fromEntries(referenceFields.map((field) => [`regarding.${field}`, `involvedObject.${field}`])),
  },
  validate: (object, stored) => {
    const event = object as unknown as Event;
    return stored === undefined ? validateNew(event) : validateChange(event, stored as unknown as Event);
  },
};

function withoutAbsent(object: object): KubeObject {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as unknown as KubeObject;
}

/** New events have no field of the older form. Causes name the fields of core/v1, as Kubernetes does. */
function validateNew(event: Event): FieldCause[] {
  const { eventTime, type = '', firstTimestamp, lastTimestamp, count = 0, source } = event;
  const unset = (field: string, isSet: boolean): FieldCause[] =>
    isSet ? [invalidValue(field, '', 'needs to be unset')] : [];
  return [
    ...validateSeries(event),
    ...(eventTime === undefined ? [required('eventTime')] : []),
    ...(['Normal', 'Warning'].includes(type) ? [] : [invalidValue('type', '', `has invalid value: ${type}`)]),
    ...unset('firstTimestamp', firstTimestamp !== undefined),
    ...unset('lastTimestamp', lastTimestamp !== undefined),
    ...unset('count', count !== 0),
    ...unset('source', Boolean(source?.component || source?.host)),
  ];
}

function validateSeries({ series }: Event): FieldCause[] {
  if (series === undefined) return [];
  return [
    ...((series.count ?? 0) < 2 ? [invalidValue('series.count', '', 'should be at least 2')] : []),
    ...(series.lastObservedTime === undefined ? [required('series.lastObservedTime')] : []),
  ];
}

const fixed = [
  'involvedObject',
  'reason',
  'message',
  'source',
  'firstTimestamp',
  'lastTimestamp',
  'count',
  'type',
  'eventTime',
  'action',
  'related',
  'reportingComponent',
  'reportingInstance',
] as const;

/** Nothing of an event changes but its series. */
function validateChange(event: Event, stored: Event): FieldCause[] {
  const isSame = (left: unknown, right: unknown): boolean => JSON.stringify(left) === JSON.stringify(right);
  const changed = fixed.filter((field) => !isSame(event[field], stored[field]));
  return [
    ...(isSame(event.series, stored.series) ? [] : validateSeries(event)),
    ...changed.map((field) => {
      const name = field === 'reportingComponent' ? 'reportingController' : field;
      return immutable(name, event[field] ?? '');
    }),
  ];
}

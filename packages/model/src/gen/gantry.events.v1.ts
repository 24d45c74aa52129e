// Generated from proto/ by `npm run generate`; not edited by hand.

import type { EventSource, ObjectReference } from './gantry.core.v1.ts';
import type { ObjectMeta } from './gantry.meta.v1.ts';

/** Something that happened to an object; kept for a while only. */
export interface Event {
  apiVersion: string;
  kind: 'Event';
  /** Identity. The namespace is the object's. */
  metadata: ObjectMeta;
  /** When it happened first. */
  eventTime?: string;
  /** The repetitions; absent for a single one. */
  series?: EventSeries;
  /** The component that reports it, such as "default-scheduler". */
  reportingController?: string;
  /** Instance of the component. */
  reportingInstance?: string;
  /** Action that was taken or failed on the object, such as "Binding". */
  action?: string;
  /** One CamelCase word for what happened, such as "FailedScheduling". */
  reason?: string;
  /** The object that it happened to. */
  regarding?: ObjectReference;
  /** Another object that it has to do with. */
  related?: ObjectReference;
  /** Message for people. */
  note?: string;
  /** "Normal" or "Warning". */
  type?: string;
  /** Reporter of an event of core/v1; new events have none. */
  deprecatedSource?: EventSource;
  /** When an event of core/v1 happened first; new events have none. */
  deprecatedFirstTimestamp?: string;
  /** When an event of core/v1 happened last; new events have none. */
  deprecatedLastTimestamp?: string;
  /** How often an event of core/v1 happened; new events have none. */
  deprecatedCount?: number;
}

/** Repetitions of an event. */
export interface EventSeries {
  /** How often it happened so far. */
  count?: number;
  /** When it happened last. */
  lastObservedTime?: string;
}

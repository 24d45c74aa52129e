import type { Event } from '@gantry/model/gen/gantry.core.v1.ts';
import type { KubeObject } from '@gantry/model/kind.ts';

/** The subject of an event: any object, also one of which only the reference is known. */
export type EventSubject = Pick<KubeObject, 'apiVersion' | 'kind' | 'metadata'>;

/** An occurrence that an Event object tells of. */
export interface EventContent {
  readonly subject: EventSubject;
  readonly type: 'Normal' | 'Warning';
  /** One word in CamelCase. */
  readonly reason: string;
  readonly message: string;
  /** Path inside the subject, such as spec.containers{web}. */
  readonly fieldPath?: string | undefined;
  /** The reporter, such as kubelet; shown as the event's source. */
  readonly component: string;
  /** Node that it is said on, where that matters. */
  readonly host?: string | undefined;
}

/** Longest message; Kubernetes' number. */
const maxMessageChars = 1_024;
/** Characters of the subject's name in the event's name, which has 253 with a dot and the suffix. */
const maxNameChars = 236;

/**
 * The Event object of a first occurrence.
 * @param suffix 16 hexadecimal digits that make the name unique.
 * @param timestamp Time of the occurrence, as rfc3339 writes it.
 */
export function eventObject(content: EventContent, suffix: string, timestamp: string): Event {
  const { subject, type, reason, message, fieldPath, component, host } = content;
  const { namespace, name, uid, resourceVersion } = subject.metadata;
  return {
    apiVersion: 'v1',
    kind: 'Event',
    // Events of objects without a namespace live in "default", as everywhere in Kubernetes.
    metadata: { name: `${name.slice(0, maxNameChars)}.${suffix}`, namespace: namespace ?? 'default' },
    involvedObject: {
      apiVersion: subject.apiVersion,
      kind: subject.kind,
      namespace,
      name,
      uid,
      resourceVersion,
      ...(fieldPath === undefined ? {} : { fieldPath }),
    },
    reason,
    message: message.slice(0, maxMessageChars),
    type,
    source: { component, ...(host === undefined ? {} : { host }) },
    firstTimestamp: timestamp,
    lastTimestamp: timestamp,
    count: 1,
    reportingComponent: component,
  };
}

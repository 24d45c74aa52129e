import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { Event } from '../../gen/gantry.core.v1.ts';
import { invalidValue, invalidValues, nonNegative, oneOf, required, tooLong } from '../../validation/causes.ts';
import { dnsSubdomainProblems } from '../../validation/names.ts';

/** Kubernetes' bounds of an event's texts, in characters. */
const maxReasonChars = 128;
const maxActionChars = 128;
const maxMessageChars = 1024;

/** Validates an event. Its namespace is that of the object that it is about; for cluster-scoped objects, default. */
export function validateEvent(event: Event): FieldCause[] {
  const { metadata, involvedObject, count } = event;
  const { namespace = '' } = involvedObject ?? {};
  const expected = namespace === '' ? ['default', 'kube-system'] : [namespace];
  return [
    ...(expected.includes(metadata.namespace ?? '')
      ? []
      : [invalidValue('involvedObject.namespace', namespace, 'does not match event.namespace')]),
    ...(namespace === '' ? [] : invalidValues('involvedObject.namespace', namespace, dnsSubdomainProblems(namespace))),
    ...nonNegative('count', count),
    ...(event.eventTime === undefined ? [] : validateTexts(event)),
  ];
}

/** Bounds that hold for newer reporters only, which are told by their setting eventTime. */
function validateTexts({ reason = '', action = '', message = '', type = '' }: Event): FieldCause[] {
  return [
    ...oneOf('type', type, ['Normal', 'Warning']),
    ...(reason === '' ? [required('reason')] : []),
    ...(reason.length > maxReasonChars ? [tooLong('reason', maxReasonChars)] : []),
    ...(action.length > maxActionChars ? [tooLong('action', maxActionChars)] : []),
    ...(message.length > maxMessageChars ? [tooLong('message', maxMessageChars)] : []),
  ];
}

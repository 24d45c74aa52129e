import type { CustomMetricsRequest, ExternalMetricsRequest } from '@gantry/client/metrics-messages.ts';
import type { ResourceAttempt } from '../auth/authorization.ts';
import { customGroup, externalGroup } from './groups.ts';

/** A metric is a subresource of what it is about. */
export function customAttempt(request: CustomMetricsRequest): ResourceAttempt {
  const { resource, metric: subresource, namespace = '', name = '' } = request;
  return { type: 'resource', verb: 'get', group: customGroup, version: '', resource, subresource, namespace, name };
}

/** A metric of no object is a resource. */
export function externalAttempt({ metric: resource, namespace }: ExternalMetricsRequest): ResourceAttempt {
  const base = { type: 'resource', group: externalGroup, version: '', subresource: '', name: '' } as const;
  return { ...base, verb: 'list', resource, namespace };
}

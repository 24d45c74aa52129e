import type { Subresource } from '../kind.ts';

/** The subresource `scale` of a kind that has its counts and its selector where a Deployment has them. */
export const scaleOfReplicas = {
  verbs: ['get', 'patch', 'update'],
  type: { group: 'autoscaling', version: 'v1', kind: 'Scale' },
  scale: { specReplicas: 'spec.replicas', statusReplicas: 'status.replicas', selector: 'spec.selector' },
} as const satisfies Subresource;

import type { Pod, PodTemplateSpec } from '@gantry/model/gen/gantry.core.v1.ts';
import type { AnyObject } from './action.ts';
import { controllerReference } from './owners.ts';

/**
 * The pod that a workload makes of its template: the template's labels, annotations, finalizers and spec, managed by the workload.
 *
 * @param name the pod's name; if absent, the server makes one that begins with the owner's.
 */
export function podOfTemplate(template: PodTemplateSpec, owner: AnyObject, name?: string): Pod {
  const { metadata } = template;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...(name === undefined ? { name: '', generateName: `${owner.metadata.name}-` } : { name }),
      namespace: owner.metadata.namespace!,
      labels: { ...metadata?.labels },
      annotations: { ...metadata?.annotations },
      ...(metadata?.finalizers === undefined ? {} : { finalizers: [...metadata.finalizers] }),
      ownerReferences: [controllerReference(owner)],
    },
    spec: structuredClone(template.spec!),
  };
}

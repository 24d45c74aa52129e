import type { CapacityBuffer } from '@gantry/model/gen/gantry.capacity.v1beta1.ts';
import type { Pod, PodTemplateSpec } from '@gantry/model/gen/gantry.core.v1.ts';
import type { AnyObject, View } from '../core/action.ts';
import { controllerOf } from '../core/owners.ts';
import { isActive } from '../core/pods.ts';

/** Pods of a buffer, as far as they are known. */
export type Shape =
  | {
      readonly type: 'known';
      readonly template: PodTemplateSpec;
      /** Replicas of the workload; undefined for a PodTemplate. */
      readonly replicas: number | undefined;
      /** The PodTemplate. */
      readonly source: { readonly name: string; readonly generation: number } | undefined;
    }
  | { readonly type: 'unknown'; readonly reason: string; readonly message: string };

const workloads = {
  Deployment: 'apps',
  ReplicaSet: 'apps',
  StatefulSet: 'apps',
  ReplicationController: '',
  Job: 'batch',
} as const;

type Workload = keyof typeof workloads;

/** The shape of a buffer's pods: of its PodTemplate or its workload, or of the newest pod of a workload of any other kind. */
export function shapeOf({ metadata, spec }: CapacityBuffer, view: View): Shape {
  const namespace = metadata.namespace!;
  const { podTemplateRef, scalableRef } = spec;
  if (podTemplateRef !== undefined) {
    const found = view.get('PodTemplate', namespace, podTemplateRef.name);
    if (found === undefined) return unknown('PodTemplateNotFound', `podtemplate "${podTemplateRef.name}" not found`);
    const source = { name: podTemplateRef.name, generation: found.metadata.generation ?? 0 };
    return { type: 'known', template: found.template, replicas: undefined, source };
  }
  if (scalableRef === undefined) return unknown('NoShape', 'podTemplateRef or scalableRef is needed');
  const { apiGroup = '', kind, name } = scalableRef;
  if (!Object.hasOwn(workloads, kind) || workloads[kind as Workload] !== apiGroup)
    return shapeOfPods(kind, name, namespace, view);
  const workload = view.get(kind as Workload, namespace, name);
  const template = workload?.spec.template;
  if (workload === undefined || template === undefined)
    return unknown('ScalableNotFound', `${kind} "${name}" not found`);
  return { type: 'known', template, replicas: replicasOf(workload), source: undefined };
}

function unknown(reason: string, message: string): Shape {
  return { type: 'unknown', reason, message };
}

/** Pods that there are: a buffer grows with its workload, not before it. */
function replicasOf({ status }: AnyObject & { readonly status?: object }): number {
  const { replicas, active } = (status ?? {}) as { readonly replicas?: number; readonly active?: number };
  return replicas ?? active ?? 0;
}

function shapeOfPods(kind: string, name: string, namespace: string, view: View): Shape {
  const pods = [...view.list('Pod', namespace)].filter((pod) => {
    const owner = controllerOf(pod);
    return isActive(pod) && owner?.kind === kind && owner.name === name;
  });
  const newest = pods.reduce<Pod | undefined>(
    (latest, pod) => (latest === undefined || createdOf(pod) > createdOf(latest) ? pod : latest),
    undefined,
  );
  if (newest === undefined) return unknown('NoPods', `${kind} "${name}" has no pods to go by`);
  const { nodeName: _node, ...spec } = newest.spec;
  const template: PodTemplateSpec = { metadata: { name: '', labels: newest.metadata.labels ?? {} }, spec };
  return { type: 'known', template, replicas: pods.length, source: undefined };
}

function createdOf({ metadata }: Pod): string {
  return metadata.creationTimestamp ?? '';
}

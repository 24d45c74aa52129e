import type { AnyKind, ResourceName } from '@gantry/client/api.ts';
import type { Service } from '@gantry/model/gen/gantry.core.v1.ts';
import type { ZeroSettings } from '@gantry/model/kinds/service/zero.ts';
import { type AnyObject, keyOf, type ObjectRef, refOf, type ScaleReading, type View } from '../core/action.ts';
import { controllerOf } from '../core/owners.ts';
import { rolloutFor } from '../rollout/limits.ts';

/** A workload that goes to zero and comes back with its Services. */
export interface Workload {
  readonly ref: ObjectRef;
  /** As users name it, such as deployment web. */
  readonly title: string;
  /** Replicas that it asks for; undefined where they have to be read first. */
  readonly replicas: number | undefined;
  /** Labels of its pods; undefined where no view shows them. */
  readonly labels: Readonly<Record<string, string>> | undefined;
  /** Name of the Service that gives its pods their names, which is none that requests are sent to. */
  readonly governor: string | undefined;
  /** The object, where a view shows it. */
  readonly object: AnyObject | undefined;
}

/** Kinds of workloads that are found by the labels of their pods. */
export const workloadKinds = ['Deployment', 'StatefulSet', 'ReplicaSet', 'ReplicationController'] as const;

/** The workloads of a Service: the one that it names, or those of its namespace whose pods it selects. */
export function workloadsOf(
  service: Service,
  settings: Pick<ZeroSettings, 'target'>,
  view: View,
  scaleOf: (ref: ObjectRef) => ScaleReading | undefined,
): Workload[] {
  if (settings.target !== undefined) return [named(service, settings.target, view, scaleOf)];
  const { namespace } = service.metadata;
  return workloadKinds.flatMap((kind) =>
    [...view.list(kind, namespace)].flatMap((object): Workload[] => {
      if (object.metadata.deletionTimestamp !== undefined || controllerOf(object) !== undefined) return [];
      const labels = object.spec?.template?.metadata?.labels ?? {};
      if (!selects(service, labels)) return [];
      const governor = object.kind === 'StatefulSet' ? object.spec.serviceName : undefined;
      const title = `${kind.toLowerCase()} ${object.metadata.name}`;
      return [{ ref: refOf(object, kind), title, replicas: object.spec?.replicas ?? 1, labels, governor, object }];
    }),
  );
}

function named(
  { metadata }: Service,
  { group, resource, name }: NonNullable<ZeroSettings['target']>,
  view: View,
  scaleOf: (ref: ObjectRef) => ScaleReading | undefined,
): Workload {
  const { namespace } = metadata;
  const id = group === '' ? resource : `${resource}.${group}`;
  const known = workloadKinds.find((kind) => resources[kind] === id);
  const object = known && view.get(known, namespace, name);
  if (object !== undefined) {
    const labels = object.spec?.template?.metadata?.labels ?? {};
    const governor = object.kind === 'StatefulSet' ? object.spec.serviceName : undefined;
    const title = `${known!.toLowerCase()} ${name}`;
    return { ref: refOf(object, known), title, replicas: object.spec?.replicas ?? 1, labels, governor, object };
  }
  const ref: ObjectRef = { kind: (known ?? (id as ResourceName)) as AnyKind, namespace, name };
  const reading = scaleOf(ref);
  const replicas = reading?.type === 'replicas' ? reading.replicas : undefined;
  return { ref, title: `${id} ${name}`, replicas, labels: undefined, governor: undefined, object: undefined };
}

const resources: Readonly<Record<(typeof workloadKinds)[number], string>> = {
  Deployment: 'deployments.apps',
  StatefulSet: 'statefulsets.apps',
  ReplicaSet: 'replicasets.apps',
  ReplicationController: 'replicationcontrollers',
};

/** True where a Service sends requests to pods with these labels. */
export function selects({ spec, metadata }: Service, labels: Readonly<Record<string, string>>): boolean {
  const wanted = Object.entries(spec?.selector ?? {});
  if (wanted.length === 0 || spec?.type === 'ExternalName' || metadata.deletionTimestamp !== undefined) return false;
  return wanted.every(([name, value]) => labels[name] === value);
}

/** The other Services that send requests to a workload's pods. */
export function othersOf(service: Service, { labels, governor }: Workload, view: View): Service[] {
  const all = [...view.list('Service', service.metadata.namespace)];
  const isOther = (each: Service): boolean => keyOf(each) !== keyOf(service) && each.metadata.name !== governor;
  // Pods of a kind that nobody knows are those that this Service selects.
  const own = labels ?? { ...service.spec.selector };
  return all.filter((each) => isOther(each) && selects(each, own));
}

/** True where an autoscaler may scale one of the workloads to zero. */
export function isAutoscaledToZero(service: Service, workloads: readonly Workload[], view: View): boolean {
  if (service.spec.type !== 'LoadBalancer') return false;
  return [...view.list('HorizontalPodAutoscaler', service.metadata.namespace)].some(({ spec }) => {
    const { kind, name } = spec.scaleTargetRef;
    return spec.minReplicas === 0 && workloads.some(({ ref }) => ref.kind === kind && ref.name === name);
  });
}

/** True while a policy takes a workload from one revision to the next. */
export function isRolling({ ref }: Workload, view: View): boolean {
  const rollout = rolloutFor({ kind: ref.kind, metadata: ref }, view);
  const { phase = '' } = rollout?.status ?? {};
  return phase !== '' && !['Healthy', 'Degraded', 'Ignored'].includes(phase);
}

import type { ContainerAdvice, ResourceAdvice } from '@gantry/model/gen/gantry.advice.v1.ts';
import type { Container } from '@gantry/model/gen/gantry.core.v1.ts';
import { contentHash } from '@gantry/model/hash.ts';
import { rfc3339 } from '@gantry/runtime/time.ts';
import type { AnyObject, View } from '../core/action.ts';
import { ContainerUsage } from './container-usage.ts';
import { adviceOf } from './estimate.ts';

/** Longest name of an object. */
const maxNameChars = 253;

/** A workload whose pods are watched. */
export interface Watched {
  readonly workload: AnyObject;
  readonly containers: Map<string, ContainerUsage>;
  /** Containers of its newest pod: what it asks for now. */
  specs: readonly Container[];
  /** Its pods that ran at the last look. */
  pods: number;
  /** When its advice was written last, by the monotonic clock; undefined before that. */
  writtenMs: number | undefined;
  /** Something was seen since then. */
  isChanged: boolean;
}

/** The name of a workload's advice. */
export function adviceName({ kind, metadata: { name } }: AnyObject): string {
  const whole = `${kind.toLowerCase()}.${name}`;
  if (whole.length <= maxNameChars) return whole;
  const end = contentHash(whole);
  return `${whole.slice(0, maxNameChars - end.length - 1)}-${end}`;
}

/** The advice on a workload as it is to be written in the place of what there is. */
export function writtenAdvice(
  { workload, containers, specs, pods }: Watched,
  stored: ResourceAdvice | undefined,
  view: View,
  nowMs: number,
): ResourceAdvice {
  const { apiVersion, kind, metadata } = workload;
  const { namespace = '', name, uid = '' } = metadata;
  const owner = { apiVersion, kind, name, uid };
  const autoscaled = autoscalersOf(workload, view);
  return {
    apiVersion: 'gantry.dev/v1',
    kind: 'ResourceAdvice',
    metadata: { ...(stored?.metadata ?? { namespace, name: adviceName(workload) }), ownerReferences: [owner] },
    workload: { apiVersion, kind, name },
    pods,
    updatedAt: rfc3339(nowMs),
    containers: [...containers]
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([each, usage]): ContainerAdvice => {
        const { requests, limits } = specs.find((spec) => spec.name === each)?.resources ?? {};
        const autoscaledBy = autoscaled(each);
        return {
          ...adviceOf(each, usage),
          ...(requests && { requests: shown(requests) }),
          ...(limits && { limits: shown(limits) }),
          ...(Object.keys(autoscaledBy).length > 0 && { autoscaledBy }),
          since: rfc3339(usage.record.sinceMs),
        };
      }),
  };
}

function shown(amounts: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(['cpu', 'memory'].flatMap((name) => (amounts[name] ? [[name, amounts[name]]] : [])));
}

/** The histories of a workload's containers, as its advice has them. */
export function readUsage({ containers = [], updatedAt }: ResourceAdvice): Map<string, ContainerUsage> {
  return new Map(
    containers.map(({ name, cpuHistory = '', memoryHistory = '', samples = 0, outOfMemory = 0, since }) => {
      const sinceMs = Date.parse(since ?? '') || 0;
      const untilMs = Date.parse(updatedAt ?? '') || sinceMs;
      const record = {
        cpu: cpuHistory,
        memory: memoryHistory,
        sinceMs,
        untilMs,
        samples: Number(samples),
        outOfMemory,
      };
      return [name, new ContainerUsage(record)];
    }),
  );
}

/** The autoscalers that go by the use of a container's resources, by resource. */
function autoscalersOf({ kind, metadata }: AnyObject, view: View): (container: string) => Record<string, string> {
  const own = [...view.list('HorizontalPodAutoscaler', metadata.namespace)].filter(
    ({ spec: { scaleTargetRef: target } }) => target.kind === kind && target.name === metadata.name,
  );
  return (container) => {
    const entries = own.flatMap(({ metadata: { name }, spec: { metrics = [] } }) =>
      metrics.flatMap(({ resource, containerResource }) => {
        if (resource !== undefined) return [[resource.name, name] as const];
        return containerResource?.container === container ? [[containerResource.name, name] as const] : [];
      }),
    );
    return Object.fromEntries(entries);
  };
}

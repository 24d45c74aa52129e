import type { NodeMetrics, PodMetrics } from '@gantry/client/metrics-messages.ts';
import { formatDurationNs } from '@gantry/model/duration.ts';
import type * as metrics from '@gantry/model/gen/gantry.metrics.v1beta1.ts';
import type { KubeObject } from '@gantry/model/kind.ts';
import { formatQuantity, parseQuantity } from '@gantry/model/quantity.ts';
import { virtualKinds } from '@gantry/model/virtual-kinds.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { rfc3339 } from '@gantry/runtime/time.ts';
import type { AnyObject } from '../../core/stored-object.ts';
import type { Measured, Usage } from '../../metrics/usage.ts';
import type { ReadResource } from './virtual.ts';

const apiVersion = 'metrics.k8s.io/v1beta1';

/** Nodes and pods of metrics.k8s.io. */
export function usageResources(usage: Pick<Usage, 'nodes' | 'pods'>, clock: Pick<Clock, 'now'>): ReadResource[] {
  return [
    {
      kind: virtualKinds.kindOf('metrics.k8s.io', 'NodeMetrics')!,
      list: async (context, asked) => (await usage.nodes(context, asked)).map((each) => nodeObject(each, clock.now())),
    },
    {
      kind: virtualKinds.kindOf('metrics.k8s.io', 'PodMetrics')!,
      list: async (context, asked) => (await usage.pods(context, asked)).map((each) => podObject(each, clock.now())),
    },
  ];
}

function nodeObject(measured: Measured<KubeObject, NodeMetrics>, nowMs: number): AnyObject {
  const object: metrics.NodeMetrics = {
    ...head('NodeMetrics', measured, nowMs),
    usage: usageOf(measured.metrics),
  };
  return object as unknown as AnyObject;
}

function podObject(measured: Measured<KubeObject, PodMetrics>, nowMs: number): AnyObject {
  const object: metrics.PodMetrics = {
    ...head('PodMetrics', measured, nowMs),
    containers: measured.metrics.containers.map((container) => ({ name: container.name, usage: usageOf(container) })),
  };
  return object as unknown as AnyObject;
}

function head<K extends string>(
  kind: K,
  { object, metrics: { timestampMs, windowMs } }: Measured<KubeObject, NodeMetrics | PodMetrics>,
  nowMs: number,
) {
  const { name, namespace, labels } = object.metadata;
  return {
    kind,
    apiVersion,
    metadata: {
      name,
      ...(namespace ? { namespace } : {}),
      // The objects are as old as the answer, as in metrics-server.
      creationTimestamp: rfc3339(nowMs),
      ...(labels ? { labels } : {}),
    },
    timestamp: rfc3339(timestampMs),
    window: formatDurationNs(windowMs * 1e6),
  } as const;
}

function usageOf(usage: { readonly cpuNanocores: number; readonly memoryWorkingSetBytes: number }) {
  const canonical = (text: string): string => formatQuantity(parseQuantity(text));
  return {
    cpu: canonical(`${usage.cpuNanocores}n`),
    memory: binary(usage.memoryWorkingSetBytes),
  };
}

/** Bytes as metrics-server writes them: in Ki where they are whole ones. */
function binary(bytes: number): string {
  return bytes % 1024 === 0 ? formatQuantity(parseQuantity(`${bytes / 1024}Ki`)) : String(bytes);
}

import { readFileSync } from 'node:fs';
import type { HorizontalPodAutoscaler } from '@gantry/model/gen/gantry.autoscaling.v2.ts';
import { parse } from 'yaml';

/** A pod of the target. */
export interface PlayedPod {
  /** CPU that its container requests; nothing where absent. */
  readonly request?: string;
  /** CPU that it uses; nothing is known where absent. */
  readonly cpu?: string;
  readonly memory?: string;
  /** Running, and ready, by default. */
  readonly phase?: string;
}

/** An autoscaler, its target and what is measured. */
export interface Life {
  readonly name: string;
  readonly scale: { readonly replicas: number; readonly current?: number; readonly selector?: string };
  readonly pods: readonly PlayedPod[];
  /** Values by `pods/METRIC`, one for each pod, or `RESOURCE.NAME/METRIC`. */
  readonly custom?: Readonly<Record<string, readonly string[]>>;
  /** Values by metric. */
  readonly external?: Readonly<Record<string, readonly string[]>>;
  readonly spec: Partial<HorizontalPodAutoscaler['spec']>;
}

/** The outcome after a few looks. */
export interface Rest {
  readonly replicas: number;
  readonly status: object;
  readonly events: readonly string[];
}

/** The answer of those who measure about a metric that they do not have. */
export function absent(metric: string): string {
  return `nobody has the metric ${metric}`;
}

/** Labels of a target's pods where nothing else is said. */
export const selector = 'app=web';
/** The object of a definition that is scaled. */
export const target = { apiVersion: 'example.com/v1', kind: 'Widget', name: 'w' } as const;

export const answersFile = new URL('answers.json', import.meta.url);

export function lives(): Life[] {
  return parse(readFileSync(new URL('lives.yaml', import.meta.url), 'utf8'), { merge: true }) as Life[];
}

/** The autoscaler of a life. */
export function autoscalerOf({ spec }: Life): HorizontalPodAutoscaler {
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'web', namespace: 'default' },
    spec: { scaleTargetRef: target, maxReplicas: 10, ...spec },
  };
}

/** The comparable part of a status: without times, and with what was never set left out. */
export function restOf(
  replicas: number,
  { status = {} }: Pick<HorizontalPodAutoscaler, 'status'>,
  events: readonly string[],
): Rest {
  const { conditions = [], currentMetrics, currentReplicas = 0, desiredReplicas = 0 } = status;
  const words = conditions.map(({ type, status: is, reason, message }) => `${type}=${is} ${reason}: ${message}`);
  return {
    replicas,
    status: { currentReplicas, desiredReplicas, currentMetrics: currentMetrics ?? null, conditions: words },
    events: [...new Set(events)].sort(),
  };
}

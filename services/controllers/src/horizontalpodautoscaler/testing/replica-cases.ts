import { readFileSync } from 'node:fs';

/**
 * Figures that Kubernetes' own calculation of replicas gives, as its tests have them: pods with two containers each, of which some are unready
 * or just started, and what is measured of them.
 */
export interface ReplicaCase {
  readonly by: 'utilization' | 'average' | 'value' | 'per pod';
  /** Replicas that the target asks for; as many pods where no phases are named. */
  readonly current: number;
  /** By pod: t, ready; f, not ready. */
  readonly ready?: string;
  /** By pod: r, running; p, pending; f, failed. */
  readonly phases?: string;
  /** By pod: h, started now; c, started long ago. */
  readonly started?: string;
  /** By pod: y, asked to end. */
  readonly leaving?: string;
  /** Container whose use counts alone. */
  readonly container?: string;
  /** CPU that each container of a pod requests, by pod. */
  readonly requests?: readonly string[];
  /** Millicores that the containers use, by pod. */
  readonly uses?: readonly (readonly number[])[];
  /** Names of the pods in the metrics, where they are others. */
  readonly named?: readonly string[];
  /** Thousandths of another metric. */
  readonly values?: readonly string[];
  readonly tolerances?: { readonly down: number; readonly up: number };
  /** Percent, or thousandths of another metric. */
  readonly target: number | string;
  readonly want?: { readonly replicas: number; readonly utilization?: number; readonly usage: string };
  readonly problem?: string;
}

/** All cases, one a line of the file. */
export function replicaCases(): ReplicaCase[] {
  const lines = readFileSync(new URL('replicas.jsonl', import.meta.url), 'utf8')
    .trim()
    .split('\n');
  return lines.map((line) => JSON.parse(line) as ReplicaCase);
}

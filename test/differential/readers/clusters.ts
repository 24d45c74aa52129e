/** Clusters of which a real kube-controller-manager and Gantry's controllers say what readers of endpoints and budgets see. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

/** Any JSON object. */
export type Json = Record<string, unknown>;

/** The content of a cluster, in short. */
export interface Cluster {
  readonly name: string;
  readonly nodes?: readonly {
    name: string;
    zone?: string;
    cpu?: string;
    ready?: boolean;
    labels?: Record<string, string>;
  }[];
  readonly pods?: readonly PodOutline[];
  readonly services?: readonly { name: string; labels?: object; annotations?: object; spec: object }[];
  readonly endpoints?: readonly { metadata: { name: string }; subsets: unknown[] }[];
  readonly deployments?: readonly { name: string; replicas: number }[];
  readonly sets?: readonly { name: string; replicas: number; owner?: string }[];
  readonly budgets?: readonly { name: string; spec: object }[];
}

/** A pod, in short. */
export interface PodOutline {
  readonly name: string;
  readonly node?: string;
  readonly ip?: string;
  readonly ready?: boolean;
  readonly phase?: string;
  /** It was deleted, and waits for its node. */
  readonly ending?: boolean;
  /** Kind and name. */
  readonly owner?: string;
  readonly labels: object;
  readonly ports?: readonly object[];
  readonly spec?: object;
}

/** A stored object. */
export interface StoredObject extends Json {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly uid: string } & Json;
}

/** The content of a cluster as it was stored, and what a real kube-controller-manager made of it. */
export interface Recorded {
  readonly objects: readonly StoredObject[];
  readonly slices: readonly StoredObject[];
  readonly budgets: readonly StoredObject[];
}

const folder = import.meta.dirname;
/** The file with what was recorded, by the cluster. */
export const recordedFile = join(folder, 'recorded.json');

export function clusters(): readonly Cluster[] {
  return parse(readFileSync(join(folder, 'cases.yaml'), 'utf8'), { merge: true }) as readonly Cluster[];
}

export function recordedClusters(): Record<string, Recorded> {
  return JSON.parse(readFileSync(recordedFile, 'utf8')) as Record<string, Recorded>;
}

/** The part of slices that readers go by, sorted: which of several slices has an endpoint is chance. */
export function shownSlices(slices: readonly Json[]): Json[] {
  const shown = slices.map((slice) => {
    const {
      metadata,
      addressType,
      ports = [],
      endpoints = [],
    } = slice as unknown as {
      readonly metadata: { labels?: object; annotations?: Json; ownerReferences?: { kind: string; name: string }[] };
      readonly addressType: string;
      readonly ports: Json[] | null;
      readonly endpoints: Json[] | null;
    };
    const { 'endpoints.kubernetes.io/last-change-trigger-time': _time, ...annotations } = metadata.annotations ?? {};
    return {
      owner: metadata.ownerReferences?.map(({ kind, name }) => `${kind}/${name}`).join(),
      labels: metadata.labels,
      annotations,
      addressType,
      ports: sorted(ports ?? []),
      endpoints: sorted(endpoints ?? []),
    };
  });
  return sorted(shown);
}

/** The status of budgets, by name, without times. */
export function shownBudgets(budgets: readonly Json[]): Json {
  const shown = budgets.map((budget) => {
    const { metadata, status = {} } = budget as unknown as { metadata: { name: string }; status?: Json };
    const conditions = ((status.conditions ?? []) as Json[]).map(({ lastTransitionTime: _time, ...others }) => others);
    const counts = ['disruptionsAllowed', 'currentHealthy', 'desiredHealthy', 'expectedPods', 'observedGeneration'];
    return [metadata.name, { ...Object.fromEntries(counts.map((name) => [name, status[name] ?? 0])), conditions }];
  });
  return Object.fromEntries(shown.toSorted()) as Json;
}

function sorted<T extends object>(items: readonly T[]): T[] {
  const text = (value: unknown): string => JSON.stringify(value, (_, inner) => ordered(inner));
  return items.map((item) => ordered(item) as T).toSorted((a, b) => (text(a) < text(b) ? -1 : 1));
}

/** Objects with their keys in order. */
function ordered(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

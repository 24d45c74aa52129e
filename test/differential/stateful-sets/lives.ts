/** Lives of workloads that a real kube-controller-manager and Gantry's controllers are compared in. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

/** One thing that a user or a node does. Nothing: the set was just made. */
export interface Act {
  /** A merge patch of the set. */
  readonly patch?: Record<string, unknown>;
  /** Name of a pod that is deleted. */
  readonly deletePod?: string;
  /** Name of a pod whose containers end for good. */
  readonly failPod?: string;
}

/** The life of one StatefulSet. */
export interface Life {
  readonly name: string;
  readonly spec: Record<string, unknown>;
  readonly steps: readonly Act[];
}

/** Everything that is compared once a step has come to rest. */
export interface Rest {
  readonly status: Record<string, unknown>;
  /** Number and image of each revision. */
  readonly revisions: readonly string[];
  /** Name, revision and labels of each pod. */
  readonly pods: readonly string[];
  /** Name, labels and owners of each claim. */
  readonly claims: readonly string[];
  /** Events of this step: type, reason and message, sorted. */
  readonly events: readonly string[];
}

const folder = import.meta.dirname;
/** The file with the observations, by life. */
export const answersFile = join(folder, 'answers.json');
/** An image whose containers run and never become ready. */
export const brokenImage = 'web:broken';

export function lives(): readonly Life[] {
  return parse(readFileSync(join(folder, 'cases.yaml'), 'utf8')) as readonly Life[];
}

export function recordedRests(): Record<string, readonly Rest[]> {
  return JSON.parse(readFileSync(answersFile, 'utf8')) as Record<string, readonly Rest[]>;
}

/** The set at the beginning of a life. */
export function setOf({ spec }: Life): Record<string, unknown> {
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      serviceName: 'web',
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: 'web:1' }] } },
      ...spec,
    },
  };
}

interface Meta {
  readonly name: string;
  readonly labels?: Record<string, string>;
  readonly ownerReferences?: readonly { readonly kind: string; readonly name: string; readonly controller?: boolean }[];
}

/** The objects at rest, of either side. */
export interface Objects {
  readonly set: { readonly status?: Record<string, unknown> };
  readonly revisions: readonly { readonly metadata: Meta; readonly revision?: number; readonly data?: unknown }[];
  readonly pods: readonly { readonly metadata: Meta }[];
  readonly claims: readonly { readonly metadata: Meta }[];
  /** Type, reason and message of each event so far. */
  readonly events: readonly string[];
}

/** The observation of objects at rest: revisions go by their images, as their names are hashes. @param before Events of earlier steps. */
export function restOf({ set, revisions, pods, claims, events }: Objects, before: readonly string[]): Rest {
  const images = new Map(revisions.map((revision) => [revision.metadata.name, imageOf(revision.data)]));
  const named = (text: unknown): unknown => images.get(text as string) ?? text;
  const { observedGeneration: _generation, ...status } = set.status ?? {};
  const shown = (entries: object): string =>
    Object.entries(entries)
      .filter(([name]) => name !== 'controller.kubernetes.io/hash')
      .map(([name, value]) => `${name}=${named(value)}`)
      .sort()
      .join(' ');
  const owners = ({ ownerReferences = [] }: Meta): string =>
    ownerReferences.map(({ kind, name, controller }) => `${kind}/${name}${controller ? '!' : ''}`).join(',');
  return {
    status: Object.fromEntries(
      Object.entries(status)
        .map(([name, value]): [string, unknown] => [name, named(value)])
        .filter(([, value]) => value !== 0 && value !== '')
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    ),
    revisions: revisions
      .map(
        ({ metadata, revision, data }) =>
          `${revision} ${imageOf(data)} ${shown(metadata.labels ?? {})} ${owners(metadata)}`,
      )
      .sort(),
    pods: pods.map(({ metadata }) => `${metadata.name} ${shown(metadata.labels ?? {})} ${owners(metadata)}`).sort(),
    claims: claims.map(({ metadata }) => `${metadata.name} ${shown(metadata.labels ?? {})} ${owners(metadata)}`).sort(),
    events: events.slice(before.length).toSorted(),
  };
}

function imageOf(data: unknown): string {
  const { spec } = data as { spec: { template: { spec: { containers: [{ image: string }] } } } };
  return spec.template.spec.containers[0].image;
}

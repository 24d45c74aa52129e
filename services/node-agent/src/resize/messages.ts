import type { Container, Pod } from '@gantry/model/gen/gantry.core.v1.ts';

/** Reasons of the events of a resize, as Kubernetes has them. */
export const resizeEvents = {
  started: 'ResizeStarted',
  completed: 'ResizeCompleted',
  deferred: 'ResizeDeferred',
  infeasible: 'ResizeInfeasible',
  error: 'ResizeError',
} as const;

/** Message of an event: a few words, and the resources of the pod's containers as JSON, in Kubernetes' form. */
export function resizeMessage(start: string, { spec }: Pod, generation: number, error = ''): string {
  const list = (containers: readonly Container[] = []): unknown =>
    containers.length === 0
      ? undefined
      : containers.map(({ name, resources: { limits, requests, claims } = {} }) => {
          return { name, resources: { limits: sorted(limits), requests: sorted(requests), claims } };
        });
  const summary = {
    initContainers: list(spec.initContainers),
    containers: list(spec.containers),
    generation,
    ...(error === '' ? {} : { error }),
  };
  return `${start}: ${JSON.stringify(summary)}`;
}

function sorted(amounts: Readonly<Record<string, string>> | undefined): Record<string, string> | undefined {
  const entries = Object.entries(amounts ?? {});
  return entries.length === 0 ? undefined : Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

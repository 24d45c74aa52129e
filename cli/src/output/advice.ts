import { amountOf } from '@gantry/model/amounts.ts';
import type { ContainerAdvice, ResourceAdvice } from '@gantry/model/gen/gantry.advice.v1.ts';
import { formatTable } from './table.ts';

/** Advice on one resource of one container, as it is printed. Amounts are quantities; one is absent where nobody knows it. */
export interface AdviceRow {
  readonly namespace: string;
  /** Such as deployment/web. */
  readonly workload: string;
  readonly container: string;
  readonly resource: 'cpu' | 'memory';
  /** The request that its pods have. */
  readonly request?: string;
  readonly p50?: string;
  readonly p95?: string;
  readonly peak?: string;
  /** The request that they should have. */
  readonly advice: string;
  /** The part of all pods' requests that is too much; below zero where they ask for too little. */
  readonly saving?: string;
  readonly pods: number;
  /** The HorizontalPodAutoscaler that goes by this resource. */
  readonly autoscaledBy?: string;
  /** Minutes for which it was watched. */
  readonly watchedMinutes: number;
  /** Times that the container was killed for want of memory. */
  readonly outOfMemory: number;
}

const mebibyte = 1024 ** 2;
const minutesPerDay = 1_440;

/** Rows of all advice, by namespace, workload and container. */
export function adviceRows(advices: readonly ResourceAdvice[]): AdviceRow[] {
  return advices
    .toSorted((left, right) => (nameOf(left) < nameOf(right) ? -1 : 1))
    .flatMap((advice) =>
      (advice.containers ?? []).flatMap((container) =>
        (['cpu', 'memory'] as const).flatMap((resource) => rowOf(advice, container, resource) ?? []),
      ),
    );
}

function nameOf({ metadata: { namespace = '' }, workload }: ResourceAdvice): string {
  return `${namespace}/${workload.kind.toLowerCase()}/${workload.name}`;
}

function rowOf(
  { metadata: { namespace = '' }, workload, pods = 0, updatedAt }: ResourceAdvice,
  container: ContainerAdvice,
  resource: 'cpu' | 'memory',
): AdviceRow | undefined {
  const advice = container.target?.[resource];
  if (advice === undefined) return undefined;
  const request = container.requests?.[resource];
  const figures = {
    request,
    p50: container.p50?.[resource],
    p95: container.p95?.[resource],
    peak: container.peak?.[resource],
  };
  const autoscaledBy = container.autoscaledBy?.[resource];
  return {
    namespace,
    workload: `${workload.kind.toLowerCase()}/${workload.name}`,
    container: container.name,
    resource,
    ...Object.fromEntries(Object.entries(figures).filter(([, text]) => text !== undefined)),
    advice,
    ...(request !== undefined && pods > 0 && { saving: savingOf(resource, request, advice, pods) }),
    pods,
    ...(autoscaledBy !== undefined && { autoscaledBy }),
    watchedMinutes: Math.floor((timeOf(updatedAt) - timeOf(container.since)) / 60_000),
    outOfMemory: container.outOfMemory ?? 0,
  };
}

function timeOf(text: string | undefined): number {
  return Date.parse(text ?? '') || 0;
}

function savingOf(resource: 'cpu' | 'memory', request: string, advice: string, pods: number): string {
  const amount = (amountOf(resource, request) - amountOf(resource, advice)) * pods;
  return resource === 'cpu' ? `${amount}m` : `${Math.trunc(amount / mebibyte)}Mi`;
}

/** A line for each resource of each container. */
export function formatAdvice(rows: readonly AdviceRow[], allNamespaces: boolean): string {
  const header = ['WORKLOAD', 'CONTAINER', 'RESOURCE', 'REQUEST', 'P50', 'P95', 'PEAK', 'ADVICE', 'SAVING', 'NOTE'];
  const lines = rows.map((row) => [
    row.workload,
    row.container,
    row.resource,
    ...[row.request, row.p50, row.p95, row.peak, row.advice, row.saving].map((text) => text ?? '-'),
    noteOf(row),
  ]);
  if (!allNamespaces) return formatTable(header, lines);
  return formatTable(
    ['NAMESPACE', ...header],
    lines.map((line, index) => [rows[index]!.namespace, ...line]),
  );
}

/** Reasons to think twice. */
function noteOf({ autoscaledBy, watchedMinutes, outOfMemory, resource }: AdviceRow): string {
  const notes = [
    ...(autoscaledBy === undefined ? [] : [`autoscaled by ${autoscaledBy}`]),
    ...(outOfMemory > 0 && resource === 'memory' ? [`out of memory: ${outOfMemory}`] : []),
    ...(watchedMinutes < minutesPerDay ? ['less than a day seen'] : []),
  ];
  return notes.join(', ');
}

import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@gantry/client/client.ts';
import type { Node, Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { isReady } from '@gantry/model/ready.ts';
import { type EndedRequest, type Load, latencyMs } from '../http-load.ts';
import type { Chart } from './chart.ts';

/** The cluster and the load at one moment. */
export interface Moment {
  /** Seconds since the start. */
  readonly seconds: number;
  /** Requests per second that were to be sent. */
  readonly offered: number;
  /** Requests per second that were answered, and that failed, since the moment before. */
  readonly answered: number;
  readonly failed: number;
  /** Milliseconds within which half, and 99 %, of the answers since the moment before came; absent without answers. */
  readonly p50Ms: number | undefined;
  readonly p99Ms: number | undefined;
  /** Pods of the application that exist and do not end, and those that take traffic. */
  readonly pods: number;
  readonly readyPods: number;
  /** Nodes that are ready. */
  readonly nodes: number;
}

/** The objects that a moment counts. */
export interface Seen {
  readonly pods: readonly Pod[];
  readonly nodes: readonly Node[];
}

/** Reads the pods of an application and all nodes. */
export async function look(client: Client, labelSelector: string): Promise<Seen> {
  const [pods, nodes] = await Promise.all([
    client.list('Pod', { namespace: 'default', labelSelector }),
    client.list('Node'),
  ]);
  return { pods: pods.items, nodes: nodes.items };
}

/** The moment that follows from what was seen, and from the requests that ended since the moment before. */
export function momentOf(
  seconds: number,
  offered: number,
  { pods, nodes }: Seen,
  ended: readonly EndedRequest[],
  sinceSeconds: number,
): Moment {
  const alive = pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const failed = ended.filter(({ why }) => why !== undefined).length;
  const rate = (count: number): number => count / Math.max(sinceSeconds, 0.001);
  return {
    ...{ seconds, offered, answered: rate(ended.length - failed), failed: rate(failed) },
    ...{ p50Ms: latencyMs(ended, 0.5), p99Ms: latencyMs(ended, 0.99) },
    ...{ pods: alive.length, readyPods: alive.filter(isReady).length },
    nodes: nodes.filter((node) => isReady(node) && node.spec?.unschedulable !== true).length,
  };
}

/** Moments of a cluster under load that are written down each second. */
export interface Recording extends AsyncDisposable {
  /** Those until now, in order. */
  readonly moments: readonly Moment[];
}

/**
 * Writes a moment down each second until it is disposed of. A look that fails is left out.
 * @param offered The present rate of the load.
 */
export function record(look: () => Promise<Seen>, load: Load, offered: () => number): Recording {
  const moments: Moment[] = [];
  const stop = new AbortController();
  const startedMs = performance.now();
  const write = async (): Promise<void> => {
    let counted = 0;
    let lastMs = startedMs;
    while (!stop.signal.aborted) {
      await delay(1_000, undefined, { signal: stop.signal }).catch(() => {});
      const seen = await look().catch(() => undefined);
      if (seen === undefined) continue;
      const nowMs = performance.now();
      const ended = load.ended.slice(counted);
      counted += ended.length;
      moments.push(momentOf((nowMs - startedMs) / 1_000, offered(), seen, ended, (nowMs - lastMs) / 1_000));
      lastMs = nowMs;
    }
  };
  const written = write();
  return {
    moments,
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await written;
    },
  };
}

/** Load, latency, pods and nodes over time. */
export function chartOf(moments: readonly Moment[], title: string, subtitle: string): Chart {
  const points = (value: (moment: Moment) => number | undefined) =>
    moments.map((moment) => [moment.seconds, value(moment)] as const);
  return {
    ...{ title, subtitle, seconds: moments.at(-1)?.seconds ?? 0 },
    panels: [
      {
        title: 'Requests per second',
        series: [
          { name: 'offered', color: '#bbbbbb', points: points(({ offered }) => offered) },
          { name: 'answered', color: '#2a7f3f', points: points(({ answered }) => answered) },
          { name: 'failed', color: '#c0392b', points: points(({ failed }) => failed) },
        ],
      },
      {
        title: 'Latency, ms',
        series: [
          { name: 'p99', color: '#d9822b', points: points(({ p99Ms }) => p99Ms) },
          { name: 'p50', color: '#2a6fbb', points: points(({ p50Ms }) => p50Ms) },
        ],
      },
      {
        title: 'Pods',
        series: [
          { name: 'wanted', color: '#bbbbbb', points: points(({ pods }) => pods), steps: true },
          { name: 'ready', color: '#2a6fbb', points: points(({ readyPods }) => readyPods), steps: true },
        ],
      },
      {
        title: 'Nodes that are ready',
        series: [{ name: 'nodes', color: '#6b4fa0', points: points(({ nodes }) => nodes), steps: true }],
      },
    ],
  };
}

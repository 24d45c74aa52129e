import type { TrafficMeasurement, TrafficSeries } from '@gantry/client/traffic-messages.ts';
import { type Context, refusal } from '../context.ts';
import { formatTable } from '../output/table.ts';
import { type AdviceFlags, topAdvice } from './top-advice.ts';
import { topNodes, topPods, type UsageFlags } from './top-usage.ts';

export interface TopFlags extends UsageFlags, AdviceFlags {
  /** Advice on requests in place of usage. */
  readonly advice: boolean;
  /** Seconds that are looked back. */
  readonly window: number;
  /** A line for each route in place of each revision. */
  readonly byRoute: boolean;
  /** Repeats it until interrupted. */
  readonly watch: boolean;
}

/** Prints the usage of pods or nodes, the requests to Services, or advice on what workloads should ask for. */
export async function top(context: Context, args: readonly string[], flags: TopFlags): Promise<void> {
  if (flags.advice || flags.apply !== undefined) return topAdvice(context, args, flags);
  const [what = 'services', name, ...more] = args;
  if (['pods', 'pod', 'po'].includes(what) && more.length === 0) return topPods(context, name ?? '', flags);
  if (['nodes', 'node', 'no'].includes(what) && more.length === 0) return topNodes(context, name ?? '', flags);
  if (!['services', 'service', 'svc'].includes(what) || more.length > 0) {
    throw refusal(`top takes pods, nodes or services, and at most one name: not ${args.join(' ')}`);
  }
  await topServices(context, name, flags);
}

/** Prints the requests to Services, by revision of their pods or by route. */
async function topServices(context: Context, service: string | undefined, flags: TopFlags): Promise<void> {
  const { client, signal, output } = context;
  const namespace = flags.allNamespaces ? '' : context.namespace;
  const request = {
    ...{ namespace, windowSeconds: flags.window, byRoute: flags.byRoute },
    ...(service === undefined ? {} : { service }),
  };
  const print = (measurement: TrafficMeasurement): void => {
    if (flags.output === 'json') output.write(`${JSON.stringify(measurement, null, 4)}\n`);
    else output.write(formatTraffic(measurement, flags));
    if (!measurement.complete) output.note(`not all requests may be counted: ${measurement.problem}\n`);
  };
  if (!flags.watch) {
    print(await client.traffic.measure(request, { signal }));
    return;
  }
  for await (const measurement of client.traffic.watch({ measure: request }, signal)) print(measurement);
}

/** A line for each port and revision or route that had requests. */
export function formatTraffic(
  { series, windowSeconds }: TrafficMeasurement,
  { allNamespaces, byRoute }: Pick<TopFlags, 'allNamespaces' | 'byRoute'>,
): string {
  if (series.length === 0) return `no requests in the last ${windowSeconds} seconds\n`;
  const header = ['SERVICE', 'PORT', byRoute ? 'ROUTE' : 'REVISION', 'REQUESTS/S', 'ACTIVE', 'SUCCESS', 'P50', 'P99'];
  const rows = series.map((one) => [
    one.service,
    String(one.port),
    (byRoute ? one.route : one.revision) || '-',
    ...cells(one),
  ]);
  if (!allNamespaces) return formatTable(header, rows);
  return formatTable(
    ['NAMESPACE', ...header],
    rows.map((row, i) => [series[i]!.namespace, ...row]),
  );
}

function cells(series: TrafficSeries): string[] {
  const { requests, errors, p50Ms, p99Ms, latencyCounts, perSecond, active } = series;
  const time = (ms: number): string =>
    latencyCounts.length === 0 ? '-' : `${ms < 10 ? ms.toFixed(1) : Math.round(ms)}ms`;
  return [
    perSecond.toFixed(1),
    active === undefined ? '-' : active.toFixed(1),
    `${percent(requests - errors, requests)}%`,
    time(p50Ms),
    time(p99Ms),
  ];
}

/** Two places, and 100 only where nothing failed. */
function percent(part: number, whole: number): string {
  return part === whole ? '100' : (Math.floor((part / whole) * 10_000) / 100).toFixed(2);
}

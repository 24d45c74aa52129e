/** The price of Envoys' reports and of questions about them, without Envoys: bytes, processor time and memory. */

import { flushIntervalMs, latencyBoundsMs, statName } from '@gantry/xds-lb/traffic/sink.ts';
import { TrafficStatistics } from '@gantry/xds-lb/traffic/statistics.ts';
import { StreamMetricsMessage } from 'envoy-control-plane-ts/envoy/metrics.ts';
import { decode, encode } from 'envoy-control-plane-ts/proto/codec.ts';
import { describeMachine } from './machine.ts';

const clusters = Number(process.argv[2] ?? 1_000);
const rounds = 30;
const revision = '7d9f8c5b6';
const counters = ['completed', '5xx', 'retry'].map((name) => `upstream_rq_${name}`);
const names = Array.from({ length: clusters }, (_, i) => statName(`web-${i}.default:80@${revision}`));

/** The report of an Envoy whose clusters all had requests. */
const report = encode(StreamMetricsMessage, {
  envoyMetrics: names.flatMap((cluster) => [
    ...counters.map((statistic) => ({
      name: `cluster.${cluster}.${statistic}`,
      type: 'COUNTER' as const,
      metric: [{ counter: { value: statistic === counters[0] ? 50 : 0 }, timestampMs: 1 }],
    })),
    {
      name: `cluster.${cluster}.upstream_rq_active`,
      type: 'GAUGE' as const,
      metric: [{ gauge: { value: 2 }, timestampMs: 1 }],
    },
    {
      name: `cluster.${cluster}.upstream_rq_time`,
      type: 'HISTOGRAM' as const,
      metric: [
        {
          timestampMs: 1,
          histogram: {
            sampleCount: 50,
            sampleSum: 500,
            bucket: latencyBoundsMs.map((upperBound, i) => ({ upperBound, cumulativeCount: Math.min(50, i * 5) })),
          },
        },
      ],
    },
  ]),
});

/** Milliseconds of processor time of one round. */
function cost(count: number, work: () => void): number {
  const before = process.cpuUsage();
  for (let i = 0; i < count; i++) work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000 / count;
}

console.log(describeMachine());
const statistics = new TrafficStatistics(0);
const key = { namespace: 'default', port: 80, revision, route: '', isTcp: false };
statistics.know(new Map(names.map((name, i) => [name, { ...key, service: `web-${i}` }])));
const memoryBefore = process.memoryUsage().arrayBuffers;
let nowMs = 0;
const reportMs = cost(rounds, () => {
  nowMs += flushIntervalMs;
  statistics.report(1, decode(StreamMetricsMessage, report).envoyMetrics!, nowMs);
});
const memoryMib = (process.memoryUsage().arrayBuffers - memoryBefore) / 2 ** 20;
const percent = (reportMs / flushIntervalMs) * 100;
console.log(
  `a report of ${clusters} clusters: ${(report.length / 1024).toFixed(0)} KiB, ${reportMs.toFixed(1)} ms (${percent.toFixed(2)} % of a core), kept in ${memoryMib.toFixed(1)} MiB`,
);
const one = cost(1_000, () => statistics.measure({ namespace: 'default', service: 'web-5' }, nowMs));
const all = cost(10, () => statistics.measure({}, nowMs));
console.log(`a question about one Service: ${one.toFixed(3)} ms; about all: ${all.toFixed(1)} ms`);

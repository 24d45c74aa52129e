import { createMetrics } from '@gantry/runtime/metrics.ts';
import type { MetricFamily } from 'envoy-control-plane-ts/envoy/metrics.ts';
import { describe, expect, it } from 'vitest';
import { registerTrafficMetrics } from './metrics.ts';
import { countsOf, envoyMetrics, latencyBoundsMs, routeStatName, statName, tcpStatName } from './sink.ts';
import { type TrafficKey, TrafficStatistics } from './statistics.ts';

const second = 1_000;
const key: TrafficKey = {
  ...{ namespace: 'shop', service: 'web', port: 80, revision: 'a' },
  ...{ route: 'all', isTcp: false },
};
const name = statName('web.shop:80@a');

function counter(statistic: string, value: number, cluster = name): MetricFamily {
  return { name: `cluster.${cluster}.${statistic}`, type: 'COUNTER', metric: [{ counter: { value } }] };
}

function gauge(statistic: string, value: number, cluster = name): MetricFamily {
  return { name: `cluster.${cluster}.${statistic}`, type: 'GAUGE', metric: [{ gauge: { value } }] };
}

/** So many answers, all of which took as many milliseconds. */
function times(count: number, ms: number, cluster = name): MetricFamily {
  const bucket = latencyBoundsMs.map((upperBound) => ({ upperBound, cumulativeCount: ms <= upperBound ? count : 0 }));
  const histogram = { sampleCount: count, sampleSum: count * ms, bucket };
  return { name: `cluster.${cluster}.upstream_rq_time`, type: 'HISTOGRAM', metric: [{ histogram }] };
}

function statistics(...keys: TrafficKey[]): TrafficStatistics {
  const made = new TrafficStatistics(0);
  const all = keys.length === 0 ? [key] : keys;
  made.know(new Map(all.map((of) => [statName(`${of.service}.${of.namespace}:${of.port}@${of.revision}`), of])));
  return made;
}

const hour = 3_600 * second;

describe('statName', () => {
  it('has no dots in the revision, and matches what Envoys are told to keep', () => {
    expect(statName('web.shop:80@web-1.2-7d9f')).toBe('web.shop_80@web-1_2-7d9f');
    const kept = new RegExp(`^(?:${envoyMetrics.keep.join('|')})$`);
    const names = ['web.shop:80', 'web.shop:80@web-1.2-7d9f']
      .map(statName)
      .flatMap((cluster) =>
        ['upstream_rq_completed', 'grpc.13', 'external.upstream_rq_completed', 'upstream_rq_2xx'].map(
          (statistic) => `cluster.${cluster}.${statistic}`,
        ),
      );
    expect(names.map((each) => kept.test(each))).toEqual([true, true, false, false, true, true, false, false]);
    const tcp = ['upstream_cx_total', 'upstream_cx_active', 'upstream_cx_rx_bytes_total'].map((statistic) =>
      kept.test(`cluster.${tcpStatName('db.shop:5432')}.${statistic}`),
    );
    expect(tcp).toEqual([true, true, false]);
    // Connections of requests are nobody's question, and would cost as much as all counters together.
    expect(kept.test(`cluster.${statName('web.shop:80')}.upstream_cx_total`)).toBe(false);
    const route = routeStatName(statName('web.shop:80'), 'read');
    expect(['upstream_rq_time', 'upstream_rq_200'].map((statistic) => kept.test(`${route}.${statistic}`))).toEqual([
      true,
      false,
    ]);
  });
});

describe('countsOf', () => {
  it('reads counters and buckets, and passes over all else', () => {
    const families = [
      counter('upstream_rq_completed', 5),
      counter('external.upstream_rq_completed', 5),
      counter('upstream_rq_5xx', 0),
      counter('membership_total', 3),
      { name: 'server.live', metric: [{ gauge: { value: 1 } }] },
      times(5, 4),
    ];
    const counts = countsOf(families);
    expect([...counts.keys()]).toEqual([name, `${name}.external`]);
    const latencies = latencyBoundsMs.map((bound) => (bound === 4 ? 5 : 0));
    expect(counts.get(name)).toMatchObject({ completed: 5, failed: 0, latencies: [...latencies, 0], latencyMs: 20 });
  });

  it('counts what lies above all bounds, and nothing of buckets that are not ours', () => {
    expect(
      countsOf([times(2, 60_000)])
        .get(name)
        ?.latencies.at(-1),
    ).toBe(2);
    const foreign = { ...times(2, 4), metric: [{ histogram: { sampleCount: 2, bucket: [{ upperBound: 7 }] } }] };
    expect(countsOf([foreign]).get(name)?.latencies).toEqual([]);
  });
});

describe('TrafficStatistics', () => {
  it('adds what several Envoys report, and counts attempts that were repeated as failed', () => {
    const made = statistics();
    made.report(1, [counter('upstream_rq_completed', 90), times(90, 4)], hour);
    made.report(2, [counter('upstream_rq_completed', 10), counter('upstream_rq_5xx', 2)], hour);
    made.report(2, [counter('upstream_rq_retry', 3)], hour);
    expect(made.measure({}, hour)).toMatchObject({
      series: [{ ...{ namespace: 'shop', service: 'web', port: 80, revision: 'a' }, requests: 103, errors: 5 }],
      complete: true,
    });
    expect(made.measure({}, hour).series[0]!.p50Ms).toBeCloseTo(3.5, 5);
  });

  it('counts calls of gRPC that failed on their server, once where Envoy answered in its place', () => {
    const made = statistics();
    made.report(1, [counter('upstream_rq_completed', 9), counter('grpc.13', 2), counter('grpc.5', 4)], hour);
    made.report(1, [counter('upstream_rq_completed', 1), counter('upstream_rq_5xx', 1), counter('grpc.14', 1)], hour);
    expect(made.measure({}, hour).series).toMatchObject([{ requests: 10, errors: 3 }]);
  });

  it('counts connections of TCP', () => {
    const made = statistics();
    made.know(new Map([[tcpStatName('db.shop:5432'), { ...key, revision: '', route: '', isTcp: true }]]));
    const db = tcpStatName('db.shop:5432');
    const counters = [counter('upstream_cx_total', 7, db), counter('upstream_cx_connect_fail', 2, db)];
    made.report(1, [...counters, gauge('upstream_cx_active', 4, db)], hour);
    expect(made.measure({}, hour).series).toMatchObject([
      { requests: 7, errors: 2, latencyCounts: [], tcp: true, active: 4 },
    ]);
  });

  it('tells rates by the time that reports are about, wherever the window begins', () => {
    for (const phase of [0, 1, 4, 9]) {
      const made = statistics();
      const start = hour + phase * second;
      for (let t = 5; t <= 100; t += 5) made.report(1, [counter('upstream_rq_completed', 50)], start + t * second);
      for (const late of [0, 2, 4]) {
        const measured = made.measure({ windowSeconds: 20 }, start + (100 + late) * second);
        expect(measured.series[0]!.perSecond).toBeCloseTo(10, 9);
      }
    }
  });

  it('adds the rates of Envoys, one of which has just come', () => {
    const made = statistics();
    for (let t = 0; t <= 95; t += 5) made.report(1, [counter('upstream_rq_completed', 50)], hour + t * second);
    made.report(2, [counter('upstream_rq_completed', 50)], hour + 95 * second);
    const { series } = made.measure({ windowSeconds: 20 }, hour + 99 * second);
    // 30 s of ten a second, and fifty of the other.
    expect(series[0]!.perSecond).toBeCloseTo(350 / 30, 9);
  });

  it('tells the mean of what is under way, also where nothing ends', () => {
    const made = statistics();
    for (let t = 0; t <= 95; t += 5) {
      made.report(1, [gauge('upstream_rq_active', t % 10 === 0 ? 3 : 5)], hour + t * second);
      made.report(2, [gauge('upstream_rq_active', 1)], hour + t * second);
    }
    const { series } = made.measure({ windowSeconds: 9 }, hour + 99 * second);
    expect(series).toMatchObject([{ requests: 0, perSecond: 0, active: 5 }]);
  });

  it('has series of what had no request where they are asked for, and of nothing that no Envoy serves', () => {
    const made = statistics(key, { ...key, revision: 'b' });
    made.report(1, [counter('upstream_rq_completed', 5)], hour);
    expect(made.measure({ includeIdle: true }, hour).series).toMatchObject([
      { revision: 'a', requests: 5 },
      { revision: 'b', requests: 0, perSecond: 0, active: 0 },
    ]);
    expect(made.measure({ includeIdle: true, service: 'db' }, hour).series).toEqual([]);
    made.report(1, [], hour + 100 * second);
    expect(made.measure({ includeIdle: true, revision: 'a' }, hour + 100 * second).series).toMatchObject([
      { requests: 0 },
    ]);
  });

  it('tells routes apart where Envoy does, and counts no request twice', () => {
    const made = new TrafficStatistics(0);
    const read = { ...key, revision: '', route: 'read', isPart: true };
    const readName = routeStatName('web.shop_80', 'read');
    made.know(
      new Map([
        [name, { ...key, route: '' }],
        [readName, read],
        [statName('api.shop:80@a'), { ...key, service: 'api', route: 'all' }],
        [statName('api.shop:80@b'), { ...key, service: 'api', route: 'all', revision: 'b' }],
      ]),
    );
    const completed = 'upstream_rq_completed';
    const ofRoute = { name: `${readName}.${completed}`, metric: [{ counter: { value: 3 } }] };
    const ofApi = ['a', 'b'].map((revision) => counter(completed, 1, statName(`api.shop:80@${revision}`)));
    made.report(1, [counter(completed, 4), ofRoute, ...ofApi], hour);
    const named = (request: object) =>
      made
        .measure(request, hour)
        .series.map(({ service, revision, route, requests }) => [service, revision, route, requests]);
    expect(named({})).toEqual([
      ['web', 'a', '', 4],
      ['api', 'a', 'all', 1],
      ['api', 'b', 'all', 1],
    ]);
    expect(named({ byRoute: true })).toEqual([
      ['web', '', 'read', 3],
      ['api', '', 'all', 2],
    ]);
    expect(made.measure({ byRoute: true }, hour).series[0]!.active).toBeUndefined();
    expect(() => named({ byRoute: true, revision: 'a' })).toThrow('byRoute: Invalid value: true');
  });

  it('looks back for as long as it is asked to', () => {
    const made = statistics();
    for (let t = 0; t <= 100; t += 10) made.report(1, [counter('upstream_rq_completed', 1)], hour + t * second);
    const requests = (windowSeconds: number) =>
      made.measure({ windowSeconds }, hour + 100 * second).series[0]?.requests;
    // The bucket in which the window begins counts as a whole.
    expect([requests(30), requests(60), requests(900)]).toEqual([4, 7, 11]);
  });

  it('forgets after fifteen minutes, also where its ring comes round', () => {
    const made = statistics();
    made.report(1, [counter('upstream_rq_completed', 5)], hour);
    const later = hour + 920 * second;
    made.report(1, [], later);
    expect(made.measure({ windowSeconds: 900 }, later).series).toEqual([]);
    expect([...made.kept()]).toEqual([]);
  });

  it('tells by namespace, Service and revision', () => {
    const made = statistics(key, { ...key, revision: 'b' }, { ...key, namespace: 'other' });
    for (const cluster of ['web.shop:80@a', 'web.shop:80@b', 'web.other:80@a'].map(statName)) {
      made.report(1, [counter('upstream_rq_completed', 1, cluster)], hour);
    }
    const count = (request: object) => made.measure(request, hour).series.length;
    expect([{}, { namespace: 'shop' }, { namespace: 'shop', revision: 'b' }, { service: 'db' }].map(count)).toEqual([
      3, 2, 1, 0,
    ]);
  });

  it('passes over clusters that no Service has', () => {
    const made = statistics();
    made.report(1, [counter('upstream_rq_completed', 1, 'stranger')], hour);
    expect([...made.kept()]).toEqual([]);
  });

  it.each([
    ['no Envoy reports', () => {}],
    [
      'an Envoy vanished, or its connection broke',
      (made: TrafficStatistics) => {
        made.report(1, [], hour - 30 * second);
        made.report(2, [], hour);
        made.lost(1);
      },
    ],
    [
      'an Envoy is silent',
      (made: TrafficStatistics) => {
        made.report(1, [], hour - 20 * second);
        made.report(2, [], hour);
      },
    ],
  ])('is not complete where %s', (problem, happen) => {
    const made = statistics();
    happen(made);
    expect(made.measure({}, hour)).toMatchObject({ complete: false, problem });
  });

  it('is not complete for times before it began, and is for those after an Envoy vanished', () => {
    const made = new TrafficStatistics(hour);
    made.report(1, [], hour + 30 * second);
    expect(made.measure({}, hour + 30 * second).complete).toBe(false);
    made.lost(1);
    made.report(2, [], hour + 95 * second);
    expect(made.measure({}, hour + 95 * second).complete).toBe(false);
    made.report(2, [], hour + 100 * second);
    expect(made.measure({}, hour + 100 * second)).toMatchObject({ complete: true, problem: '' });
  });

  it('exaggerates no rate after an Envoy vanished and another took its place, at whatever second', () => {
    for (const phase of [0, 3, 7]) {
      const made = statistics();
      const start = hour + phase * second;
      for (let t = 0; t <= 60; t += 5) made.report(1, [counter('upstream_rq_completed', 50)], start + t * second);
      made.lost(1);
      const complete: number[] = [];
      for (let t = 61; t <= 110; t++) {
        if (t % 5 === 1) made.report(2, [counter('upstream_rq_completed', 50)], start + t * second);
        const { complete: isComplete, series } = made.measure({ windowSeconds: 20 }, start + t * second);
        if (isComplete) complete.push(series[0]!.perSecond);
      }
      expect(complete.length).toBeGreaterThan(15);
      for (const rate of complete) expect(rate).toBeCloseTo(10, 9);
    }
  });

  it.each([-1, 901, Number.NaN])('refuses to look back %d seconds', (windowSeconds) => {
    const look = () => statistics().measure({ windowSeconds }, hour);
    if (Number.isNaN(windowSeconds)) expect(look().windowSeconds).toBe(60);
    else expect(look).toThrow(`windowSeconds: Invalid value: ${windowSeconds}`);
  });

  it('has no more series than there is room for, and says that some lack', () => {
    const many = Array.from({ length: 5_001 }, (_, i) => ({ ...key, revision: `r${i}` }));
    const made = statistics(...many);
    made.report(
      1,
      many.map(({ revision }) => counter('upstream_rq_completed', 1, statName(`web.shop:80@${revision}`))),
      hour,
    );
    expect([...made.kept()].length).toBe(5_000);
    expect(made.measure({ revision: 'r0' }, hour)).toMatchObject({ complete: false });
  });
});

describe('metrics', () => {
  it('have totals that only grow, and buckets as Prometheus reads them', async () => {
    const made = statistics();
    made.report(1, [counter('upstream_rq_completed', 4), counter('upstream_rq_5xx', 1), times(4, 4)], hour);
    made.report(1, [counter('upstream_rq_completed', 1), times(1, 60_000)], hour + 5 * second);
    const registry = createMetrics('xds-lb');
    registerTrafficMetrics(registry, made);
    const text = await registry.metrics();
    const labels = 'namespace="shop",service="web",port="80",revision="a"';
    expect(text).toContain(`gantry_service_requests_total{${labels}`);
    expect(text).toMatch(/gantry_service_requests_total\{[^}]*\} 5\n/);
    expect(text).toMatch(/gantry_service_request_errors_total\{[^}]*\} 1\n/);
    expect(text).toMatch(/duration_seconds_bucket\{[^}]*le="0.003"[^}]*\} 0\n/);
    expect(text).toMatch(/duration_seconds_bucket\{[^}]*le="0.004"[^}]*\} 4\n/);
    expect(text).toMatch(/duration_seconds_bucket\{[^}]*le="\+Inf"[^}]*\} 5\n/);
    expect(text).toMatch(/duration_seconds_count\{[^}]*\} 5\n/);
    expect(text).toMatch(/duration_seconds_sum\{[^}]*\} 60.016\n/);
    expect(text).toMatch(/gantry_xds_reporting_envoys(\{[^}]*\})? 1\n/);
  });

  it('have routes that are told apart under names of their own, so that no request counts twice', async () => {
    const made = new TrafficStatistics(0);
    const readName = routeStatName('web.shop_80', 'read');
    made.know(
      new Map<string, TrafficKey>([
        [name, { ...key, route: '' }],
        [readName, { ...key, revision: '', route: 'read', isPart: true }],
      ]),
    );
    const ofRoute = { name: `${readName}.upstream_rq_completed`, metric: [{ counter: { value: 3 } }] };
    made.report(1, [counter('upstream_rq_completed', 4), ofRoute], hour);
    const registry = createMetrics('xds-lb');
    registerTrafficMetrics(registry, made);
    const text = await registry.metrics();
    expect(text.match(/^gantry_service_requests_total\{.*$/gm)).toEqual([expect.stringMatching(/revision="a".* 4$/)]);
    expect(text.match(/^gantry_route_requests_total\{.*$/gm)).toEqual([expect.stringMatching(/route="read".* 3$/)]);
  });
});

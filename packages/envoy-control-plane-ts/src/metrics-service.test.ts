import {
  type ClientWritableStream,
  credentials,
  makeClientConstructor,
  Server,
  ServerCredentials,
} from '@grpc/grpc-js';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { MetricFamily, StreamMetricsMessage } from './envoy/metrics.ts';
import { addMetricsService, type MetricsClient, type MetricsObserver, metricsDefinition } from './metrics-service.ts';

let server: Server;
let close: () => void;
beforeEach(() => {
  server = new Server();
});
afterEach(() => {
  close?.();
  server.forceShutdown();
});

const families: MetricFamily[] = [
  { name: 'cluster.web.upstream_rq_completed', type: 'COUNTER', metric: [{ counter: { value: 3 }, timestampMs: 1 }] },
  {
    name: 'cluster.web.upstream_rq_time',
    type: 'HISTOGRAM',
    metric: [
      {
        timestampMs: 1,
        histogram: { sampleCount: 3, sampleSum: 4.5, bucket: [{ cumulativeCount: 2, upperBound: 1 }] },
      },
    ],
  },
];
const first: StreamMetricsMessage = { identifier: { node: { id: 'envoy-1' } }, envoyMetrics: families };

/** Opens streams to a server with an observer. */
async function start(observer: MetricsObserver, maxStreams?: number) {
  addMetricsService(server, { observer, ...(maxStreams === undefined ? {} : { maxStreams }) });
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  const client = new (makeClientConstructor(metricsDefinition, 'MetricsService'))(
    `127.0.0.1:${port}`,
    credentials.createInsecure(),
  );
  close = () => client.close();
  return () => {
    const ended = Promise.withResolvers<number>();
    const answer = (error: { readonly code: number } | null): void => ended.resolve(error?.code ?? 0);
    const open = client.streamMetrics as (callback: typeof answer) => ClientWritableStream<StreamMetricsMessage>;
    return { call: open.call(client, answer), ended: ended.promise };
  };
}

it('tells of each flush, with the Envoy that said its name once, and of its end', async () => {
  const heard: [MetricsClient, readonly MetricFamily[]][] = [];
  const onDisconnect = vi.fn();
  const open = await start({ onMetrics: (client, all) => heard.push([client, all]), onDisconnect });
  const { call, ended } = open();
  call.write(first);
  call.write({ envoyMetrics: [] });
  call.end();
  expect(await ended).toBe(0);
  expect(heard.map(([{ stream, node }]) => [stream, node?.id])).toEqual([
    [1, 'envoy-1'],
    [1, 'envoy-1'],
  ]);
  expect(heard.map(([, all]) => all)).toEqual([families, []]);
  expect(onDisconnect).toHaveBeenCalledTimes(1);
});

it('tells of a stream that breaks', async () => {
  const onDisconnect = vi.fn();
  const onMetrics = vi.fn();
  const open = await start({ onMetrics, onDisconnect });
  const { call } = open();
  call.write(first);
  await expect.poll(() => onMetrics.mock.calls.length).toBe(1);
  call.cancel();
  await expect.poll(() => onDisconnect.mock.calls.length).toBe(1);
});

it('ends the stream of an observer that throws, and no other', async () => {
  const onDisconnect = vi.fn();
  const onMetrics = vi.fn((client: MetricsClient) => {
    if (client.stream === 1) throw new Error('no room');
  });
  const open = await start({ onMetrics, onDisconnect });
  const [bad, good] = [open(), open()];
  bad.call.write(first);
  expect(await bad.ended).toBe(13);
  good.call.write(first);
  good.call.end();
  expect(await good.ended).toBe(0);
  expect(onDisconnect).toHaveBeenCalledTimes(2);
});

it('refuses more streams than it was given room for', async () => {
  const onMetrics = vi.fn();
  const open = await start({ onMetrics, onDisconnect: () => {} }, 1);
  const one = open();
  one.call.write(first);
  await expect.poll(() => onMetrics.mock.calls.length).toBe(1);
  expect(await open().ended).toBe(8);
  one.call.end();
  expect(await one.ended).toBe(0);
});

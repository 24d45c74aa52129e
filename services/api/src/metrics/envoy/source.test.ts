import { summarized } from '@gantry/client/traffic.ts';
import type { MeasureTrafficRequest, TrafficCounts, TrafficMeasurement } from '@gantry/client/traffic-messages.ts';
import { builtIn, genericKindOf, type KindName } from '@gantry/model/built-in.ts';
import type { KubeObject } from '@gantry/model/kind.ts';
import { compileLabelSelector, parseLabelSelector } from '@gantry/model/selectors.ts';
import { FakeClock } from '@gantry/runtime/clock.ts';
import { describe, expect, it, test } from 'vitest';
import type { ReadObjects } from '../stored.ts';
import { TrafficReports } from './reports.ts';
import { EnvoySource } from './source.ts';

const signal = new AbortController().signal;
const boundsMs = [10, 100];

const web: TrafficCounts = {
  ...{ namespace: 'shop', service: 'web', port: 80, revision: '', route: 'all', tcp: false },
  ...{ requests: 600, errors: 6, latencyCounts: [600, 0, 0], perSecond: 30, active: 4 },
};
const db: TrafficCounts = {
  ...web,
  ...{ service: 'db', port: 5432, route: '', tcp: true, perSecond: 2, active: 8, latencyCounts: [] },
};
const idle: TrafficCounts = {
  ...web,
  ...{ service: 'idle', requests: 0, errors: 0, latencyCounts: [], perSecond: 0, active: 0 },
};

function object(name: string, labels: Record<string, string> = {}, more: object = {}): KubeObject {
  return { metadata: { name, namespace: 'shop', labels }, ...more } as unknown as KubeObject;
}

function slice(service: string, pods: readonly string[], unready: readonly string[] = []): KubeObject {
  const endpoint = (name: string, ready: boolean) => ({ conditions: { ready }, targetRef: { kind: 'Pod', name } });
  return object(
    `${service}-1`,
    { 'kubernetes.io/service-name': service },
    {
      endpoints: [...pods.map((pod) => endpoint(pod, true)), ...unready.map((pod) => endpoint(pod, false))],
    },
  );
}

interface Played {
  readonly series?: readonly TrafficCounts[];
  readonly problem?: string;
  readonly objects?: Partial<Readonly<Record<KindName, readonly KubeObject[]>>>;
}

function play({ series = [web, db, idle], problem = '', objects = {} }: Played) {
  const asked: MeasureTrafficRequest[] = [];
  const clock = new FakeClock();
  const measure = async (request: MeasureTrafficRequest): Promise<TrafficMeasurement> => {
    asked.push(request);
    const own = series.filter(({ namespace, route }) => namespace === request.namespace && (!request.byRoute || route));
    const all = own.map((one) => summarized(one, boundsMs));
    return { series: all, complete: problem === '', problem, boundsMs, windowSeconds: request.windowSeconds! };
  };
  const read: ReadObjects = async (kind, { labelSelector }) =>
    (objects[kind.kind as KindName] ?? []).filter(({ metadata }) =>
      compileLabelSelector(labelSelector)(metadata.labels),
    ) as never;
  const source = new EnvoySource({ kinds: builtIn, read, reports: new TrafficReports(measure, clock) });
  const values = async (kind: KindName, objects: readonly KubeObject[], metric: string, selector = '') => {
    const query = {
      kind: genericKindOf(kind),
      namespace: 'shop',
      objects,
      metric,
      selector: parseLabelSelector(selector),
    };
    const samples = await source.custom(query, signal);
    return samples && Object.fromEntries(samples.map(({ name, value }) => [name, value]));
  };
  return { source, values, asked, clock };
}

const [webObject, dbObject, idleObject] = ['web', 'db', 'idle', 'elsewhere'].map((name) => object(name));
const services = [webObject!, dbObject!, idleObject!, object('elsewhere')];

describe('metrics of Services', () => {
  it.each([
    ['requests_per_second', { web: 30, idle: 0 }],
    ['active_requests', { web: 4, idle: 0 }],
    ['success_rate', { web: 0.99 }],
    ['latency_p50', { web: 0.005 }],
    ['connections_per_second', { db: 2 }],
    ['active_connections', { db: 8 }],
    ['other', undefined],
    ['constructor', undefined],
  ])('%s is told of those that Envoys serve and that have it', async (metric, expected) => {
    expect(await play({}).values('Service', services, metric)).toEqual(expected);
  });

  it('add ports and revisions, which selectors tell apart', async () => {
    const more = { ...web, port: 81, revision: 'b', perSecond: 10 };
    const { values, asked } = play({ series: [web, more] });
    expect(await values('Service', [webObject!], 'requests_per_second')).toEqual({ web: 40 });
    expect(await values('Service', [webObject!], 'requests_per_second', 'port=81')).toEqual({ web: 10 });
    expect(await values('Service', [webObject!], 'requests_per_second', 'revision=b,port=80')).toEqual({});
    expect(asked.some(({ byRoute }) => byRoute)).toBe(false);
    expect(await values('Service', [webObject!], 'requests_per_second', 'route=all,port=80')).toEqual({
      web: 30,
    });
    expect(asked.at(-1)).toEqual({ namespace: 'shop', windowSeconds: 20, byRoute: true, includeIdle: true });
  });

  it('are unknown for a route whose requests under way nobody counts', async () => {
    const part = { ...web, route: 'read', active: undefined };
    const { values } = play({ series: [part] });
    expect(await values('Service', [webObject!], 'active_requests', 'route=read')).toEqual({});
  });

  it('are refused by half of the truth', async () => {
    const { values } = play({ problem: 'an Envoy is silent' });
    const refused = values('Service', services, 'requests_per_second');
    await expect(refused).rejects.toMatchObject({
      reason: 'ServiceUnavailable',
      message: 'the statistics of Envoys are not complete: an Envoy is silent',
    });
  });
});

test('a namespace has the requests to all its Services', async () => {
  const shop = { metadata: { name: 'shop' } } as KubeObject;
  expect(await play({}).values('Namespace', [shop], 'requests_per_second')).toEqual({ shop: 30 });
});

describe('metrics of pods and workloads', () => {
  const pods = ['a', 'b', 'c'].map((name) =>
    object(name, { app: 'web', 'pod-template-hash': name === 'c' ? 'v2' : 'v1' }),
  );
  const other = object('other', { app: 'other' });
  const selector = { matchLabels: { app: 'web' } };
  const deployment = object('web', {}, { spec: { selector, replicas: 3 } });

  it('are the ready pods’ even parts of what their Services have', async () => {
    const objects = { EndpointSlice: [slice('web', ['a', 'b'], ['c'])] };
    const { values } = play({ objects });
    expect(await values('Pod', [...pods, other], 'requests_per_second')).toEqual({ a: 15, b: 15 });
    expect(await values('Pod', pods, 'active_requests')).toEqual({ a: 2, b: 2 });
    expect((await values('Pod', pods, 'latency_p50'))!.a).toBeCloseTo(0.005, 9);
  });

  it('go by revision where the Service is split', async () => {
    const [stable, canary] = [
      { ...web, revision: 'v1' },
      { ...web, revision: 'v2', perSecond: 3 },
    ];
    const gone = { ...web, revision: 'v0', perSecond: 6 };
    const objects = { EndpointSlice: [slice('web', ['a', 'b', 'c'])], Pod: pods };
    const { values } = play({ series: [stable, canary, gone], objects });
    expect(await values('Pod', pods, 'requests_per_second')).toEqual({ a: 17, b: 17, c: 5 });
  });

  it('are added by the pods that a workload selects', async () => {
    const objects = { EndpointSlice: [slice('web', ['a', 'b', 'other'])], Pod: [...pods, other] };
    const { values } = play({ objects });
    expect(await values('Deployment', [deployment], 'requests_per_second')).toEqual({ web: 20 });
    expect(await values('Deployment', [object('none', {}, { spec: {} })], 'requests_per_second')).toEqual({});
    expect(await values('ConfigMap', [deployment], 'requests_per_second')).toBeUndefined();
  });

  it('are nobody’s while no pod is ready', async () => {
    const { values } = play({ objects: { EndpointSlice: [slice('web', [], ['a'])], Pod: pods } });
    expect(await values('Pod', pods, 'requests_per_second')).toEqual({});
    expect(await values('Deployment', [deployment], 'requests_per_second')).toEqual({});
  });
});

test('external metrics are those that may be added, of each series', async () => {
  const { source } = play({});
  const ask = (metric: string, selector = '') =>
    source.external({ namespace: 'shop', metric, selector: parseLabelSelector(selector) });
  expect(await ask('requests_per_second', 'service=web')).toMatchObject([
    { value: 30, labels: { namespace: 'shop', service: 'web', port: '80', route: 'all' }, windowSeconds: 20 },
  ]);
  expect(await ask('latency_p99')).toBeUndefined();
  const { custom, external } = source.list();
  expect(external).toEqual(['requests_per_second', 'active_requests', 'connections_per_second', 'active_connections']);
  const kinds = new Set(custom.map(({ kind }) => kind.kind));
  expect([...kinds]).toEqual(expect.arrayContaining(['Service', 'Namespace', 'Pod', 'Deployment', 'StatefulSet']));
});

test('many autoscalers cost one question', async () => {
  const { values, asked, clock } = play({});
  await Promise.all(services.map((service) => values('Service', [service], 'requests_per_second')));
  expect(asked.length).toBe(1);
  await clock.advance(2_499);
  await values('Service', services, 'active_requests');
  expect(asked.length).toBe(1);
  await clock.advance(1);
  await values('Service', services, 'requests_per_second');
  expect(asked.length).toBe(2);
});

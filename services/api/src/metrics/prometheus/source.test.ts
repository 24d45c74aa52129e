import { builtIn, genericKindOf, type KindName } from '@gantry/model/built-in.ts';
import type { KubeObject } from '@gantry/model/kind.ts';
import { parseLabelSelector } from '@gantry/model/selectors.ts';
import { FakeClock } from '@gantry/runtime/clock.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type PlayedPrometheus, playPrometheus, vector } from '../testing/prometheus.ts';
import { MetricCatalog } from './catalog.ts';
import { prometheusAt } from './client.ts';
import { PrometheusSource } from './source.ts';

const signal = new AbortController().signal;
const config = `
rules:
- seriesQuery: http
  resources: {overrides: {namespace: {resource: namespace}, pod: {resource: pod}, node: {resource: node}}}
  name: {matches: ^http_(.*)_total$, as: "\${1}_per_second"}
  metricsQuery: sum(rate(<<.Series>>{<<.LabelMatchers>>}[2m])) by (<<.GroupBy>>)
- seriesQuery: other
  resources: {overrides: {namespace: {resource: namespace}, pod: {resource: pod}}}
  name: {as: requests_per_second}
  metricsQuery: <<.Series>>{<<.LabelMatchers>>}
externalRules:
- seriesQuery: queue
  resources: {overrides: {namespace: {resource: namespace}}}
  metricsQuery: sum(<<.Series>>{<<.LabelMatchers>>}) by (queue)
`;

let played: PlayedPrometheus;
let rules: string | undefined;
let catalog: MetricCatalog;
let source: PrometheusSource;

beforeEach(async () => {
  played = await playPrometheus();
  rules = config;
  const clock = new FakeClock();
  const prometheus = prometheusAt(played.address, () => clock.now());
  catalog = new MetricCatalog({ prometheus, readRules: async () => rules, kinds: builtIn, clock, log: silentLogger });
  source = new PrometheusSource(catalog, prometheus);
  const of = { namespace: 'shop', pod: 'a' };
  played.series.set('http', [
    { __name__: 'http_requests_total', ...of },
    { __name__: 'http_requests_total', ...of, pod: 'b' },
    { __name__: 'http_boots_total', node: 'n1' },
    { __name__: 'http_alone_total', pod: 'a' },
    { __name__: 'http_in_flight', ...of },
  ]);
  played.series.set('other', [{ __name__: 'other', ...of }]);
  played.series.set('queue', [{ __name__: 'queue_length', namespace: 'shop', queue: 'mail' }]);
  await catalog.look(signal);
});
afterEach(() => played[Symbol.asyncDispose]());

function ask(kind: KindName, names: readonly string[], metric: string, selector = '') {
  const objects = names.map((name) => ({ metadata: { name } }) as KubeObject);
  const namespace = genericKindOf(kind).namespaced ? 'shop' : '';
  return source.custom(
    { kind: genericKindOf(kind), namespace, objects, metric, selector: parseLabelSelector(selector) },
    signal,
  );
}
const lastQuery = () => played.asked.at(-1)![1].get('query');

test('metrics are those whose series there are, of the objects that their labels name', () => {
  const { custom, external } = source.list();
  expect(custom.map(({ kind, metric }) => `${kind.plural}/${metric}`).sort()).toEqual([
    'namespaces/requests_per_second',
    'nodes/boots_per_second',
    'pods/requests_per_second',
  ]);
  expect(external).toEqual(['queue_length']);
});

test('a question becomes an expression, and its values those of the objects that were asked about', async () => {
  played.answer = vector([{ pod: 'a' }, '1.5', 7], [{ pod: 'b.c' }, '2', 7], [{ pod: 'stranger' }, '3'], [{}, '4']);
  expect(await ask('Pod', ['a', 'b.c'], 'requests_per_second', 'code!=500')).toEqual([
    { name: 'a', value: 1.5, timestampMs: 7_000, windowSeconds: 0 },
    { name: 'b.c', value: 2, timestampMs: 7_000, windowSeconds: 0 },
  ]);
  expect(lastQuery()).toBe(
    'sum(rate(http_requests_total{namespace="shop",pod=~"a|b\\\\.c",code!="500"}[2m])) by (pod)',
  );
  played.answer = vector([{ node: 'n1' }, '1']);
  expect(await ask('Node', ['n1'], 'boots_per_second')).toMatchObject([{ name: 'n1', value: 1 }]);
  expect(lastQuery()).toBe('sum(rate(http_boots_total{node="n1"}[2m])) by (node)');
});

test('metrics that there are not are left to other sources', async () => {
  expect(await ask('Pod', ['a'], 'x')).toBeUndefined();
  expect(await ask('Service', ['a'], 'requests_per_second')).toBeUndefined();
  expect(await source.external({ namespace: 'shop', metric: 'x', selector: [] }, signal)).toBeUndefined();
});

test('several values of one object are a problem of the rule, and strange labels one of the question', async () => {
  played.answer = vector([{ pod: 'a', code: '1' }, '1'], [{ pod: 'a', code: '2' }, '1']);
  await expect(ask('Pod', ['a'], 'requests_per_second')).rejects.toThrow(
    'the rule has 2 values for pods a: it must be grouped by <<.GroupBy>>',
  );
  await expect(ask('Pod', ['a'], 'requests_per_second', 'example.com/a=b')).rejects.toMatchObject({
    reason: 'BadRequest',
  });
});

test('external metrics have a value for each series, of the namespace that asks', async () => {
  played.answer = vector([{ queue: 'mail' }, '12', 7]);
  const asked = { namespace: 'shop', metric: 'queue_length', selector: parseLabelSelector('queue in (mail,print)') };
  expect(await source.external(asked, signal)).toEqual([
    { labels: { queue: 'mail' }, value: 12, timestampMs: 7_000, windowSeconds: 0 },
  ]);
  expect(lastQuery()).toBe('sum(queue_length{namespace="shop",queue=~"mail|print"}) by (queue)');
});

test('rules that are not valid change nothing, and new ones count from the next look on', async () => {
  let updates = 0;
  catalog.onUpdate(() => updates++);
  rules = 'rules: 1';
  await catalog.look(signal);
  expect(source.list().custom.length).toBe(3);
  rules = config.replace('_per_second"', '"');
  await catalog.look(signal);
  await catalog.look(signal);
  expect(source.list().custom.map(({ metric }) => metric)).toContain('requests');
  expect(updates).toBe(1);
  rules = undefined;
  await catalog.look(signal);
  expect(source.list()).toEqual({ custom: [], external: [] });
});

test('a Prometheus that is away takes no metric away: questions say that it is', async () => {
  await played[Symbol.asyncDispose]();
  await catalog.look(signal);
  expect(source.list().custom.length).toBe(3);
  await expect(ask('Pod', ['a'], 'requests_per_second')).rejects.toMatchObject({ reason: 'ServiceUnavailable' });
});

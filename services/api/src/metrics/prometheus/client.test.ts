import type { ServerResponse } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type PlayedPrometheus, playPrometheus, vector } from '../testing/prometheus.ts';
import { defaultPrometheusLimits, prometheusAt } from './client.ts';

let played: PlayedPrometheus;
beforeEach(async () => {
  played = await playPrometheus();
});
afterEach(() => played[Symbol.asyncDispose]());

const signal = new AbortController().signal;
const limits = { ...defaultPrometheusLimits, timeoutMs: 200, maxBytes: 100_000, maxSamples: 100, maxSeries: 3 };
const client = () => prometheusAt(`${played.address}/`, () => 1_000_000_000, limits);
const text =
  (body: string, status = 200) =>
  (_: string, response: ServerResponse) =>
    void response.writeHead(status).end(body);

test('values have their labels, and are told as Prometheus writes them', async () => {
  played.answer = vector([{ pod: 'a' }, '1.5', 7], [{ pod: 'b' }, 'NaN', 7], [{}, '+Inf', 7], [{}, '-Inf', 7]);
  expect(await client().query('up', signal)).toEqual([
    { labels: { pod: 'a' }, value: 1.5, timestampMs: 7_000 },
    { labels: { pod: 'b' }, value: Number.NaN, timestampMs: 7_000 },
    { labels: {}, value: Number.POSITIVE_INFINITY, timestampMs: 7_000 },
    { labels: {}, value: Number.NEGATIVE_INFINITY, timestampMs: 7_000 },
  ]);
  played.answer = text('{"status":"success","data":{"resultType":"scalar","result":[7,"3"]}}');
  expect(await client().query('3', signal)).toEqual([{ labels: {}, value: 3, timestampMs: 7_000 }]);
});

test('series are listed of the last minutes', async () => {
  played.series.set('{a="b"}', [{ __name__: 'x', a: 'b' }]);
  expect(await client().series('{a="b"}', signal)).toEqual([{ __name__: 'x', a: 'b' }]);
  expect(played.asked[0]![1].get('start')).toBe('999700');
});

test.each([
  ['HTML', text('<html>502</html>', 502), 'it answers with HTTP status 502, and no JSON'],
  ['nothing', text(''), 'it answers with HTTP status 200, and no JSON'],
  ['null', text('null'), 'it answers with HTTP status 200'],
  ['an error', text('{"status":"error","error":"parse error"}', 400), 'parse error'],
  [
    'no vector',
    text('{"status":"success","data":{"resultType":"matrix","result":[]}}'),
    'the expression up has the type matrix',
  ],
  ['no result', text('{"status":"success","data":{"resultType":"vector"}}'), 'its answer has no values'],
  [
    'no value',
    text('{"status":"success","data":{"resultType":"vector","result":[{}]}}'),
    'its answer has a series without a value',
  ],
  ['too much', text('x'.repeat(100_001)), 'its answer has more than 100000 bytes'],
  ['a redirection', (_: string, response: ServerResponse) => void response.writeHead(302, { location: '/' }).end(), ''],
  ['nothing in time', () => undefined, 'it does not answer within 0.2 seconds'],
])('an answer with %s is a problem in words', async (_, answer, problem) => {
  played.answer = answer;
  const asked = client().query('up', signal);
  await expect(asked).rejects.toMatchObject({ reason: 'ServiceUnavailable' });
  await expect(asked).rejects.toThrow(`Prometheus has no answer: ${problem}`.trimEnd());
});

test('an answer with too many series is none', async () => {
  played.answer = vector(...Array.from({ length: 101 }, (_, i) => [{ pod: `p${i}` }, '1'] as const));
  await expect(client().query('up', signal)).rejects.toThrow('its answer has more than 100 values');
  played.series.set('all', [{}, {}, {}, {}]);
  await expect(client().series('all', signal)).rejects.toThrow('its answer has more than 3 series');
});

test('nobody who listens is a problem, too, and the signal ends a question', async () => {
  const gone = prometheusAt('http://127.0.0.1:1', Date.now, limits);
  await expect(gone.query('up', signal)).rejects.toMatchObject({ reason: 'ServiceUnavailable' });
  played.answer = () => undefined;
  const stop = new AbortController();
  const asked = client().query('up', stop.signal);
  await nextTurn();
  stop.abort(new Error('enough'));
  await expect(asked).rejects.toThrow('enough');
});

test('a name and password of the address are credentials, and stand in no problem', async () => {
  const address = new URL(played.address);
  [address.username, address.password] = ['jane', 'pass:word'];
  const own = prometheusAt(address.href, Date.now, limits);
  await own.query('up', signal);
  expect(played.authorization).toBe(`Basic ${btoa('jane:pass:word')}`);
  await client().query('up', signal);
  expect(played.authorization).toBeUndefined();
  await played[Symbol.asyncDispose]();
  await expect(own.query('up', signal)).rejects.toThrow(/^(?!.*pass)/);
});

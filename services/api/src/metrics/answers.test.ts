import { builtIn, genericKindOf } from '@gantry/model/built-in.ts';
import type { KubeObject } from '@gantry/model/kind.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import { describe, expect, it, test } from 'vitest';
import { MetricAnswers } from './answers.ts';
import type { CustomQuery, MetricSource, ObjectSample, SeriesSample } from './source.ts';

const nowMs = Date.parse('2026-01-01T00:00:00Z');
const signal = new AbortController().signal;
const services = ['web', 'db'].map((name) => ({ metadata: { name, namespace: 'shop' } }) as KubeObject);

/** A source that has what it is given, of Services alone. */
function source(
  metrics: Readonly<
    Record<string, readonly (readonly [name: string, value: number, ageSeconds?: number])[] | GantryError>
  >,
  seen: CustomQuery[] = [],
): MetricSource {
  const kind = genericKindOf('Service');
  const samplesOf = (metric: string): ObjectSample[] | undefined => {
    const known = metrics[metric];
    if (known instanceof GantryError) throw known;
    return known?.map(([name, value, age = 0]) => ({
      name,
      value,
      timestampMs: nowMs - age * 1_000,
      windowSeconds: 20,
    }));
  };
  return {
    list: () => ({ custom: Object.keys(metrics).map((metric) => ({ kind, metric })), external: Object.keys(metrics) }),
    custom: async (query) => {
      seen.push(query);
      return query.kind === kind ? samplesOf(query.metric) : undefined;
    },
    external: async ({ metric }) =>
      samplesOf(metric)?.map(({ name, ...sample }): SeriesSample => ({ ...sample, labels: { name } })),
  };
}

function answers(...sources: MetricSource[]): MetricAnswers {
  const read = async (_: unknown, { name }: { name: string }) =>
    services.filter(({ metadata }) => name === '' || metadata.name === name) as never;
  return new MetricAnswers({ kinds: builtIn, read, clock: { now: () => nowMs }, sources });
}

const asked = { resource: 'services', namespace: 'shop', metric: 'rps' };

describe('metrics of objects', () => {
  it('are told of one or of all that are selected, with what they are about', async () => {
    const own = answers(
      source({
        rps: [
          ['web', 1.5],
          ['db', 2],
        ],
      }),
    );
    const base = {
      kind: 'Service',
      apiVersion: 'v1',
      namespace: 'shop',
      metric: 'rps',
      timestampMs: nowMs,
      windowSeconds: 20,
    };
    expect(await own.custom(asked, signal)).toEqual([
      { ...base, name: 'web', value: '1500m' },
      { ...base, name: 'db', value: '2' },
    ]);
  });

  it('are those of the first source that has them', async () => {
    const own = answers(source({ rps: [['web', 1]] }), source({ rps: [['web', 2]], other: [['web', 3]] }));
    expect(await own.custom({ ...asked, name: 'web' }, signal)).toMatchObject([{ value: '1' }]);
    expect(await own.custom({ ...asked, name: 'web', metric: 'other' }, signal)).toMatchObject([{ value: '3' }]);
    expect(own.customMetrics).toEqual([
      { resource: 'services', namespaced: true, metric: 'other' },
      { resource: 'services', namespaced: true, metric: 'rps' },
    ]);
    expect(own.externalMetrics).toEqual(['other', 'rps']);
  });

  it.each<[string, readonly [string, number, number?][], string]>([
    ['no value', [], 'it has no value now'],
    ['NaN', [['web', Number.NaN]], 'its value is not a number'],
    ['infinity', [['web', Number.POSITIVE_INFINITY]], 'its value is infinite'],
    ['a negative value', [['web', -1]], 'its value -1 is negative'],
    ['a late value', [['web', 1, 300]], 'its last value is of a time 300 seconds ago'],
  ])('are missing, and the answer says why, where there is %s', async (_, samples, problem) => {
    const text = `the server could not find the metric rps for services web: ${problem}`;
    const refused = answers(source({ rps: samples })).custom({ ...asked, name: 'web' }, signal);
    await expect(refused).rejects.toMatchObject({ reason: 'NotFound', message: text });
  });

  it('are left out one by one where others are sound', async () => {
    const own = answers(
      source({
        rps: [
          ['web', Number.NaN],
          ['db', 2],
        ],
      }),
    );
    expect(await own.custom(asked, signal)).toMatchObject([{ name: 'db', value: '2' }]);
  });

  it('are not found for objects and metrics that there are not', async () => {
    const own = answers(source({ rps: [] }));
    const refused = (more: object) => expect(own.custom({ ...asked, ...more }, signal)).rejects;
    await refused({ metric: 'x' }).toThrow(/^the server could not find the metric x for services$/);
    await refused({ name: 'gone' }).toThrow('the metric rps for services gone: there is no such object');
    await refused({ resource: 'deployments', group: 'apps' }).toThrow('the metric rps for deployments.apps');
    await refused({ resource: 'nothings' }).toMatchObject({ reason: 'NotFound' });
    await refused({ namespace: '' }).toThrow('namespace: Required value');
    await refused({ metricSelector: 'a>1' }).toThrow('metricLabelSelector: Invalid value: "a>1"');
  });

  it('are unavailable where their source cannot tell, and no other source answers in its place', async () => {
    const broken = new GantryError('ServiceUnavailable', 'an Envoy is silent');
    const own = answers(source({ rps: broken }), source({ rps: [['web', 1]] }));
    await expect(own.custom({ ...asked, name: 'web' }, signal)).rejects.toMatchObject({
      reason: 'ServiceUnavailable',
      message: 'the server could not find the metric rps for services web: an Envoy is silent',
    });
  });
});

test('metrics of no object have all their series or none: a sum that lacks one would be wrong', async () => {
  const own = answers(
    source({
      queue: [
        ['a', 1],
        ['b', 2],
      ],
      broken: [
        ['a', 1],
        ['b', Number.NaN],
      ],
      empty: [],
    }),
  );
  expect(await own.external({ namespace: 'shop', metric: 'queue' }, signal)).toEqual([
    { metric: 'queue', labels: { name: 'a' }, value: '1', timestampMs: nowMs, windowSeconds: 20 },
    { metric: 'queue', labels: { name: 'b' }, value: '2', timestampMs: nowMs, windowSeconds: 20 },
  ]);
  const refused = (metric: string) => expect(own.external({ namespace: 'shop', metric }, signal)).rejects;
  await refused('broken').toThrow('the server could not find the external metric broken: its value is not a number');
  await refused('empty').toThrow('the external metric empty: no series is selected');
  await refused('none').toMatchObject({ reason: 'NotFound' });
});

import type { Client } from '@gantry/client/client.ts';
import { describe, expect, it } from 'vitest';
import { measurerOf } from './measurer.ts';

const { signal } = new AbortController();

/** A client whose metrics are these messages, in which zero is absent. */
function measuring(messages: { readonly pods?: object; readonly custom?: object; readonly external?: object }) {
  const asked: object[] = [];
  const answer = (message: object | undefined) => async (request: object) => {
    asked.push(request);
    return message ?? {};
  };
  const metrics = {
    pods: answer(messages.pods),
    custom: answer(messages.custom),
    external: answer(messages.external),
  };
  const client = { metrics, traffic: {} } as unknown as Pick<Client, 'traffic' | 'metrics'>;
  return { measurer: measurerOf(client, undefined), asked };
}

describe('metrics of the api', () => {
  it('of pods have every figure, zero among them', async () => {
    const containers = [
      { name: 'a', cpuNanocores: 5 },
      { name: 'b', memoryWorkingSetBytes: 7 },
    ];
    const { measurer, asked } = measuring({
      pods: { pods: [{ namespace: 'n', name: 'p', timestampMs: 9, containers }] },
    });
    const query = { namespace: 'n', labelSelector: 'a=b' };
    expect(await measurer.podMetrics(query, signal)).toEqual([
      {
        name: 'p',
        timestampMs: 9,
        windowMs: 0,
        containers: [
          { name: 'a', cpuNanocores: 5, memoryWorkingSetBytes: 0 },
          { name: 'b', cpuNanocores: 0, memoryWorkingSetBytes: 7 },
        ],
      },
    ]);
    expect(asked).toEqual([query]);
  });

  it('of objects have the names of these, and a window where one is named', async () => {
    const values = [
      { kind: 'Pod', name: 'p', timestampMs: 9, windowSeconds: 30, value: '5' },
      { kind: 'Pod', name: 'q', value: '6m' },
    ];
    const { measurer } = measuring({ custom: { values } });
    const query = { group: '', resource: 'pods', namespace: 'n', labelSelector: '', metric: 'm', metricSelector: '' };
    expect(await measurer.customMetric(query, signal)).toEqual([
      { name: 'p', timestampMs: 9, windowSeconds: 30, value: '5' },
      { name: 'q', timestampMs: 0, windowSeconds: undefined, value: '6m' },
    ]);
  });

  it('of no object have no name; none are none', async () => {
    const query = { namespace: 'n', metric: 'm', metricSelector: '' };
    const { measurer } = measuring({ external: { values: [{ metric: 'm', labels: {}, value: '3' }] } });
    expect(await measurer.externalMetric(query, signal)).toEqual([
      { name: '', timestampMs: 0, windowSeconds: undefined, value: '3' },
    ]);
    const empty = measuring({}).measurer;
    expect(await empty.externalMetric(query, signal)).toEqual([]);
    expect(await empty.podMetrics({ namespace: 'n', labelSelector: '' }, signal)).toEqual([]);
  });

  it('of Prometheus are none where none is named', async () => {
    await expect(measuring({}).measurer.prometheus('up', signal)).rejects.toThrow('no Prometheus is configured');
  });
});

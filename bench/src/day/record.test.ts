import type { Node, Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { expect, test } from 'vitest';
import { chartOf, momentOf } from './record.ts';

const ready = { status: { conditions: [{ type: 'Ready', status: 'True' }] } };
const pod = (more: object, metadata: object = {}): Pod =>
  ({ metadata: { name: 'a', ...metadata }, spec: {}, ...more }) as Pod;
const node = (more: object): Node => ({ metadata: { name: 'n' }, ...more }) as Node;

test('a moment counts pods that do not end, nodes that take pods, and the requests since the moment before', () => {
  const seen = {
    pods: [pod(ready), pod({}), pod(ready, { deletionTimestamp: '2030-01-01T00:00:00Z' })],
    nodes: [node(ready), node({}), node({ ...ready, spec: { unschedulable: true } })],
  };
  const ended = [
    { sentAtMs: 0, tookMs: 5 },
    { sentAtMs: 0, tookMs: 7 },
    { sentAtMs: 0, tookMs: 900, why: 'status 503' },
  ];
  expect(momentOf(10, 4, seen, ended, 2)).toEqual({
    ...{ seconds: 10, offered: 4, answered: 1, failed: 0.5, p50Ms: 7, p99Ms: 7 },
    ...{ pods: 2, readyPods: 1, nodes: 1 },
  });
});

test('a second without answers has no latency', () => {
  const moment = momentOf(1, 0, { pods: [], nodes: [] }, [], 1);
  expect(moment).toMatchObject({ p50Ms: undefined, p99Ms: undefined, answered: 0 });
  const [, latency] = chartOf([moment], 'T', 'S').panels;
  expect(latency!.series[0]!.points).toEqual([[1, undefined]]);
});

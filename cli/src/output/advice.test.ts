import type { ContainerAdvice, ResourceAdvice } from '@gantry/model/gen/gantry.advice.v1.ts';
import { expect, test } from 'vitest';
import { adviceRows, formatAdvice } from './advice.ts';

const container = (extra: Partial<ContainerAdvice> = {}): ContainerAdvice => ({
  name: 'main',
  requests: { cpu: '2', memory: '1Gi' },
  p50: { cpu: '100m', memory: '200Mi' },
  p95: { cpu: '400m', memory: '300Mi' },
  peak: { cpu: '900m', memory: '310Mi' },
  target: { cpu: '350m', memory: '350Mi' },
  since: '2026-01-01T00:00:00Z',
  ...extra,
});
const advice = (name: string, pods: number, ...containers: ContainerAdvice[]): ResourceAdvice => ({
  apiVersion: 'gantry.dev/v1',
  kind: 'ResourceAdvice',
  metadata: { name: `deployment.${name}`, namespace: 'shop' },
  workload: { apiVersion: 'apps/v1', kind: 'Deployment', name },
  pods,
  updatedAt: '2026-01-03T00:00:00Z',
  containers,
});
const lines = (text: string): string[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/ {2,}/g, ' | '));

test('a line has the request, the use, the advice and what all pods together ask for too much', () => {
  expect(lines(formatAdvice(adviceRows([advice('web', 3, container())]), true))).toEqual([
    'NAMESPACE | WORKLOAD | CONTAINER | RESOURCE | REQUEST | P50 | P95 | PEAK | ADVICE | SAVING | NOTE',
    'shop | deployment/web | main | cpu | 2 | 100m | 400m | 900m | 350m | 4950m',
    'shop | deployment/web | main | memory | 1Gi | 200Mi | 300Mi | 310Mi | 350Mi | 2022Mi',
  ]);
});

test('asking for too little saves less than nothing; a request that is not there saves nothing', () => {
  const [cpu, memory] = adviceRows([advice('web', 2, container({ requests: { cpu: '100m' } }))]);
  expect([cpu?.saving, memory?.saving]).toEqual(['-500m', undefined]);
  expect(adviceRows([advice('web', 0, container())])[0]).not.toHaveProperty('saving');
});

test('reasons to think twice are told', () => {
  const young = container({ since: '2026-01-02T12:00:00Z', autoscaledBy: { cpu: 'web' }, outOfMemory: 2 });
  const [, cpu, memory] = lines(formatAdvice(adviceRows([advice('web', 1, young)]), false));
  expect(cpu).toMatch(/autoscaled by web, less than a day seen$/);
  expect(memory).toMatch(/out of memory: 2, less than a day seen$/);
});

test('workloads come by their names, and what nobody measured does not come', () => {
  const rows = adviceRows([
    advice('web', 1, container({ target: { cpu: '1m' } })),
    advice('api', 1, container({ target: {} })),
  ]);
  expect(rows.map(({ workload, resource }) => `${workload} ${resource}`)).toEqual(['deployment/web cpu']);
});

import { expect, test } from 'vitest';
import { podOf } from '../testing/pod-world.ts';
import { cadvisorMetrics } from './cadvisor-metrics.ts';
import { exposition } from './exposition.ts';
import type { PodReading } from './usage.ts';

const cpu = { userNs: 2e9, systemNs: 1e9, periods: 70, throttledPeriods: 30, throttledNs: 5e8 };

function told(resources: object): string {
  const pod = podOf({ containers: [{ name: 'main', image: 'app:1', resources }] }, { name: 'web', uid: 'u' });
  const reading = { cpuUsageNs: 3e9, cpu, memoryWorkingSetBytes: 5, rootfsUsedBytes: 0 };
  const container = { id: 'c', name: 'main', image: 'app:1' };
  const containers = [{ container, startedAtMs: 0, read: { reading, atMs: 1_000, cpuNanocores: 0 } }];
  const pods = [{ pod, uid: 'u', sandboxId: 's', containers, whole: undefined }] as unknown as PodReading[];
  return exposition(cadvisorMetrics({ node: undefined, pods }, '/gantry')).replaceAll(
    /\{container="(\w*)".*\}/g,
    '{$1}',
  );
}

test('a container with limits has them, and its waits for processors', () => {
  const text = told({ requests: { cpu: '250m' }, limits: { cpu: '500m', memory: '64Mi' } });
  for (const line of [
    'container_cpu_user_seconds_total{main} 2 1000',
    'container_cpu_system_seconds_total{main} 1 1000',
    'container_cpu_cfs_periods_total{main} 70 1000',
    'container_cpu_cfs_throttled_periods_total{main} 30 1000',
    'container_cpu_cfs_throttled_seconds_total{main} 0.5 1000',
    'container_spec_cpu_period{main} 100000',
    'container_spec_cpu_quota{main} 50000',
    'container_spec_cpu_quota{} 50000',
    'container_spec_cpu_shares{main} 256',
    'container_spec_memory_limit_bytes{main} 67108864',
    'container_spec_memory_limit_bytes{} 67108864',
  ]) {
    expect(text.split('\n')).toContain(line);
  }
});

test('a container without limits waits for no quota, and has memory without a bound', () => {
  const text = told({});
  expect(text).not.toMatch(/cfs|quota/);
  expect(text).toContain('\ncontainer_spec_memory_limit_bytes{main} 0\n');
  expect(text).toContain('\ncontainer_spec_cpu_shares{main} 2\n');
});

import { expect, test } from 'vitest';
import { HealthMetrics } from './health-metrics.ts';

test('the last result of a check is told, and how often there was which', async () => {
  const metrics = new HealthMetrics(1_500);
  expect(await metrics.text()).toContain('\nprocess_start_time_seconds 1.5\n');
  metrics.observe('store', 'readyz', false);
  metrics.observe('store', 'readyz', true);
  metrics.observe('store', 'readyz', true);
  metrics.observe('ping', 'livez', false);
  const lines = (await metrics.text()).split('\n').filter((line) => line.startsWith('kubernetes_'));
  expect(lines).toEqual([
    'kubernetes_healthcheck{name="store",type="readyz"} 1',
    'kubernetes_healthcheck{name="ping",type="livez"} 0',
    'kubernetes_healthchecks_total{name="store",status="error",type="readyz"} 1',
    'kubernetes_healthchecks_total{name="store",status="success",type="readyz"} 2',
    'kubernetes_healthchecks_total{name="ping",status="error",type="livez"} 1',
  ]);
});

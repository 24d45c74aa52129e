import { expect, it } from 'vitest';
import { defaultConfig } from './config.ts';
import { endpoint, service, slice } from './testing/fixtures.ts';
import { startHarness } from './testing/harness.ts';

const diagnostics = { host: '127.0.0.1', port: 0 };

async function statusOf(port: number, path: string): Promise<number> {
  return (await fetch(`http://127.0.0.1:${port}${path}`)).status;
}

it('builds again after a build that failed, and goes on', async () => {
  await using harness = await startHarness({ diagnostics });
  let failures = 0;
  const values = harness.services.values.bind(harness.services);
  harness.services.values = () => {
    failures += 1;
    if (failures === 1) throw new Error('the copy is not readable now');
    return values();
  };
  harness.nodes.set([]);
  harness.endpointSlices.set([]);
  harness.services.set([service('web', [{ name: 'http', port: 80 }], { loadBalancerIP: '192.0.2.1' })]);
  const { diagnosticsPort: port } = harness.xdsLb;
  await expect.poll(() => statusOf(port!, '/readyz')).toBe(200);
  const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  expect(metrics).toMatch(/^gantry_xds_build_failures_total(\{.*\})? 1$/m);
  await expect.poll(() => harness.statuses.length).toBe(1);
});

it('counts endpoints that it denies', async () => {
  await using harness = await startHarness({ diagnostics, loadBalancer: defaultConfig.loadBalancer });
  harness.nodes.set([]);
  harness.services.set([service('web', [{ name: 'http', port: 80 }])]);
  harness.endpointSlices.set([]);
  const { diagnosticsPort: port } = harness.xdsLb;
  await expect.poll(() => statusOf(port!, '/readyz')).toBe(200);
  harness.endpointSlices.set([slice('web', { name: 'http', port: 8080 }, [endpoint('127.0.0.1'), endpoint('::1')])]);
  const denied = async (): Promise<string | undefined> =>
    /^gantry_xds_denied_endpoints(?:\{.*\})? (\d+)$/m.exec(
      await (await fetch(`http://127.0.0.1:${port}/metrics`)).text(),
    )?.[1];
  await expect.poll(denied).toBe('2');
  expect(harness.warnings.filter((text) => text.startsWith('EndpointDenied'))).toHaveLength(2);
});

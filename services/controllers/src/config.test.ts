import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readConfig } from './config.ts';
import { defaultControllersConfig } from './service.ts';

describe('settings from the environment', () => {
  it('are the defaults where nothing is said', () => {
    expect(readConfig([], { GANTRY_CONTROLLERS_IDENTITY: 'x' })).toEqual({
      ...defaultControllersConfig,
      identity: 'x',
    });
  });

  it('set how fast nodes lose their pods', () => {
    const { evictions, silenceConfirmMs } = readConfig([], {
      GANTRY_CONTROLLERS_SILENCE_CONFIRM_MS: '5000',
      GANTRY_CONTROLLERS_NODE_EVICTION_RATE: '0.5',
      GANTRY_CONTROLLERS_SECONDARY_NODE_EVICTION_RATE: '0',
      GANTRY_CONTROLLERS_UNHEALTHY_ZONE_THRESHOLD: '0.4',
      GANTRY_CONTROLLERS_LARGE_CLUSTER_SIZE_THRESHOLD: '10',
    });
    expect(silenceConfirmMs).toBe(5_000);
    expect(evictions).toEqual({
      nodeEvictionRate: 0.5,
      secondaryNodeEvictionRate: 0,
      unhealthyZoneThreshold: 0.4,
      largeClusterSizeThreshold: 10,
    });
  });

  it('set how many pods that have ended are kept', () => {
    expect(readConfig(['--terminated-pod-gc-threshold=7'], {}).terminatedPodThreshold).toBe(7);
    expect(() => readConfig(['--terminated-pod-gc-threshold=-1'], {})).toThrow('terminated-pod-gc-threshold');
  });

  it('set how autoscaling goes', () => {
    const flag = 'horizontal-pod-autoscaler';
    const args = ['sync-period=2s', 'downscale-stabilization=1m30s', 'tolerance=0.2', 'cpu-initialization-period=0s'];
    const env = { GANTRY_CONTROLLERS_HORIZONTAL_POD_AUTOSCALER_INITIAL_READINESS_DELAY: '1.5m' };
    const { autoscaling } = readConfig(
      args.map((each) => `--${flag}-${each}`),
      env,
    );
    expect(autoscaling).toEqual({
      syncPeriodMs: 2_000,
      downscaleStabilizationMs: 90_000,
      tolerance: 0.2,
      cpuInitializationPeriodMs: 0,
      initialReadinessDelayMs: 90_000,
    });
    for (const wrong of ['sync-period=0s', 'sync-period=15', 'downscale-stabilization=25h', 'tolerance=-0.1']) {
      expect(() => readConfig([`--${flag}-${wrong}`], {})).toThrow(flag);
    }
  });

  it('say which routes a cloud keeps', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'config-'));
    const file = join(folder, 'cloud.yaml');
    await writeFile(file, 'address: unix:/run/cloud.sock\n');
    const read = (...args: string[]) => readConfig(['--cloud-controllers-config', file, ...args], {}).cloud?.routes;
    const cidr = '--cluster-cidr=10.244.0.0/16,fd00::/48';
    expect(read(cidr)).toBeUndefined();
    expect(read('--configure-cloud-routes', cidr)).toEqual({
      clusterCidrs: ['10.244.0.0/16', 'fd00::/48'],
      clusterName: 'kubernetes',
      periodMs: 10_000,
    });
    const others = ['--cluster-name=c1', '--route-reconciliation-period=1m'];
    expect(read('--configure-cloud-routes=true', cidr, ...others)).toMatchObject({
      clusterName: 'c1',
      periodMs: 60_000,
    });
    expect(() => read('--configure-cloud-routes')).toThrow('cluster-cidr is missing');
    for (const wrong of ['cluster-cidr=10.0.0.0', 'cluster-name=C_1', 'route-reconciliation-period=10ms']) {
      expect(() => read(`--${wrong}`)).toThrow(wrong.split('=')[0]);
    }
    await rm(folder, { recursive: true });
  });

  it('say which Prometheus is asked', () => {
    const read = (address: string) => readConfig([`--prometheus=${address}`], {}).prometheus;
    expect(read('https://metrics:9090/prometheus')).toBe('https://metrics:9090/prometheus');
    for (const wrong of ['metrics:9090', 'ftp://metrics', 'http://a:b@metrics', 'http://metrics/?x=1']) {
      expect(() => read(wrong)).toThrow('prometheus');
    }
  });

  it('say where metrics are served', () => {
    const read = (address: string) => readConfig([], { GANTRY_CONTROLLERS_DIAGNOSTICS: address });
    expect(read('127.0.0.1:8084').diagnostics).toBe('127.0.0.1:8084');
    expect(() => read('nowhere')).toThrow('DIAGNOSTICS: Invalid value: "nowhere": must be host:port');
  });

  it.each([
    ['SILENCE_CONFIRM_MS', '99'],
    ['SILENCE_CONFIRM_MS', '1000.5'],
    ['NODE_EVICTION_RATE', '-1'],
    ['NODE_EVICTION_RATE', ''],
    ['UNHEALTHY_ZONE_THRESHOLD', '55%'],
    ['LARGE_CLUSTER_SIZE_THRESHOLD', '1.5'],
  ])('are refused by name: %s=%s', (name, value) => {
    const read = () => readConfig([], { [`GANTRY_CONTROLLERS_${name}`]: value });
    expect(read).toThrow(`GANTRY_CONTROLLERS_${name}: Invalid value: "${value}"`);
  });
});

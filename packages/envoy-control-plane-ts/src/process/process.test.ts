import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { bootstrap } from './bootstrap.ts';
import { findEnvoy } from './envoy-binary.ts';
import { describeExit, spawnEnvoy } from './envoy-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'find-envoy-'));
afterAll(() => rmSync(folder, { recursive: true }));

function fakeEnvoy(path: string, mode = 0o755): string {
  const file = join(folder, path);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, '');
  chmodSync(file, mode);
  return file;
}

describe('findEnvoy', () => {
  const wheel = fakeEnvoy('venv/lib/python3.11/site-packages/envoy/_bin/envoy');
  const onPath = fakeEnvoy('bin/envoy');
  const folders = [join(folder, 'bin')];

  it('takes the wheel before the PATH', () => {
    expect(findEnvoy({ venvs: [join(folder, 'venv')], folders })).toBe(wheel);
    expect(findEnvoy({ venvs: [join(folder, 'no-venv')], folders })).toBe(onPath);
  });

  it('takes a given path, and nothing else in its place', () => {
    expect(findEnvoy({ path: onPath, venvs: [join(folder, 'venv')] })).toBe(onPath);
    expect(findEnvoy({ path: join(folder, 'nothing'), folders })).toBeUndefined();
  });

  it('takes only what can be run', () => {
    fakeEnvoy('plain/envoy', 0o644);
    expect(findEnvoy({ folders: [join(folder, 'plain')] })).toBeUndefined();
  });
});

describe('bootstrap', () => {
  const options = { xdsAddress: '127.0.0.1:18000', nodeId: 'n', adminSocket: '/run/envoy.sock' };

  it('asks for delta unless told otherwise', () => {
    expect(bootstrap(options)).toMatchObject({ dynamic_resources: { ads_config: { api_type: 'DELTA_GRPC' } } });
    const sotw = bootstrap({ ...options, protocol: 'sotw' });
    expect(sotw).toMatchObject({ dynamic_resources: { ads_config: { api_type: 'GRPC' } } });
  });

  it('takes names, IPv4 and bracketed IPv6 addresses', () => {
    expect(JSON.stringify(bootstrap({ ...options, xdsAddress: '[::1]:18000' }))).toContain(
      '{"address":"::1","port_value":18000}',
    );
    expect(JSON.stringify(bootstrap({ ...options, xdsAddress: 'xds:1' }))).toContain(
      '{"address":"xds","port_value":1}',
    );
  });

  it.each(['', 'host', 'host:', 'host:0', 'host:70000', '::1:80'])('refuses the address %j', (xdsAddress) => {
    expect(() => bootstrap({ ...options, xdsAddress })).toThrow(
      `xdsAddress: must be host:port, is ${JSON.stringify(xdsAddress)}`,
    );
  });
});

describe('spawnEnvoy', () => {
  const options = { binary: '/bin/true', xdsAddress: '127.0.0.1:18000', adminSocket: '/run/envoy.sock' };

  it('tells of a process that cannot be started as of one that ended', async () => {
    // More than the system takes on a command line.
    await using envoy = spawnEnvoy({ ...options, nodeId: 'n'.repeat(4_000_000) });
    const exit = await envoy.exited;
    expect(describeExit(exit)).toContain('E2BIG');
    await expect(envoy.ready(AbortSignal.timeout(5_000))).rejects.toThrow('Envoy ended while starting');
  });

  it('refuses options that no Envoy can run with', () => {
    expect(() => spawnEnvoy({ ...options, nodeId: 'n', xdsAddress: 'nowhere' })).toThrow(
      'xdsAddress: must be host:port',
    );
  });
});

import { lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { podPaths } from '../pods/paths.ts';
import { plannedContainers } from '../pods/spec.ts';
import { podOf } from '../testing/pod-world.ts';
import { writeAtomically } from './atomic-writer.ts';
import { type VolumeManager, volumeManager } from './manager.ts';
import type { Payload } from './payload.ts';

let directory: string;
let settings: Record<string, string>;
let volumes: VolumeManager;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gantry-volumes-'));
  settings = { color: 'blue', size: 'large' };
  const data = (entries: Record<string, string>) =>
    new Map(Object.entries(entries).map(([key, value]) => [key, Buffer.from(value)]));
  const config = {
    dataFor: async () => ({
      configMap: (name: string) => (name === 'settings' ? data(settings) : undefined),
      secret: (name: string) => (name === 'keys' ? data({ password: 'sesame' }) : undefined),
    }),
  };
  volumes = volumeManager({
    paths: podPaths(directory),
    memoryDir: join(directory, 'memory'),
    config,
    tokens: { tokenFor: async (_, { audience = 'api' }) => `token for ${audience}`, release: () => {} },
    bundles: { anchorsFor: async (_, { name = '' }) => `bundle ${name}`, release: () => {} },
    certificates: {
      credentialFor: async (_, { signerName }) => ({ key: `key for ${signerName}\n`, chain: 'chain\n' }),
      release: () => {},
    },
    nodeMemoryBytes: 2 ** 30,
    allocatable: { cpu: '4', memory: '2Gi' },
  });
});

afterEach(() => rm(directory, { recursive: true, force: true }));

const signal = new AbortController().signal;
const at = (name: string, ...path: string[]) => join(directory, 'pods', 'uid-1', 'volumes', name, ...path);
const prepare = (spec: Partial<Pod['spec']>) => volumes.prepare(podOf(spec), signal);

async function mountsOf(volume: object, mount: object) {
  const volumeMounts = [{ name: 'v', mountPath: '/v', ...mount }];
  const pod = podOf({ volumes: [{ name: 'v', ...volume }], containers: [{ name: 'main', image: 'x', volumeMounts }] });
  await volumes.prepare(pod, signal);
  return volumes.mounts(pod, plannedContainers(pod)[0]!, [{ name: 'WHO', value: 'me' }]);
}

describe('an atomic writer', () => {
  const payload = (entries: Record<string, string>): Payload =>
    new Map(Object.entries(entries).map(([path, text]) => [path, { data: Buffer.from(text), mode: 0o640 }]));

  it('shows all of the new files at once, and none of the old', async () => {
    const target = join(directory, 'v');
    await mkdir(target);
    expect(await writeAtomically(target, payload({ a: '1', 'deep/b': '2' }), undefined)).toBe(true);
    const first = await readlink(join(target, '..data'));
    expect((await readdir(target)).sort()).toEqual(['..data', 'a', 'deep', first].sort());
    expect(await readlink(join(target, 'a'))).toBe('..data/a');
    expect((await stat(join(target, 'a'))).mode & 0o777).toBe(0o640);
    expect(await writeAtomically(target, payload({ a: '3' }), undefined)).toBe(true);
    expect(await readFile(join(target, 'a'), 'utf8')).toBe('3');
    expect(await readlink(join(target, '..data'))).not.toBe(first);
    expect(await readdir(target)).toHaveLength(3);
    await expect(lstat(join(target, 'deep'))).rejects.toThrow('ENOENT');
  });

  it('leaves alone what is as it should be', async () => {
    const target = join(directory, 'v');
    await mkdir(target);
    await writeAtomically(target, payload({ a: '1' }), undefined);
    const first = await readlink(join(target, '..data'));
    expect(await writeAtomically(target, payload({ a: '1' }), undefined)).toBe(false);
    expect(await readlink(join(target, '..data'))).toBe(first);
  });
});

describe('volumes', () => {
  it('tell of the resources of a container, which without limits may have all that the node has', async () => {
    const item = (path: string, resource: string) => ({ path, resourceFieldRef: { containerName: 'main', resource } });
    const items = [item('cpu', 'limits.cpu'), item('memory', 'limits.memory')];
    const containers = [{ name: 'main', image: 'x', resources: { limits: { memory: '1Gi' } } }];
    await prepare({ containers, volumes: [{ name: 'self', downwardAPI: { items } }] });
    expect(await readFile(at('self', 'cpu'), 'utf8')).toBe('4');
    expect(await readFile(at('self', 'memory'), 'utf8')).toBe(String(2 ** 30));
  });

  it('show configMaps, secrets and the pod itself, alone and together', async () => {
    await prepare({
      volumes: [
        {
          name: 'settings',
          configMap: { name: 'settings', items: [{ key: 'color', path: 'paint/color.txt', mode: 0o600 }] },
        },
        { name: 'keys', secret: { secretName: 'keys', defaultMode: 0o400 } },
        {
          name: 'all',
          projected: {
            sources: [
              { configMap: { name: 'settings' } },
              { secret: { name: 'keys' } },
              { downwardAPI: { items: [{ path: 'name', fieldRef: { fieldPath: 'metadata.name' } }] } },
              { serviceAccountToken: { path: 'token', audience: 'vault' } },
              { clusterTrustBundle: { path: 'authorities.pem', name: 'roots' } },
            ],
          },
        },
      ],
    });
    expect(await readFile(at('settings', 'paint', 'color.txt'), 'utf8')).toBe('blue');
    expect((await stat(at('settings', 'paint', 'color.txt'))).mode & 0o777).toBe(0o600);
    expect(await readFile(join(directory, 'memory', 'uid-1', 'keys', 'password'), 'utf8')).toBe('sesame');
    // Secrets and tokens reach no disk.
    const all = join(directory, 'memory', 'uid-1', 'all');
    expect((await readdir(all)).filter((name) => !name.startsWith('..')).sort()).toEqual([
      'authorities.pem',
      'color',
      'name',
      'password',
      'size',
      'token',
    ]);
    expect(await readFile(join(all, 'name'), 'utf8')).toBe('web');
    expect(await readFile(join(all, 'token'), 'utf8')).toBe('token for vault');
    expect(await readFile(join(all, 'authorities.pem'), 'utf8')).toBe('bundle roots');
  });

  it('follow their source while they are in use, and not after', async () => {
    const pod = podOf({ volumes: [{ name: 'v', configMap: { name: 'settings' } }] });
    await volumes.refresh(pod, signal);
    await expect(stat(at('v'))).rejects.toThrow('ENOENT');
    await volumes.prepare(pod, signal);
    settings = { color: 'green' };
    await Promise.all([volumes.refresh(pod, signal), volumes.refresh(pod, signal), volumes.prepare(pod, signal)]);
    expect(await readFile(at('v', 'color'), 'utf8')).toBe('green');
    await expect(stat(at('v', 'size'))).rejects.toThrow('ENOENT');
    await Promise.all([volumes.tearDown('uid-1'), volumes.refresh(pod, signal)]);
    await expect(stat(at('v'))).rejects.toThrow('ENOENT');
  });

  it.each([
    [{ configMap: { name: 'nope' } }, 'configmap "nope" not found'],
    [{ secret: { secretName: 'nope' } }, 'secret "nope" not found'],
    [
      { configMap: { name: 'settings', items: [{ key: 'nope', path: 'x' }] } },
      'references non-existent config key: nope',
    ],
    [
      { configMap: { name: 'settings', items: [{ key: 'color', path: '../../escaped' }] } },
      "must not start with or contain '..'",
    ],
    [{ configMap: { name: 'settings', items: [{ key: 'color', path: '/etc/passwd' }] } }, 'must be a relative path'],
    [
      { configMap: { name: 'settings', items: [{ key: 'color', path: '..data' }] } },
      "must not start with or contain '..'",
    ],
    [{ hostPath: { path: '/nowhere/at/all', type: 'Directory' } }, 'is not a Directory'],
    [{ hostPath: { path: '/tmp/../etc' } }, "without '..'"],
    [{ emptyDir: { medium: 'HugePages-2Mi' } }, 'emptyDir.medium: "HugePages-2Mi" is not supported'],
    [{ nfs: { server: 'x', path: '/' } }, 'volumes of type nfs are not supported'],
  ])('are refused where they cannot be: %j', async (volume, message) => {
    await expect(prepare({ volumes: [{ name: 'v', ...volume }] } as never)).rejects.toThrow(
      `MountVolume.SetUp failed for volume "v"`,
    );
    await expect(prepare({ volumes: [{ name: 'v', ...volume }] } as never)).rejects.toThrow(message);
  });

  it('may be missing where they are optional', async () => {
    await prepare({ volumes: [{ name: 'v', configMap: { name: 'nope', optional: true } }] });
    expect(await readdir(at('v'))).toContain('..data');
  });

  it('give scratch space that anybody may write', async () => {
    await prepare({ volumes: [{ name: 'v', emptyDir: {} }], securityContext: { fsGroup: process.getgid?.() ?? 0 } });
    expect((await stat(at('v'))).mode & 0o7777).toBe(0o2777);
  });

  it('never remove what a hostPath names', async () => {
    const path = join(directory, 'host');
    await prepare({ volumes: [{ name: 'v', hostPath: { path, type: 'DirectoryOrCreate' } }] });
    await volumes.tearDown('uid-1');
    expect((await stat(path)).isDirectory()).toBe(true);
  });
});

describe('mounts', () => {
  it('are read-only for what the api says, and as asked for else', async () => {
    expect(await mountsOf({ configMap: { name: 'settings' } }, {})).toEqual([
      { hostPath: at('v'), containerPath: '/v', readOnly: true },
    ]);
    expect(await mountsOf({ emptyDir: {} }, { readOnly: false })).toEqual([
      { hostPath: at('v'), containerPath: '/v', readOnly: false },
    ]);
  });

  it('lead into a volume by subPath, with variables in subPathExpr', async () => {
    expect(await mountsOf({ emptyDir: {} }, { subPath: 'a/b' })).toMatchObject([{ hostPath: at('v', 'a', 'b') }]);
    expect(await mountsOf({ emptyDir: {} }, { subPathExpr: 'of/$(WHO)' })).toMatchObject([
      { hostPath: at('v', 'of', 'me') },
    ]);
    const [file] = await mountsOf({ configMap: { name: 'settings' } }, { subPath: 'color' });
    expect(await readFile(file!.hostPath, 'utf8')).toBe('blue');
  });

  it('never lead out of a volume', async () => {
    await expect(mountsOf({ emptyDir: {} }, { subPath: '../x' })).rejects.toThrow(
      "must not start with or contain '..'",
    );
    await expect(mountsOf({ emptyDir: {} }, { subPathExpr: '$(WHO)/../..' })).rejects.toThrow(
      "must not start with or contain '..'",
    );
    const path = join(directory, 'host');
    await mkdir(path);
    await writeFile(join(directory, 'secret'), 'x');
    await symlink(directory, join(path, 'link'));
    await expect(mountsOf({ hostPath: { path } }, { subPath: 'link/secret' })).rejects.toThrow(
      'leads out of its volume',
    );
    await expect(mountsOf({ hostPath: { path } }, { subPath: 'link/new' })).rejects.toThrow('leads out of its volume');
    expect(await readdir(directory)).not.toContain('new');
  });
});

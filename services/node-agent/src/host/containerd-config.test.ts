import { describe, expect, it } from 'vitest';
import {
  type ContainerdConfig,
  containerdConfigName,
  containerdPaths,
  renderCniConfig,
  renderContainerdConfig,
} from './containerd-config.ts';

const config: ContainerdConfig = {
  directory: '/var/lib/gantry/node-1',
  address: '10.65.0.2',
  podCidr: '10.64.0.0/24',
  choices: {
    ociRuntime: '/usr/bin/crun',
    hideUnifiedCgroup: true,
    snapshotter: 'overlayfs',
    restrictOomScore: true,
    appArmor: false,
    cniDirectory: '/usr/lib/cni',
  },
};

describe('paths of a containerd', () => {
  it('lie in its directory; its socket does not where that has too long a path', () => {
    expect(containerdPaths('/data/node-1').socket).toBe('/data/node-1/containerd.sock');
    const deep = (name: string): string => containerdPaths(`/${'d'.repeat(100)}/${name}`).socket;
    expect(deep('node-1')).toMatch(/^\/run\/gantry-[0-9a-f]{16}\.sock$/);
    expect(deep('node-1')).toBe(deep('node-1'));
    expect(deep('node-1')).not.toBe(deep('node-2'));
  });
});

describe('containerd configuration', () => {
  it('says what the machine allows', () => {
    const text = renderContainerdConfig(config);
    for (const line of [
      'restrict_oom_score_adj = true',
      'disable_apparmor = true',
      'BinaryName = "/usr/bin/crun"',
      'stream_server_address = "10.65.0.2"',
    ]) {
      expect(text).toContain(`  ${line}\n`);
    }
  });

  it('has a name that changes with it, so that a running one is only adopted when it fits', () => {
    const name = containerdConfigName(config);
    expect(name).toMatch(/^containerd-[0-9a-f]{12}\.toml$/);
    expect(containerdConfigName({ ...config })).toBe(name);
    expect(containerdConfigName({ ...config, address: '10.65.0.3' })).not.toBe(name);
    expect(containerdConfigName({ ...config, choices: { ...config.choices, hideUnifiedCgroup: false } })).not.toBe(
      name,
    );
  });

  it('gives pods addresses of the node’s range', () => {
    const { plugins } = JSON.parse(renderCniConfig(config));
    expect(plugins[0].ipam.ranges).toEqual([[{ subnet: '10.64.0.0/24' }]]);
    expect(plugins.map((each: { type: string }) => each.type)).toEqual(['bridge', 'portmap']);
  });
});

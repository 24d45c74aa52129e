import { describe, expect, it } from 'vitest';
import { decideHost } from './decide.ts';
import { type HostFacts, parseCapabilities, wantedPrograms } from './detect.ts';

const allCapabilities = (1n << 41n) - 1n;

const good: HostFacts = {
  platform: 'linux',
  architecture: 'amd64',
  root: true,
  capabilities: allCapabilities,
  programs: Object.fromEntries(wantedPrograms.map((name) => [name, `/usr/bin/${name}`])),
  cniPlugins: ['bridge', 'host-local', 'loopback', 'portmap'],
  cniDirectory: '/usr/lib/cni',
  cgroup: 'v2',
  appArmor: true,
  onOverlay: false,
};

const without = (...names: string[]) =>
  Object.fromEntries(Object.entries(good.programs).filter(([name]) => !names.includes(name)));

describe('decideHost', () => {
  it('takes containerd with crun where everything is there', () => {
    expect(decideHost(good)).toEqual({
      driver: 'cri',
      reasons: ['containerd with crun, cgroup v2'],
      containerd: {
        ociRuntime: '/usr/bin/crun',
        hideUnifiedCgroup: false,
        snapshotter: 'overlayfs',
        restrictOomScore: false,
        appArmor: true,
        cniDirectory: '/usr/lib/cni',
      },
    });
  });

  it('takes runc where there is no crun', () => {
    const decision = decideHost({ ...good, cgroup: 'hybrid', programs: without('crun') });
    expect(decision).toMatchObject({ containerd: { ociRuntime: '/usr/bin/runc', hideUnifiedCgroup: false } });
  });

  it('hides the unified hierarchy from crun beside v1 controllers', () => {
    expect(decideHost({ ...good, cgroup: 'hybrid' })).toMatchObject({ containerd: { hideUnifiedCgroup: true } });
  });

  it('minds a machine that is a container itself', () => {
    const facts = { ...good, onOverlay: true, appArmor: false, capabilities: allCapabilities & ~(1n << 24n) };
    expect(decideHost(facts)).toMatchObject({
      containerd: { snapshotter: 'native', appArmor: false, restrictOomScore: true },
    });
  });

  it.each([
    ['a user', { root: false }, /not running as root/],
    ['a root without rights', { capabilities: 0n }, /CAP_SYS_ADMIN/],
    ['another system', { platform: 'darwin' }, /this is darwin/],
    ['no cgroups', { cgroup: 'none' as const }, /no control groups/],
    ['no containerd', { programs: without('containerd') }, /^containerd not found: apt-get install containerd$/],
    ['no OCI runtime', { programs: without('crun', 'runc') }, /^crun or runc not found: apt-get install crun$/],
    [
      'a missing plugin',
      { cniPlugins: ['bridge', 'loopback'] },
      /^CNI plugins host-local, portmap not found: apt-get install containernetworking-plugins$/,
    ],
  ])('falls back to processes with %s, and says why', (_what, facts, reason) => {
    expect(decideHost({ ...good, ...facts })).toMatchObject({
      driver: 'process',
      reasons: [expect.stringMatching(reason)],
    });
  });

  it('names everything that is missing at once, and the packages for one command', () => {
    const decision = decideHost({
      ...good,
      root: false,
      programs: without('containerd', 'ctr', 'nft'),
      cniPlugins: [],
    });
    expect(decision).toEqual({
      driver: 'process',
      reasons: [
        'not running as root: run `sudo npm start` for real containers',
        'containerd, ctr not found: apt-get install containerd',
        'nft not found: apt-get install nftables',
        'CNI plugins bridge, host-local, loopback, portmap not found: apt-get install containernetworking-plugins',
      ],
      packages: ['containerd', 'nftables', 'containernetworking-plugins'],
    });
  });
});

it('reads capabilities', () => {
  expect(parseCapabilities('Name:\tx\nCapEff:\t0000000000001000\n')).toBe(1n << 12n);
  expect(parseCapabilities('')).toBe(0n);
});

import type { HostFacts } from './detect.ts';

/** How pods will run on this machine. */
export type HostDecision =
  | {
      readonly driver: 'cri';
      readonly reasons: readonly string[];
      readonly containerd: ContainerdChoices;
    }
  | {
      readonly driver: 'process';
      /** Obstacles to real containers, each with its remedy. */
      readonly reasons: readonly string[];
      /** Debian packages that are missing, for one `apt-get install`. */
      readonly packages: readonly string[];
    };

/** Settings of containerd that depend on the machine. */
export interface ContainerdChoices {
  /** Path of the OCI runtime. */
  readonly ociRuntime: string;
  /** containerd runs in a mount namespace without /sys/fs/cgroup/unified, which crun 1.8 refuses beside v1 controllers. */
  readonly hideUnifiedCgroup: boolean;
  readonly snapshotter: 'overlayfs' | 'native';
  /** The machine may not lower a process's OOM score, so the runtime must not try. */
  readonly restrictOomScore: boolean;
  readonly appArmor: boolean;
  readonly cniDirectory: string;
}

// Numbers of capabilities from linux/capability.h.
const CAP_NET_ADMIN = 12n;
const CAP_SYS_ADMIN = 21n;
const CAP_SYS_RESOURCE = 24n;

/** Programs that are needed, by the Debian package that brings them. */
const programsOf: Readonly<Record<string, readonly string[]>> = {
  containerd: ['containerd', 'ctr'],
  iproute2: ['ip'],
  nftables: ['nft'],
  // The portmap plugin calls it.
  iptables: ['iptables'],
  'util-linux': ['nsenter', 'unshare'],
  mount: ['mount'],
  'busybox-static': ['busybox'],
};
const neededPlugins = ['bridge', 'host-local', 'loopback', 'portmap'];

/** Decides between real containers and plain processes. Pure; the reasons are sentences for the user. */
export function decideHost(facts: HostFacts): HostDecision {
  const missing = missingOf(facts);
  const reasons = [
    ...obstaclesOf(facts),
    ...missing.map(({ what, from }) => `${what} not found: apt-get install ${from}`),
  ];
  if (reasons.length > 0)
    return { driver: 'process', reasons, packages: [...new Set(missing.map(({ from }) => from))] };
  // crun first: 123 ms to a running container where runc takes 172 to 194 (two idle cores; the gap shrinks under load).
  const ociRuntime = facts.programs.crun ?? facts.programs.runc!;
  const crun = facts.programs.crun !== undefined;
  return {
    driver: 'cri',
    reasons: [`containerd with ${crun ? 'crun' : 'runc'}, cgroup ${facts.cgroup}`, ...wishesOf(facts)],
    containerd: {
      ociRuntime,
      hideUnifiedCgroup: crun && facts.cgroup === 'hybrid',
      snapshotter: facts.onOverlay ? 'native' : 'overlayfs',
      restrictOomScore: !has(facts, CAP_SYS_RESOURCE),
      appArmor: facts.appArmor,
      cniDirectory: facts.cniDirectory,
    },
  };
}

/** Missing programs that a node does without, with the consequence of each. */
function wishesOf({ programs }: HostFacts): string[] {
  if (programs.conntrack !== undefined) return [];
  return ['conntrack not found, so UDP clients may go on talking to pods that are gone: apt-get install conntrack'];
}

/** Obstacles that no package can remove. */
function obstaclesOf(facts: HostFacts): string[] {
  if (facts.platform !== 'linux') return [`real containers need Linux, and this is ${facts.platform}`];
  const obstacles: string[] = [];
  if (!facts.root) obstacles.push('not running as root: run `sudo npm start` for real containers');
  else if (!has(facts, CAP_SYS_ADMIN) || !has(facts, CAP_NET_ADMIN)) {
    obstacles.push('root without CAP_SYS_ADMIN or CAP_NET_ADMIN: inside a container, start it with --privileged');
  }
  if (facts.cgroup === 'none') obstacles.push('no control groups are mounted below /sys/fs/cgroup');
  return obstacles;
}

/** Missing programs, with the Debian package of each. */
function missingOf(facts: HostFacts): { what: string; from: string }[] {
  if (facts.platform !== 'linux') return [];
  const missing: { what: string; from: string }[] = [];
  for (const [from, programs] of Object.entries(programsOf)) {
    const absent = programs.filter((program) => facts.programs[program] === undefined);
    if (absent.length > 0) missing.push({ what: absent.join(', '), from });
  }
  if (facts.programs.crun === undefined && facts.programs.runc === undefined)
    missing.push({ what: 'crun or runc', from: 'crun' });
  const plugins = neededPlugins.filter((name) => !facts.cniPlugins.includes(name));
  if (plugins.length > 0) {
    missing.push({
      what: `CNI plugin${plugins.length > 1 ? 's' : ''} ${plugins.join(', ')}`,
      from: 'containernetworking-plugins',
    });
  }
  return missing;
}

function has(facts: HostFacts, capability: bigint): boolean {
  return (facts.capabilities & (1n << capability)) !== 0n;
}

import { constants } from 'node:fs';
import { access, mkdir, readFile, statfs } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { goArchitecture } from '../images/image.ts';

/** How control groups are mounted: one hierarchy for each controller, those beside v2's, or v2 alone. */
export type CgroupKind = 'v1' | 'hybrid' | 'v2' | 'none';

/** Abilities of this machine. */
export interface HostFacts {
  readonly platform: string;
  /** Go's name of the CPU. */
  readonly architecture: string;
  readonly root: boolean;
  /** Effective capabilities as a bit set. */
  readonly capabilities: bigint;
  /** Paths of the programs that were found, by name. */
  readonly programs: Readonly<Record<string, string>>;
  /** Names of the CNI plugins that were found. */
  readonly cniPlugins: readonly string[];
  readonly cniDirectory: string;
  readonly cgroup: CgroupKind;
  readonly appArmor: boolean;
  /** The state directory lies on overlayfs itself, as in most containers, so that overlayfs cannot be used again. */
  readonly onOverlay: boolean;
}

/** Every program that the set-up may use. */
export const wantedPrograms = [
  'containerd',
  'ctr',
  'crun',
  'runc',
  'ip',
  'nft',
  'conntrack',
  'iptables',
  'nsenter',
  'unshare',
  'mount',
  'busybox',
];
const wantedPlugins = ['bridge', 'host-local', 'loopback', 'portmap'];
const cniDirectories = ['/usr/lib/cni', '/opt/cni/bin', '/usr/libexec/cni'];
/** Directories of administration programs, which a user's PATH may leave out. */
const extraPath = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

// Numbers of file systems from linux/magic.h.
const cgroup2Magic = 0x63677270;
const overlayMagic = 0x794c7630;

/** Looks at this machine; `stateDirectory` is made where it is missing. */
export async function detectHost(stateDirectory: string): Promise<HostFacts> {
  await mkdir(stateDirectory, { recursive: true });
  const { cniDirectory, cniPlugins } = await findPlugins();
  return {
    platform: process.platform,
    architecture: goArchitecture(process.arch),
    root: process.geteuid?.() === 0,
    capabilities: parseCapabilities(await readFile('/proc/self/status', 'utf8').catch(() => '')),
    programs: await findPrograms(process.env.PATH ?? ''),
    cniDirectory,
    cniPlugins,
    cgroup: await detectCgroup(),
    appArmor: await exists('/sys/kernel/security/apparmor'),
    onOverlay: (await statfs(stateDirectory)).type === overlayMagic,
  };
}

/** The bit set of effective capabilities in the text of /proc/self/status. */
export function parseCapabilities(status: string): bigint {
  return BigInt(`0x${/^CapEff:\s+([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
}

async function findPrograms(path: string): Promise<Record<string, string>> {
  const directories = [...path.split(delimiter).filter((each) => each !== ''), ...extraPath];
  const found: Record<string, string> = {};
  for (const name of wantedPrograms) {
    for (const directory of directories) {
      if (found[name] === undefined && (await exists(join(directory, name), constants.X_OK)))
        found[name] = join(directory, name);
    }
  }
  return found;
}

async function findPlugins(): Promise<{ cniDirectory: string; cniPlugins: string[] }> {
  const found = await Promise.all(
    cniDirectories.map(async (cniDirectory) => {
      const present = await Promise.all(wantedPlugins.map((name) => exists(join(cniDirectory, name), constants.X_OK)));
      return { cniDirectory, cniPlugins: wantedPlugins.filter((_, index) => present[index]) };
    }),
  );
  return found.toSorted((a, b) => b.cniPlugins.length - a.cniPlugins.length)[0]!;
}

async function detectCgroup(): Promise<CgroupKind> {
  const typeOf = async (path: string) => (await statfs(path).catch(() => undefined))?.type;
  if ((await typeOf('/sys/fs/cgroup')) === cgroup2Magic) return 'v2';
  if (!(await exists('/sys/fs/cgroup/memory')) || !(await exists('/sys/fs/cgroup/cpu'))) return 'none';
  return (await typeOf('/sys/fs/cgroup/unified')) === cgroup2Magic ? 'hybrid' : 'v1';
}

async function exists(path: string, mode = constants.F_OK): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  );
}

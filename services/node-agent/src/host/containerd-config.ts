import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { pauseImageName } from '../images/local.ts';
import type { ContainerdChoices } from './decide.ts';

/** Settings of one containerd. */
export interface ContainerdConfig {
  /** A directory of this node's own. */
  readonly directory: string;
  /** Address that exec, attach and port-forward are served on, inside the node's network namespace. */
  readonly address: string;
  readonly podCidr: string;
  readonly choices: ContainerdChoices;
}

/** Paths of a node's containerd. */
export interface ContainerdPaths {
  readonly root: string;
  readonly state: string;
  readonly socket: string;
  readonly log: string;
  readonly cniConfig: string;
  readonly cniState: string;
  /** Directory of hosts.toml files by registry (containerd's `config_path`). */
  readonly registries: string;
}

/**
 * Port on which containerd serves exec, attach and port-forward in the node's network namespace. The node's firewall keeps everybody but
 * the machine itself from it (see network-plan.ts).
 */
export const streamingPort = 10_010;

/** Longest path of a unix socket on Linux, less what containerd appends for its second one. */
const maxSocketChars = 104 - '.ttrpc'.length;

/** A node's socket lies in its directory, or, where that has too long a path for a socket, in /run under a name made from it. */
function socketPath(directory: string): string {
  const path = join(directory, 'containerd.sock');
  if (Buffer.byteLength(path) <= maxSocketChars) return path;
  return `/run/gantry-${createHash('sha256').update(directory).digest('hex').slice(0, 16)}.sock`;
}

export function containerdPaths(directory: string): ContainerdPaths {
  return {
    root: join(directory, 'root'),
    state: join(directory, 'state'),
    socket: socketPath(directory),
    log: join(directory, 'containerd.log'),
    cniConfig: join(directory, 'cni', 'net.d'),
    cniState: join(directory, 'cni', 'networks'),
    registries: join(directory, 'registries'),
  };
}

/** Plugins that no node of ours needs; each costs time at the start. */
const disabledPlugins = ['aufs', 'btrfs', 'devmapper', 'zfs']
  .map((name) => `io.containerd.snapshotter.v1.${name}`)
  .concat(
    'io.containerd.internal.v1.opt',
    'io.containerd.internal.v1.tracing',
    'io.containerd.tracing.processor.v1.otlp',
  );

/** containerd's configuration file. */
export function renderContainerdConfig(config: ContainerdConfig): string {
  const paths = containerdPaths(config.directory);
  const text = (value: string) => JSON.stringify(value);
  const cri = 'plugins."io.containerd.grpc.v1.cri"';
  return `version = 2
root = ${text(paths.root)}
state = ${text(paths.state)}
disabled_plugins = [${disabledPlugins.map(text).join(', ')}]

[debug]
  # Below it are a dozen lines for every pod.
  level = "warn"

[grpc]
  address = ${text(paths.socket)}

[${cri}]
  sandbox_image = ${text(pauseImageName)}
  stream_server_address = ${text(config.address)}
  stream_server_port = "${streamingPort}"
  netns_mounts_under_state_dir = true
  restrict_oom_score_adj = ${config.choices.restrictOomScore}
  disable_apparmor = ${!config.choices.appArmor}
  # Ports below 1024 and ping work for every user inside a pod, as with Docker.
  enable_unprivileged_ports = true
  enable_unprivileged_icmp = true

[${cri}.containerd]
  snapshotter = ${text(config.choices.snapshotter)}
  default_runtime_name = "default"

[${cri}.containerd.runtimes.default]
  runtime_type = "io.containerd.runc.v2"

[${cri}.containerd.runtimes.default.options]
  BinaryName = ${text(config.choices.ociRuntime)}
  SystemdCgroup = false

[${cri}.cni]
  bin_dir = ${text(config.choices.cniDirectory)}
  conf_dir = ${text(paths.cniConfig)}

[${cri}.registry]
  config_path = ${text(paths.registries)}
`;
}

/** The CNI network of a node: its pods on one bridge inside the node's network namespace, with addresses of its pod CIDR. */
export function renderCniConfig(config: ContainerdConfig): string {
  const bridge = {
    type: 'bridge',
    bridge: 'cni0',
    isGateway: true,
    hairpinMode: true,
    ipam: {
      type: 'host-local',
      dataDir: containerdPaths(config.directory).cniState,
      ranges: [[{ subnet: config.podCidr }]],
      routes: [{ dst: '0.0.0.0/0' }],
    },
  };
  const portmap = { type: 'portmap', capabilities: { portMappings: true }, snat: true };
  return `${JSON.stringify({ cniVersion: '0.4.0', name: 'gantry', plugins: [bridge, portmap] }, null, 2)}\n`;
}

/** File name of a configuration, which tells configurations apart: a running containerd shows it in its command line. */
export function containerdConfigName(config: ContainerdConfig): string {
  const hash = createHash('sha256')
    .update(renderContainerdConfig(config))
    .update(String(config.choices.hideUnifiedCgroup));
  return `containerd-${hash.digest('hex').slice(0, 12)}.toml`;
}

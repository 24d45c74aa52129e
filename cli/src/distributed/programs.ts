import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defaultApiConfig } from '@gantry/api/config.ts';
import type { HostNode } from '@gantry/node-agent/host/nodes.ts';
import { formatAddress, parseAddress } from '@gantry/runtime/address.ts';
import { pathsIn } from '@gantry/runtime/certificates.ts';
import type { ClusterCertificates } from '../up/certificates.ts';
import type { KubeAccess } from '../up/kube-access.ts';
import { dnsAddress } from '../up/node-agents.ts';
import type { AddedNode } from '../up/node-set.ts';
import type { UpOptions } from '../up/options.ts';
import type { ServerPaths } from './requirements.ts';
import type { ProgramSpec } from './supervised.ts';

/** Addresses and secrets by which the parts of one distributed cluster reach each other, all on this machine. */
export interface Addresses {
  readonly natsPort: number;
  /** Folder for sockets and settings with secrets, which nobody else may enter. */
  readonly runDir: string;
  /** File with the cluster's token. */
  readonly tokenFile: string;
  /** Password of redis-server and nats-server, beside the folder of the one's socket and the certificates of the other's clients. */
  readonly password: string;
  /** host:port of the api. */
  readonly api: string;
  /** The api's way in for kubectl. */
  readonly kube: Pick<KubeAccess, 'address'>;
  /** The machine's own address on the nodes' network, where pods reach the api; undefined where there is no such network. */
  readonly gateway: string | undefined;
  /** File with the keys by which the api encrypts Secrets in the store. */
  readonly encryptionFile: string;
  /** File with the settings of the provider of nodes; undefined where there is none. */
  readonly cloudConfig: string | undefined;
  /** Each part's certificate, in a folder. */
  readonly certificates: Pick<ClusterCertificates, 'folderOf'>;
}

/** Identity in leader elections. It never changes: there is one replica of each, and after a crash the next one leads at once. */
const identity = 'gantry-distributed';

/**
 * redis-server with its data in the state folder; what the api acknowledged is on the disk. Settings are in a file, since other
 * users see a command's arguments.
 */
export function redisProgram(paths: ServerPaths, addresses: Addresses, stateDir: string): ProgramSpec {
  const directory = redisDirectory(stateDir);
  const path = join(directory, 'redis.conf');
  const text = [
    'port 0',
    `unixsocket ${JSON.stringify(redisSocket(addresses))}`,
    'unixsocketperm 700',
    `requirepass ${addresses.password}`,
    `dir ${JSON.stringify(directory)}`,
    'appendonly yes',
    'appendfsync always',
    'save ""',
    '',
  ].join('\n');
  const file = { path, text };
  return { name: 'redis-server', command: paths['redis-server'], args: [path], env: {}, file };
}

/** Data directory of Redis. */
export function redisDirectory(stateDir: string): string {
  return join(stateDir, 'redis');
}

/** Path of the Unix socket on which redis-server listens; it has no port. */
export function redisSocket({ runDir }: Pick<Addresses, 'runDir'>): string {
  return join(runDir, 'redis.sock');
}

/**
 * nats-server; it keeps nothing, since the change stream in the store is the truth. Its clients have a certificate of the cluster's, and the
 * password. It reads its own certificate anew on SIGHUP.
 */
export function natsProgram(paths: ServerPaths, addresses: Addresses): ProgramSpec {
  const { natsPort, password, runDir, certificates } = addresses;
  const { ca, cert, key } = pathsIn(certificates.folderOf('nats'));
  const path = join(runDir, 'nats.conf');
  const quoted = [ca, cert, key].map((file) => JSON.stringify(file));
  const text = [
    `listen: "127.0.0.1:${natsPort}"`,
    `authorization { user: gantry, password: ${JSON.stringify(password)} }`,
    `tls { ca_file: ${quoted[0]}, cert_file: ${quoted[1]}, key_file: ${quoted[2]}, verify: true, timeout: 5 }`,
    '',
  ].join('\n');
  const file = { path, text };
  return { name: 'nats-server', command: paths['nats-server'], args: ['-c', path], env: {}, file };
}

export function apiProgram(addresses: Addresses): ProgramSpec {
  return service('api', {
    GANTRY_API_LISTEN: addresses.api,
    GANTRY_API_REST: addresses.kube.address,
    ...(addresses.gateway === undefined ? {} : { GANTRY_API_ADVERTISE: advertised(addresses.gateway, addresses) }),
    GANTRY_API_ENCRYPTION_CONFIG: addresses.encryptionFile,
    GANTRY_STORE: storeAddress(addresses),
    GANTRY_EVENTS: busAddress(addresses),
    GANTRY_CERTS: addresses.certificates.folderOf('api'),
    GANTRY_API_SIGNING_AUTHORITY: dirname(addresses.certificates.folderOf('api')),
    GANTRY_API_SERVICE_ACCOUNT_KEYS: join(addresses.certificates.folderOf('api'), 'tokens'),
    // Scripts may present it in place of a certificate.
    GANTRY_TOKEN_FILE: addresses.tokenFile,
  });
}

/** The address at which pods reach the REST api: on their own network, with its usual port. */
function advertised(gateway: string, { kube }: Pick<Addresses, 'kube'>): string {
  return formatAddress(gateway, parseAddress(kube.address).port);
}

export function schedulerProgram(addresses: Addresses): ProgramSpec {
  return service('scheduler', { ...clientEnv(addresses, 'scheduler'), GANTRY_SCHEDULER_IDENTITY: identity });
}

export function controllersProgram(addresses: Addresses, { silenceConfirmMs }: UpOptions): ProgramSpec {
  return service('controllers', {
    ...clientEnv(addresses, 'controllers'),
    GANTRY_CONTROLLERS_IDENTITY: identity,
    ...(addresses.cloudConfig === undefined ? {} : { GANTRY_CONTROLLERS_CLOUD_CONFIG: addresses.cloudConfig }),
    ...(silenceConfirmMs === undefined ? {} : { GANTRY_CONTROLLERS_SILENCE_CONFIRM_MS: String(silenceConfirmMs) }),
  });
}

export function xdsProgram(addresses: Addresses): ProgramSpec {
  return service('xds-lb', {
    ...clientEnv(addresses, 'xdsLb'),
    GANTRY_XDS_SOCKET: xdsSocket(addresses),
    GANTRY_XDS_IDENTITY: identity,
    // Envoy listens on every address of this machine.
    GANTRY_XDS_INGRESS_IPS: '127.0.0.1',
  });
}

/** The agent of one node. `listen` is where it serves logs and commands. */
export function agentProgram(
  node: HostNode,
  added: AddedNode | undefined,
  options: UpOptions,
  { api, certificates }: Pick<Addresses, 'api' | 'certificates'>,
  listen: string,
): ProgramSpec {
  const { isolated, name } = node;
  const heartbeatMs = options.nodeTimes?.heartbeatMs;
  const env = {
    GANTRY_SERVER: api,
    GANTRY_CERTS: certificates.folderOf(name),
    GANTRY_NODE_NAME: name,
    GANTRY_DRIVER: node.runtime.info.driver,
    GANTRY_ADDRESS: node.address,
    GANTRY_LISTEN: listen,
    GANTRY_ROOT_DIR: node.rootDirectory,
    GANTRY_IMAGES_DIR: join(options.stateDir, 'images'),
    ...(heartbeatMs === undefined ? {} : { GANTRY_HEARTBEAT_MS: String(heartbeatMs) }),
    ...(added === undefined ? {} : machineEnv(added)),
  };
  if (isolated === undefined) return service('node-agent', env, name);
  const network = {
    GANTRY_CONTAINERD_SOCKET: isolated.local.socketPath,
    GANTRY_NETNS: isolated.local.namespacePath,
    GANTRY_POD_CIDR: isolated.podCidr,
    GANTRY_CLUSTER_CIDR: isolated.clusterCidr,
    GANTRY_CLUSTER_DNS: dnsAddress,
    GANTRY_SERVICE_CIDR: defaultApiConfig.serviceCidr,
    GANTRY_CGROUP_ROOT: isolated.cgroupRoot,
  };
  return service('node-agent', { ...env, ...network }, name);
}

/** Settings of a node whose machine a provider made. */
function machineEnv({ labels, taints, capacity, providerId }: AddedNode): Record<string, string> {
  const pairs = (values: Readonly<Record<string, string>>): string =>
    Object.entries(values)
      .map(([key, value]) => `${key}=${value}`)
      .join(',');
  return {
    GANTRY_PROVIDER_ID: providerId,
    GANTRY_LABEL: pairs(labels),
    GANTRY_CAPACITY: pairs(capacity),
    ...(taints.length === 0
      ? {}
      : { GANTRY_TAINT: taints.map(({ key, value = '', effect }) => `${key}=${value}:${effect}`).join(',') }),
  };
}

function clientEnv(addresses: Addresses, part: string): Record<string, string> {
  const { api, certificates } = addresses;
  return { GANTRY_SERVER: api, GANTRY_EVENTS: busAddress(addresses), GANTRY_CERTS: certificates.folderOf(part) };
}

/** Path of the Unix socket on which xds-lb serves Envoy. */
export function xdsSocket({ runDir }: Pick<Addresses, 'runDir'>): string {
  return join(runDir, 'xds.sock');
}

/** Address of the store; a server that acknowledges what is not on its disk is refused. */
export function storeAddress(addresses: Pick<Addresses, 'runDir' | 'password'>): string {
  return `redis+unix://:${addresses.password}@local${encodeURI(redisSocket(addresses))}?durability=always`;
}

/** Address of the event bus. */
export function busAddress({ natsPort, password }: Pick<Addresses, 'natsPort' | 'password'>): string {
  return `tls://gantry:${password}@127.0.0.1:${natsPort}`;
}

/** A service of ours, from its main.ts, under the Node that runs us. */
function service(workspace: string, env: Readonly<Record<string, string>>, name = workspace): ProgramSpec {
  const main = fileURLToPath(import.meta.resolve(`@gantry/${workspace}/main.ts`));
  return { name, command: process.execPath, args: ['--disable-warning=ExperimentalWarning', main], env };
}

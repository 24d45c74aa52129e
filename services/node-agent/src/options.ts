import { hostname, networkInterfaces } from 'node:os';
import { resolve } from 'node:path';
import { quantityProblem } from '@gantry/model/quantity.ts';
import { parseTaint } from '@gantry/model/taints.ts';
import { type Env, type NumberRange, type Options, readOptions, withPrefix } from '@gantry/runtime/options.ts';
import type { NodeAgentConfig } from './config.ts';
import { isWithin } from './ipv4.ts';
import { defaultNodeTimes } from './node/registrar.ts';
import { defaultSampleMs } from './statistics/sampler.ts';

/** The settings of an agent that is a process of its own. */
export interface MainOptions {
  /** gRPC address of the api; the client's default where undefined. */
  readonly api: string | undefined;
  readonly driver: 'cri' | 'process' | 'hollow';
  readonly containerdSocket: string;
  /** File of the cluster's authority, where the node asks for its certificates itself; else it has them already. */
  readonly authorityPath: string | undefined;
  /** File with the token by which the node asks for its first certificate. */
  readonly bootstrapTokenPath: string | undefined;
  readonly agent: NodeAgentConfig;
}

const drivers = ['cri', 'process', 'hollow'] as const;

/** The settings by their flags, with the variables that stand for them. */
export const options = {
  api: { env: 'GANTRY_SERVER' },
  ...withPrefix(
    'GANTRY_',
    [
      'node-name',
      'driver',
      'containerd-socket',
      'netns',
      'address',
      'pod-cidr',
      'cluster-cidr',
      'cluster-dns',
      'service-cidr',
      'cluster-domain',
      'root-dir',
      'images-dir',
      'cgroup-root',
      'listen',
      'bootstrap-token-file',
      'authority',
      'diagnostics',
      'allowed-unsafe-sysctls',
      'label',
      'taint',
      'provider-id',
      'capacity',
      'max-pods',
      'heartbeat-ms',
      'statistics-ms',
    ],
    { address: 'list', label: 'list', taint: 'list', capacity: 'list', 'allowed-unsafe-sysctls': 'list' },
  ),
} as const;

const positive: NumberRange = { min: 1, max: Number.MAX_SAFE_INTEGER, whole: true };

export const helpText = `Runs the pods of one node. Each flag is also read from the environment: --node-name from GANTRY_NODE_NAME, and so on;
--api from GANTRY_SERVER, as with every client. GANTRY_CERTS names the folder with the node's certificate, without which (or --authority)
nobody could read logs or run commands.

  --node-name NAME          name of the node (the machine's host name)
  --api HOST:PORT           gRPC address of the api (127.0.0.1:7443)
  --driver DRIVER           cri (containerd), process or hollow (cri)
  --containerd-socket PATH  (/run/containerd/containerd.sock)
  --address IP              address of the node; may be repeated (the machine's first one)
  --root-dir PATH           volumes, logs and the like (/var/lib/gantry)
  --images-dir PATH         image tars in it are taken in
  --listen HOST:PORT        where logs and commands are served (the node's address, any port)
  --allowed-unsafe-sysctls NAMES  sysctls beyond the safe ones that pods may set, with commas between; kernel.msg* for all of a kind
  --authority PATH          certificate of the cluster's authority; the node then asks for its own certificates
  --bootstrap-token-file PATH  token for the first of them
  --diagnostics HOST:PORT   where /metrics, /healthz and /readyz are served (nowhere)
  --netns PATH              network namespace of the node, where it is not the machine's own
  --pod-cidr CIDR           addresses of the node's pods
  --cluster-cidr CIDR       addresses of all pods; turns on service addresses and DNS
  --cluster-dns IP          address of the cluster's DNS (10.96.0.10)
  --service-cidr CIDR       addresses of all services, as the api has it (10.96.0.0/16)
  --cluster-domain DOMAIN   (cluster.local)
  --cgroup-root PATH        where the pods' cgroups lie (/gantry/NAME)
  --label KEY=VALUE         label of the node; may be repeated
  --taint KEY=VALUE:EFFECT  taint that the node registers with; may be repeated
  --provider-id ID          the provider's name of the machine, <provider>://<identifier>
  --capacity RESOURCE=QUANTITY  what the node has, where it is not the machine's own, or an extended resource; may be repeated
  --max-pods COUNT          (110)
  --heartbeat-ms MS         (${defaultNodeTimes.heartbeatMs})
  --statistics-ms MS        how often usage is read (${defaultSampleMs})
`;

/** Reads flags, and the environment for those that are not given. Throws Invalid, naming the flag or variable. */
export function readConfig(args: readonly string[], env: Env): MainOptions {
  const given = readOptions(options, args, env);
  const addresses = given.list('address').length > 0 ? given.list('address') : [firstAddress()];
  const heartbeatMs = given.number('heartbeat-ms', positive, undefined);
  const sysctls = given.list('allowed-unsafe-sysctls');
  const optional = <K extends string, V>(key: K, value: V | undefined) => (value === undefined ? {} : { [key]: value });
  return {
    api: given.text('api'),
    driver: given.oneOf('driver', drivers, 'cri'),
    authorityPath: given.text('authority'),
    bootstrapTokenPath: given.text('bootstrap-token-file'),
    containerdSocket: given.text('containerd-socket') ?? '/run/containerd/containerd.sock',
    agent: {
      nodeName: given.text('node-name') ?? hostname().toLowerCase(),
      rootDir: resolve(given.text('root-dir') ?? '/var/lib/gantry'),
      addresses,
      listen: given.parsed('listen', listenOf, 'must be host:port') ?? { host: addresses[0]!, port: 0 },
      labels: Object.fromEntries(
        given.list('label').map((item) => given.parseItem('label', item, labelOf, 'must be key=value')),
      ),
      taints: given.list('taint').map((item) => given.parseItem('taint', item, parseTaint, 'must be key=value:effect')),
      capacity: Object.fromEntries(
        given.list('capacity').map((item) => given.parseItem('capacity', item, amountOf, 'must be resource=quantity')),
      ),
      ...optional('providerId', given.text('provider-id')),
      ...optional('allowedUnsafeSysctls', sysctls.length > 0 ? sysctls : undefined),
      ...optional('diagnostics', given.text('diagnostics')),
      ...optional('podCidr', given.text('pod-cidr')),
      ...optional('imagesDir', given.text('images-dir')),
      ...optional('cgroupRoot', given.text('cgroup-root')),
      ...optional('clusterDomain', given.text('cluster-domain')),
      ...optional('maxPods', given.number('max-pods', positive, undefined)),
      ...optional(
        'nodeTimes',
        heartbeatMs === undefined ? undefined : { ...defaultNodeTimes, heartbeatMs, healthMs: heartbeatMs },
      ),
      ...optional('statisticsMs', given.number('statistics-ms', { ...positive, min: 500 }, undefined)),
      ...optional('network', networkOf(given)),
    },
  };
}

/** Service addresses and DNS, which the range of all pods turns on. */
function networkOf(given: Options<keyof typeof options>): NodeAgentConfig['network'] {
  const clusterCidr = given.text('cluster-cidr');
  if (clusterCidr === undefined) return undefined;
  const netns = given.text('netns');
  const dnsAddress = given.text('cluster-dns') ?? '10.96.0.10';
  const serviceCidr = given.text('service-cidr') ?? '10.96.0.0/16';
  // The cluster's DNS has a service address: a range that does not hold it is not the cluster's, and would cut others off.
  if (!isWithin(dnsAddress, serviceCidr)) {
    throw given.refuse('service-cidr', serviceCidr, `must contain the address of --cluster-dns, ${dnsAddress}`);
  }
  return {
    commandPrefix: netns === undefined ? [] : ['nsenter', `--net=${netns}`],
    clusterCidr,
    dnsAddress,
    serviceCidr,
  };
}

function listenOf(text: string): { readonly host: string; readonly port: number } | undefined {
  const match = /^(.+):(\d{1,5})$/.exec(text);
  return match !== null && Number(match[2]) <= 65_535 ? { host: match[1]!, port: Number(match[2]) } : undefined;
}

function labelOf(text: string): [string, string] | undefined {
  const at = text.indexOf('=');
  return at > 0 ? [text.slice(0, at), text.slice(at + 1)] : undefined;
}

function amountOf(text: string): [string, string] | undefined {
  const [resource, amount] = labelOf(text) ?? ['', ''];
  return resource !== '' && quantityProblem(amount) === undefined ? [resource, amount] : undefined;
}

function firstAddress(): string {
  const found = Object.values(networkInterfaces())
    .flatMap((entries) => entries ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal);
  return found?.address ?? '127.0.0.1';
}

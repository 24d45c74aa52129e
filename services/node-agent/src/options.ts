import { hostname, networkInterfaces } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { NodeAgentConfig } from './config.ts';
import { isWithin } from './ipv4.ts';
import { defaultNodeTimes } from './node/registrar.ts';

/** What main.ts is told. */
export interface MainOptions {
  /** gRPC address of the api; the client's default where undefined. */
  readonly api: string | undefined;
  readonly driver: 'cri' | 'process' | 'hollow';
  readonly containerdSocket: string;
  readonly agent: NodeAgentConfig;
}

const drivers = ['cri', 'process', 'hollow'] as const;

const flags = {
  'node-name': { type: 'string' },
  api: { type: 'string' },
  driver: { type: 'string' },
  'containerd-socket': { type: 'string' },
  netns: { type: 'string' },
  address: { type: 'string', multiple: true },
  'pod-cidr': { type: 'string' },
  'cluster-cidr': { type: 'string' },
  'cluster-dns': { type: 'string' },
  'service-cidr': { type: 'string' },
  'cluster-domain': { type: 'string' },
  'root-dir': { type: 'string' },
  'images-dir': { type: 'string' },
  'cgroup-root': { type: 'string' },
  listen: { type: 'string' },
  diagnostics: { type: 'string' },
  'allowed-unsafe-sysctls': { type: 'string' },
  label: { type: 'string', multiple: true },
  'max-pods': { type: 'string' },
  'heartbeat-ms': { type: 'string' },
  help: { type: 'boolean' },
} as const;

export const helpText = `Runs the pods of one node. Each flag is also read from the environment: --node-name from GANTRY_NODE_NAME, and so on;
--api from GANTRY_SERVER, as with every client. GANTRY_TOKEN_FILE names the file with the cluster's token, without which nobody could
read logs or run commands.

  --node-name NAME          name of the node (the machine's host name)
  --api HOST:PORT           gRPC address of the api (127.0.0.1:7443)
  --driver DRIVER           cri (containerd), process or hollow (cri)
  --containerd-socket PATH  (/run/containerd/containerd.sock)
  --address IP              address of the node; may be repeated (the machine's first one)
  --root-dir PATH           volumes, logs and the like (/var/lib/gantry)
  --images-dir PATH         image tars in it are taken in
  --listen HOST:PORT        where logs and commands are served (the node's address, any port)
  --allowed-unsafe-sysctls NAMES  sysctls beyond the safe ones that pods may set, with commas between; kernel.msg* for all of a kind
  --diagnostics HOST:PORT   where /metrics, /healthz and /readyz are served (nowhere)
  --netns PATH              network namespace of the node, where it is not the machine's own
  --pod-cidr CIDR           addresses of the node's pods
  --cluster-cidr CIDR       addresses of all pods; turns on service addresses and DNS
  --cluster-dns IP          address of the cluster's DNS (10.96.0.10)
  --service-cidr CIDR       addresses of all services, as the api has it (10.96.0.0/16)
  --cluster-domain DOMAIN   (cluster.local)
  --cgroup-root PATH        where the pods' cgroups lie (/gantry/NAME)
  --label KEY=VALUE         label of the node; may be repeated
  --max-pods COUNT          (110)
  --heartbeat-ms MS         (${defaultNodeTimes.heartbeatMs})
`;

/** Reads flags, and the environment for those that are not given. Throws Invalid, naming the flag, for what cannot be. */
export function readOptions(argv: readonly string[], env: Readonly<Record<string, string | undefined>>): MainOptions {
  const { values } = parse(argv);
  const text = (name: Exclude<keyof typeof flags, 'api' | 'address' | 'label' | 'help'>): string | undefined =>
    values[name] ?? env[`GANTRY_${name.toUpperCase().replaceAll('-', '_')}`];
  const list = (name: 'address' | 'label'): string[] =>
    values[name] ?? env[`GANTRY_${name.toUpperCase()}`]?.split(',').filter((item) => item !== '') ?? [];
  const nodeName = text('node-name') ?? hostname().toLowerCase();
  const addresses = list('address').length > 0 ? list('address') : [firstAddress()];
  const clusterCidr = text('cluster-cidr');
  const netns = text('netns');
  const heartbeatMs = numberOf('heartbeat-ms', text('heartbeat-ms'));
  const optional = <K extends string, V>(key: K, value: V | undefined) => (value === undefined ? {} : { [key]: value });
  return {
    api: values.api ?? env.GANTRY_SERVER,
    driver: driverOf(text('driver') ?? 'cri'),
    containerdSocket: text('containerd-socket') ?? '/run/containerd/containerd.sock',
    agent: {
      nodeName,
      rootDir: resolve(text('root-dir') ?? '/var/lib/gantry'),
      addresses,
      listen: listenOf(text('listen') ?? `${addresses[0]}:0`),
      labels: Object.fromEntries(list('label').map(labelOf)),
      ...optional('allowedUnsafeSysctls', text('allowed-unsafe-sysctls')?.split(',')),
      ...optional('diagnostics', text('diagnostics')),
      ...optional('podCidr', text('pod-cidr')),
      ...optional('imagesDir', text('images-dir')),
      ...optional('cgroupRoot', text('cgroup-root')),
      ...optional('clusterDomain', text('cluster-domain')),
      ...optional('maxPods', numberOf('max-pods', text('max-pods'))),
      ...optional(
        'nodeTimes',
        heartbeatMs === undefined ? undefined : { ...defaultNodeTimes, heartbeatMs, healthMs: heartbeatMs },
      ),
      ...optional(
        'network',
        clusterCidr === undefined
          ? undefined
          : {
              commandPrefix: netns === undefined ? [] : ['nsenter', `--net=${netns}`],
              clusterCidr,
              ...serviceRange(text('cluster-dns') ?? '10.96.0.10', text('service-cidr') ?? '10.96.0.0/16'),
            },
      ),
    },
  };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: flags, strict: true });
  } catch (error) {
    throw new GantryError('Invalid', (error as Error).message, { cause: error });
  }
}

function driverOf(text: string): MainOptions['driver'] {
  const driver = drivers.find((candidate) => candidate === text);
  if (driver !== undefined) return driver;
  throw new GantryError(
    'Invalid',
    `--driver: Unsupported value: ${JSON.stringify(text)}: supported values: "cri", "process", "hollow"`,
  );
}

function numberOf(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  throw new GantryError('Invalid', `--${flag}: Invalid value: ${JSON.stringify(text)}: must be a whole number above 0`);
}

function listenOf(text: string): { readonly host: string; readonly port: number } {
  const match = /^(.+):(\d{1,5})$/.exec(text);
  if (match !== null && Number(match[2]) <= 65_535) return { host: match[1]!, port: Number(match[2]) };
  throw new GantryError('Invalid', `--listen: Invalid value: ${JSON.stringify(text)}: must be host:port`);
}

/** The cluster's DNS has a service address: a range that does not hold it is not the cluster's, and would cut others off. */
function serviceRange(dnsAddress: string, serviceCidr: string) {
  if (isWithin(dnsAddress, serviceCidr)) return { dnsAddress, serviceCidr };
  throw new GantryError(
    'Invalid',
    `--service-cidr: Invalid value: ${JSON.stringify(serviceCidr)}: must contain the address of --cluster-dns, ${dnsAddress}`,
  );
}

function labelOf(text: string): [string, string] {
  const at = text.indexOf('=');
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
  throw new GantryError('Invalid', `--label: Invalid value: ${JSON.stringify(text)}: must be key=value`);
}

function firstAddress(): string {
  const found = Object.values(networkInterfaces())
    .flatMap((entries) => entries ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal);
  return found?.address ?? '127.0.0.1';
}

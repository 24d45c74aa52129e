/** Settings of xds-lb. */
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { parseAddress } from '@gantry/runtime/address.ts';
import { type Env, readOptions, withPrefix } from '@gantry/runtime/options.ts';
import { parseCidr } from './cidr.ts';
import type { TrafficServerOptions } from './traffic/server.ts';

/** Settings by which Services become listeners. */
export interface LoadBalancerConfig {
  /** Address that Envoy listens on for Services that ask for none. */
  readonly listenAddress: string;
  /**
   * Address that Envoy binds for the one in spec.loadBalancerIP, as on hosts that users reach through
   * NAT. An address that is not in it is bound as it is.
   */
  readonly addressMap: Readonly<Record<string, string>>;
  /** Addresses to publish in status.loadBalancer.ingress; those of the ready nodes where empty. */
  readonly ingressIps: readonly string[];
  /** spec.loadBalancerClass of the Services that are ours, beside those that name no class. */
  readonly loadBalancerClass: string;
  /**
   * Ranges that no request is sent to, whatever an EndpointSlice says: Envoy reaches what the users who write slices, or
   * their pods, may not.
   */
  readonly deniedEndpoints: readonly string[];
}

/**
 * The machine that Envoy runs on, by any of its local addresses, and what shares its link, such as a cloud's metadata
 * server. The api refuses slices with them too.
 */
export const localRanges: readonly string[] = [
  '0.0.0.0/8',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '224.0.0.0/4',
  '::/127',
  'fe80::/10',
  'ff00::/8',
];

/** Everything that the service needs to start. */
export interface XdsLbConfig {
  readonly loadBalancer: LoadBalancerConfig;
  /** Address of the xDS server; port 0 is any free one. */
  readonly xdsHost: string;
  readonly xdsPort: number;
  /** Path of a Unix socket to serve xDS on in place of a port. Its folder says who may connect. */
  readonly xdsSocket?: string | undefined;
  /** True where everybody who can reach the port may read the configuration; else clients present the cluster's token. */
  readonly trustNetwork: boolean;
  /** Port of the statistics of requests, for the api; absent where they are not served. */
  readonly traffic?: TrafficServerOptions | undefined;
  /** Address of /metrics, /healthz, /readyz; absent where it is not wanted. */
  readonly diagnostics?: { readonly host: string; readonly port: number };
}

/** Envoy on the same machine, and nothing mapped. 18000 is the port that xDS servers commonly take. */
export const defaultConfig: XdsLbConfig = {
  loadBalancer: {
    listenAddress: '0.0.0.0',
    addressMap: {},
    ingressIps: [],
    loadBalancerClass: 'gantry.dev/envoy',
    deniedEndpoints: localRanges,
  },
  xdsHost: '127.0.0.1',
  xdsPort: 18000,
  trustNetwork: false,
};

/** The settings by their flags, with the variables that stand for them. */
export const options = withPrefix(
  'GANTRY_XDS_',
  [
    'host',
    'port',
    'socket',
    'trust-network',
    'listen-address',
    'address-map',
    'ingress-ips',
    'load-balancer-class',
    'denied-endpoints',
    'traffic-listen',
    'traffic-advertise',
    'identity',
    'diagnostics-host',
    'diagnostics-port',
  ],
  { 'trust-network': 'switch', 'address-map': 'list', 'ingress-ips': 'list', 'denied-endpoints': 'list' },
);

const port = { min: 0, max: 65_535, whole: true };

/**
 * Reads flags, and GANTRY_XDS_* from the environment. Ranges in `denied-endpoints` come on top of the local ones.
 * @throws GantryError (Invalid) naming the flag or variable and its value.
 */
export function readConfig(args: readonly string[], env: Env): XdsLbConfig {
  const { loadBalancer, xdsHost, xdsPort, trustNetwork } = defaultConfig;
  const given = readOptions(options, args, env);
  const ip = (name: IpOption, text: string): string => given.parseItem(name, text, toIp, 'must be a valid IP address');
  const address = (name: 'traffic-listen' | 'traffic-advertise'): string | undefined =>
    given.parsed(name, (text) => parseAddress(text) && text, 'must be host:port');
  const diagnosticsPort = given.number('diagnostics-port', port, undefined);
  return {
    loadBalancer: {
      listenAddress: ip('listen-address', given.text('listen-address') ?? loadBalancer.listenAddress),
      addressMap: Object.fromEntries(given.list('address-map').map((pair) => addressPair(pair, ip))),
      ingressIps: given.list('ingress-ips').map((item) => ip('ingress-ips', item)),
      loadBalancerClass: given.text('load-balancer-class') ?? loadBalancer.loadBalancerClass,
      deniedEndpoints: [
        ...localRanges,
        ...given.list('denied-endpoints').map((item) => {
          return given.parseItem('denied-endpoints', item, toRange, 'must be a range such as 10.0.0.0/24');
        }),
      ],
    },
    xdsHost: given.text('host') ?? xdsHost,
    xdsPort: given.number('port', port, xdsPort),
    xdsSocket: given.text('socket'),
    trustNetwork: given.switch('trust-network', trustNetwork),
    traffic: {
      listen: address('traffic-listen') ?? '127.0.0.1:0',
      advertise: address('traffic-advertise'),
      identity: given.text('identity') ?? `${hostname()}-${process.pid}`,
    },
    diagnostics:
      diagnosticsPort === undefined
        ? undefined
        : { host: given.text('diagnostics-host') ?? '127.0.0.1', port: diagnosticsPort },
  };
}

type IpOption = 'listen-address' | 'address-map' | 'ingress-ips';

/** `asked=bound`. */
function addressPair(pair: string, ip: (name: IpOption, text: string) => string): [string, string] {
  const [asked = '', bound = ''] = pair.split('=');
  return [ip('address-map', asked), ip('address-map', bound)];
}

function toIp(text: string): string | undefined {
  return isIP(text) === 0 ? undefined : text;
}

function toRange(text: string): string | undefined {
  return parseCidr(text) === undefined ? undefined : text;
}

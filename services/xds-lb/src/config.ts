/** Settings of xds-lb. */
import { isIP } from 'node:net';
import { GantryError } from '@gantry/runtime/errors.ts';
import { parseCidr } from './claims.ts';

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

/**
 * Reads GANTRY_XDS_* from the environment. Ranges in GANTRY_XDS_DENIED_ENDPOINTS come on top of the local ones.
 * @throws GantryError (Invalid) naming the variable and its value.
 */
export function configFromEnv(env: Readonly<Record<string, string | undefined>>): XdsLbConfig {
  const { loadBalancer } = defaultConfig;
  const diagnosticsPort = env.GANTRY_XDS_DIAGNOSTICS_PORT;
  return {
    loadBalancer: {
      listenAddress: ip('GANTRY_XDS_LISTEN_ADDRESS', env.GANTRY_XDS_LISTEN_ADDRESS ?? loadBalancer.listenAddress),
      addressMap: addressMap('GANTRY_XDS_ADDRESS_MAP', env.GANTRY_XDS_ADDRESS_MAP ?? ''),
      ingressIps: list(env.GANTRY_XDS_INGRESS_IPS ?? '').map((item) => ip('GANTRY_XDS_INGRESS_IPS', item)),
      loadBalancerClass: env.GANTRY_XDS_LOAD_BALANCER_CLASS ?? loadBalancer.loadBalancerClass,
      deniedEndpoints: [...localRanges, ...list(env.GANTRY_XDS_DENIED_ENDPOINTS ?? '').map(range)],
    },
    xdsHost: env.GANTRY_XDS_HOST ?? defaultConfig.xdsHost,
    xdsPort: port('GANTRY_XDS_PORT', env.GANTRY_XDS_PORT ?? String(defaultConfig.xdsPort)),
    xdsSocket: env.GANTRY_XDS_SOCKET || undefined,
    trustNetwork: flag('GANTRY_XDS_TRUST_NETWORK', env.GANTRY_XDS_TRUST_NETWORK ?? 'false'),
    diagnostics:
      diagnosticsPort === undefined
        ? undefined
        : {
            host: env.GANTRY_XDS_DIAGNOSTICS_HOST ?? '127.0.0.1',
            port: port('GANTRY_XDS_DIAGNOSTICS_PORT', diagnosticsPort),
          },
  };
}

/** `asked=bound,asked=bound`. */
function addressMap(name: string, text: string): Record<string, string> {
  const pairs = list(text).map((pair): [string, string] => {
    const [asked = '', bound = ''] = pair.split('=');
    return [ip(name, asked), ip(name, bound)];
  });
  return Object.fromEntries(pairs);
}

function list(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function ip(name: string, value: string): string {
  if (isIP(value) !== 0) return value;
  throw invalid(name, value, 'must be a valid IP address');
}

function range(value: string): string {
  if (parseCidr(value) !== undefined) return value;
  throw invalid('GANTRY_XDS_DENIED_ENDPOINTS', value, 'must be a range such as 10.0.0.0/24');
}

function port(name: string, value: string): number {
  const number = Number(value);
  if (/^\d+$/.test(value) && number <= 65535) return number;
  throw invalid(name, value, 'must be between 0 and 65535, inclusive');
}

function flag(name: string, value: string): boolean {
  if (value === 'true' || value === 'false') return value === 'true';
  throw invalid(name, value, 'must be true or false');
}

function invalid(name: string, value: string, problem: string): GantryError {
  const message = `${name}: Invalid value: ${JSON.stringify(value)}: ${problem}`;
  return new GantryError('Invalid', message, { causes: [{ reason: 'FieldValueInvalid', field: name, message }] });
}

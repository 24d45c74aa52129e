import { GantryError } from '@gantry/runtime/errors.ts';
import { defaultLimits, type Limits } from './core/limits.ts';
import { defaultRetention, type Retention } from './housekeeping/compaction.ts';

/** Settings of an api process. */
export interface ApiConfig {
  /** `host:port` of gRPC; port 0 for any free one. */
  readonly listen: string;
  /** `host:port` of Kubernetes' REST api; port 0 for any free one; none where absent. */
  readonly rest?: string | undefined;
  /** `host:port` of /metrics, /healthz and /readyz; none where absent. */
  readonly diagnostics?: string | undefined;
  /** True where everybody who can reach `listen` is to be the administrator; else only who presents the cluster's token is. */
  readonly trustNetwork: boolean;
  /** Range of services' cluster IPs. */
  readonly serviceCidr: string;
  /** The cluster's DNS address, on which every node answers: no service gets it. */
  readonly dnsAddress: string;
  /** First and last node port. */
  readonly nodePorts: { readonly first: number; readonly last: number };
  readonly limits: Limits;
  readonly retention: Retention;
  /** Characters of JSON whose decoded objects are kept in memory. */
  readonly cacheChars: number;
}

/** What an api process does where nothing else is said. */
export const defaultApiConfig: ApiConfig = {
  listen: '127.0.0.1:7443',
  trustNetwork: false,
  serviceCidr: '10.96.0.0/16',
  dnsAddress: '10.96.0.10',
  nodePorts: { first: 30_000, last: 32_767 },
  limits: defaultLimits,
  retention: defaultRetention,
  cacheChars: 24 * 1024 * 1024,
};

/** Settings and addresses of an api process of its own. */
export interface ProcessConfig {
  readonly api: ApiConfig;
  /** Address of the store, see openStore. */
  readonly store: string;
  /** Address of the event bus, see openBus. */
  readonly bus: string;
}

const flags = ['store', 'bus', 'listen', 'diagnostics', 'service-cidr', 'cluster-dns', 'trust-network'] as const;
type Flag = (typeof flags)[number];

/**
 * Settings from flags (`--store sqlite:/path`, `--store=sqlite:/path`) and environment (GANTRY_STORE, GANTRY_EVENTS,
 * GANTRY_API_LISTEN, GANTRY_API_DIAGNOSTICS, GANTRY_API_SERVICE_CIDR, GANTRY_CLUSTER_DNS, GANTRY_API_TRUST_NETWORK); flags go
 * first. GANTRY_TOKEN_FILE (or GANTRY_TOKEN) gives the cluster's token.
 * Throws BadRequest for a flag that does not exist.
 */
export function readConfig(args: readonly string[], env: Readonly<Record<string, string | undefined>>): ProcessConfig {
  const given = parseFlags(args);
  const diagnostics = given.diagnostics ?? env.GANTRY_API_DIAGNOSTICS;
  const trust = given['trust-network'] ?? env.GANTRY_API_TRUST_NETWORK ?? 'false';
  if (trust !== 'true' && trust !== 'false') {
    throw new GantryError(
      'BadRequest',
      `--trust-network: Unsupported value: "${trust}": supported values: "false", "true"`,
    );
  }
  return {
    store: given.store ?? env.GANTRY_STORE ?? 'sqlite:.gantry/state.db',
    bus: given.bus ?? env.GANTRY_EVENTS ?? 'memory:',
    api: {
      ...defaultApiConfig,
      listen: given.listen ?? env.GANTRY_API_LISTEN ?? defaultApiConfig.listen,
      diagnostics: diagnostics || undefined,
      serviceCidr: given['service-cidr'] ?? env.GANTRY_API_SERVICE_CIDR ?? defaultApiConfig.serviceCidr,
      dnsAddress: given['cluster-dns'] ?? env.GANTRY_CLUSTER_DNS ?? defaultApiConfig.dnsAddress,
      trustNetwork: trust === 'true',
    },
  };
}

function parseFlags(args: readonly string[]): Partial<Record<Flag, string>> {
  const given: Partial<Record<Flag, string>> = {};
  for (let index = 0; index < args.length; index++) {
    const [, name, inline] = /^--([a-z-]+)(?:=(.*))?$/s.exec(args[index]!) ?? [];
    if (!flags.includes(name as Flag)) throw new GantryError('BadRequest', `unknown flag: ${args[index]}`);
    const following = name === 'trust-network' ? 'true' : args[++index];
    if (inline !== undefined && name !== 'trust-network') index--;
    const value = inline ?? following;
    if (value === undefined) throw new GantryError('BadRequest', `flag needs an argument: ${args.at(-1)}`);
    given[name as Flag] = value;
  }
  return given;
}

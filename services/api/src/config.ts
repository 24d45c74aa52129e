import { type CertificatePaths, pathsIn } from '@gantry/runtime/certificates.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import { type Env, type Options, readOptions, withPrefix } from '@gantry/runtime/options.ts';
import type { AuditLogOptions } from './audit/log.ts';
import { defaultLimits, type Limits } from './core/limits.ts';
import { defaultRetention, type Retention } from './housekeeping/compaction.ts';
import type { MetricsConfig } from './metrics/objects.ts';

/** Settings of an api process. */
export interface ApiConfig {
  /** `host:port` of gRPC; port 0 for any free one. */
  readonly listen: string;
  /** `host:port` of Kubernetes' REST api; port 0 for any free one; none if absent. */
  readonly rest?: string | undefined;
  /** `host:port` at which pods reach the REST api, where that is not `rest`: a further address of this machine, or one of a load balancer. */
  readonly advertise?: string | undefined;
  /** `host:port` of /metrics, /healthz and /readyz; none if absent. */
  readonly diagnostics?: string | undefined;
  /** True where everybody who can reach `listen` is to be the administrator; else only who presents the cluster's token is. */
  readonly trustNetwork: boolean;
  /** Range of services' cluster IPs. */
  readonly serviceCidr: string;
  /** The cluster's DNS address, on which every node answers: no service gets it. */
  readonly dnsAddress: string;
  /** First and last node port. */
  readonly nodePorts: { readonly first: number; readonly last: number };
  /** Sorts requests by flow schemas; else all but administrators' share one bound, as with kube-apiserver's flag of that name. */
  readonly priorityAndFairness: boolean;
  /** The leader tells in the status of validating policies which of their expressions do not fit: what kube-controller-manager does elsewhere. */
  readonly typeChecks: boolean;
  readonly limits: Limits;
  readonly retention: Retention;
  /** File of the audit log. */
  readonly auditLog?: AuditLogOptions | undefined;
  /** Custom and external metrics beside those of Envoys. */
  readonly metrics?: MetricsConfig | undefined;
  /** Characters of JSON whose decoded objects are kept in memory. */
  readonly cacheChars: number;
}

/** Settings of an api process where nothing else is said. */
export const defaultApiConfig: ApiConfig = {
  listen: '127.0.0.1:7443',
  trustNetwork: false,
  serviceCidr: '10.96.0.0/16',
  dnsAddress: '10.96.0.10',
  nodePorts: { first: 30_000, last: 32_767 },
  priorityAndFairness: true,
  typeChecks: true,
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
  /** Files of the REST api's certificate, where it is not the service's own, and of the authority of its clients. */
  readonly tls: CertificatePaths | undefined;
  /** File with an EncryptionConfiguration, as kube-apiserver's --encryption-provider-config; nothing is encrypted without. */
  readonly encryptionPath: string | undefined;
  /** Folder of the keys that sign service accounts' tokens, made at the first start; without it, tokens end with the process. */
  readonly serviceAccountKeys: string | undefined;
  /** Folder of the authority (ca.crt, ca.key) that signs certificate requests; without it, they wait for another signer. */
  readonly signingAuthority: string | undefined;
  /** File with an audit.k8s.io/v1 Policy; nothing is told without. */
  readonly auditPolicyPath: string | undefined;
}

/** The settings by their flags, with the variables that stand for them. */
export const options = {
  store: { env: 'GANTRY_STORE' },
  bus: { env: 'GANTRY_EVENTS' },
  'cluster-dns': { env: 'GANTRY_CLUSTER_DNS' },
  ...withPrefix(
    'GANTRY_API_',
    [
      ...([
        'listen',
        'rest',
        'advertise',
        'tls-cert',
        'tls-key',
        'encryption-config',
        'service-account-keys',
        'signing-authority',
        'audit-policy-file',
        'audit-log-path',
        'audit-log-maxsize',
        'audit-log-maxbackup',
        'prometheus',
        'metric-rules',
      ] as const),
      ...(['diagnostics', 'service-cidr', 'trust-network'] as const),
    ],
    {
      'trust-network': 'switch',
    },
  ),
} as const;

/**
 * Settings from flags (`--store sqlite:/path`, `--store=sqlite:/path`) and environment (GANTRY_STORE, GANTRY_EVENTS,
 * GANTRY_API_LISTEN, GANTRY_API_REST, GANTRY_API_ADVERTISE, GANTRY_API_TLS_CERT, GANTRY_API_TLS_KEY, GANTRY_API_ENCRYPTION_CONFIG, GANTRY_API_DIAGNOSTICS, GANTRY_API_SERVICE_CIDR, GANTRY_CLUSTER_DNS, GANTRY_API_TRUST_NETWORK, GANTRY_API_SERVICE_ACCOUNT_KEYS, GANTRY_API_SIGNING_AUTHORITY, GANTRY_API_AUDIT_POLICY_FILE, GANTRY_API_AUDIT_LOG_PATH, GANTRY_API_AUDIT_LOG_MAXSIZE, GANTRY_API_AUDIT_LOG_MAXBACKUP, GANTRY_API_PROMETHEUS, GANTRY_API_METRIC_RULES); flags go
 * first. GANTRY_CERTS names the folder of the service's certificate, GANTRY_TOKEN_FILE (or GANTRY_TOKEN) gives the cluster's token.
 * Throws Invalid, naming the flag or variable.
 */
export function readConfig(args: readonly string[], env: Env): ProcessConfig {
  const given = readOptions(options, args, env);
  return {
    tls: tlsOf(given, env),
    encryptionPath: given.text('encryption-config'),
    serviceAccountKeys: given.text('service-account-keys'),
    signingAuthority: given.text('signing-authority'),
    auditPolicyPath: given.text('audit-policy-file'),
    store: given.text('store') ?? 'sqlite:.gantry/state.db',
    bus: given.text('bus') ?? 'memory:',
    api: {
      ...defaultApiConfig,
      listen: given.text('listen') ?? defaultApiConfig.listen,
      rest: given.text('rest'),
      advertise: given.text('advertise'),
      diagnostics: given.text('diagnostics'),
      serviceCidr: given.text('service-cidr') ?? defaultApiConfig.serviceCidr,
      dnsAddress: given.text('cluster-dns') ?? defaultApiConfig.dnsAddress,
      trustNetwork: given.switch('trust-network', defaultApiConfig.trustNetwork),
      auditLog: auditLogOf(given),
      metrics: metricsOf(given),
    },
  };
}

/** kube-apiserver's flags of the same names: megabytes of a file, and files that are kept. A policy needs a file. */
function auditLogOf(given: Options<keyof typeof options>): AuditLogOptions | undefined {
  const path = given.text('audit-log-path');
  if (path === undefined) {
    if (given.text('audit-policy-file') === undefined) return undefined;
    throw new GantryError('Invalid', '--audit-log-path: Required value: a policy needs a file to write to');
  }
  const count = (name: 'audit-log-maxsize' | 'audit-log-maxbackup', fallback: number): number => {
    const text = given.text(name);
    if (text === undefined) return fallback;
    if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
    throw new GantryError(
      'Invalid',
      `--${name}: Invalid value: ${JSON.stringify(text)}: must be a whole number above 0`,
    );
  };
  return {
    path,
    maxBytes: count('audit-log-maxsize', 100) * 1024 * 1024,
    maxBackups: count('audit-log-maxbackup', 10),
  };
}

/** Rules alone would be of no use. */
function metricsOf(given: Options<keyof typeof options>): MetricsConfig {
  const [prometheus, rules] = [given.text('prometheus'), given.text('metric-rules')];
  if (prometheus !== undefined && !/^https?:$/.test(URL.parse(prometheus)?.protocol ?? '')) {
    throw new GantryError(
      'Invalid',
      `--prometheus: Invalid value: ${JSON.stringify(prometheus)}: must be an address such as http://prometheus:9090`,
    );
  }
  if (rules !== undefined && prometheus === undefined) {
    throw new GantryError('Invalid', '--prometheus: Required value: rules of metrics are about its series');
  }
  return { prometheus, rules };
}

/** A certificate for the REST api alone, such as one of a public authority. Clients' are of the cluster's own. */
function tlsOf(given: Options<keyof typeof options>, { GANTRY_CERTS: folder }: Env): CertificatePaths | undefined {
  const [cert, key] = [given.text('tls-cert'), given.text('tls-key')];
  if (cert === undefined && key === undefined) return undefined;
  if (cert === undefined || key === undefined) {
    throw new GantryError('Invalid', '--tls-cert and --tls-key: Required value: a certificate and its key go together');
  }
  if (!folder)
    throw new GantryError('Invalid', "GANTRY_CERTS: Required value: names the authority of the clients' certificates");
  return { ca: pathsIn(folder).ca, cert, key };
}

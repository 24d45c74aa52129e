import { readFile } from 'node:fs/promises';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import type { AgentApi } from '../api.ts';
import { defaultClusterDomain, type NodeAgentConfig } from '../config.ts';
import { run } from '../host/commands.ts';
import type { DnsConfig, EnvVar } from '../runtime/runtime.ts';
import { type RunInNode, UdpFlows } from './conntrack.ts';
import { forwardQuery } from './dns-forward.ts';
import { type DnsServer, startDnsServer } from './dns-server.ts';
import { HealthCheckServers, healthChecksOf } from './health-checks.ts';
import { OpenPorts } from './open-ports.ts';
import { parseResolvConf, resolverOf } from './resolv-conf.ts';
import { ServiceRules } from './rules.ts';
import { type ExtraAddress, type Ruleset, type RulesetCache, rulesetOf } from './ruleset.ts';
import { linkedServices, serviceVariables } from './service-variables.ts';
import { type Services, watchServices } from './services.ts';

const dnsPort = 53;
/** How long a command may take, in milliseconds; nft takes less than one second for a thousand services. */
const commandMs = 30_000;
/** Bytes of all UDP flows as text: the kernel tracks 262,144 at most by default. */
const maxFlowBytes = 64 * 1024 * 1024;

/** The node's part of the cluster network: service addresses, and the DNS settings and variables of its pods. */
export interface NodeNetwork extends AsyncDisposable {
  dnsFor(pod: Pod): DnsConfig | undefined;
  serviceVariables(pod: Pod): readonly EnvVar[];
  /** Resolves once the services known at the start are programmed. */
  readonly ready: Promise<void>;
  /** Address of the agent's own that the node's network reaches; undefined where the agent is in that network itself. */
  readonly agentHost: string | undefined;
  /** Leads a TCP port of the node to one of the agent, at `agentHost`. */
  openPort(port: number, agentPort: number): void;
}

/** A node without a network of its own: pods get the machine's resolver, and service addresses lead nowhere. */
export async function plainNetwork(config: NodeAgentConfig): Promise<NodeNetwork> {
  const host = await hostResolver();
  const clusterDomain = config.clusterDomain ?? defaultClusterDomain;
  return {
    dnsFor: (pod) => resolverOf({ pod, clusterDns: undefined, clusterDomain, host }),
    serviceVariables: () => [],
    ready: Promise.resolve(),
    agentHost: undefined,
    openPort: () => {},
    async [Symbol.asyncDispose]() {},
  };
}

interface NetworkDeps {
  readonly client: Pick<AgentApi, 'list' | 'watch'>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Programs service addresses in the node's network namespace, and answers DNS for its pods. */
export async function startNetwork(
  config: NodeAgentConfig & { readonly network: NonNullable<NodeAgentConfig['network']> },
  { client, clock, log }: NetworkDeps,
): Promise<NodeNetwork> {
  const { network, nodeName, clusterDomain = defaultClusterDomain } = config;
  await using stack = new AsyncDisposableStack();
  const host = await hostResolver();
  const services = stack.use(watchServices(client, log));
  const upstreams = network.upstreams ?? host.servers;
  const dnsHost = await dnsHostOf(config);
  const dns = stack.use(
    await startDnsServer(dnsHost, {
      records: services.records,
      domain: clusterDomain,
      forward: (query, maxBytes, signal) => forwardQuery(query, upstreams, maxBytes, signal),
      log,
    }),
  );
  const { clusterCidr, serviceCidr } = network;
  const runInNode = inNode(network.commandPrefix);
  const nodeAddresses = new Set(config.addresses);
  const checks = stack.use(new HealthCheckServers(dnsHost, () => rules.changed(), log));
  // The gateway of a namespace is the machine itself.
  const machineIp = network.commandPrefix.length > 0 ? dnsHost : undefined;
  const cache: RulesetCache = new Map();
  let isProgrammed = false;
  // The first rules come with the services.
  const opened = new OpenPorts(dnsHost, () => isProgrammed && rules.changed());
  const wanted = (): Ruleset => {
    const all = services.all();
    checks.want(healthChecksOf(all, nodeName));
    const extra = [...dnsAddresses(network.dnsAddress, dnsHost, dns), ...checks.addresses(), ...opened.addresses()];
    return rulesetOf({ services: all, nodeName, clusterCidr, machineIp, extra }, cache);
  };
  const rules = stack.use(
    new ServiceRules({
      nft: (script, signal) => runInNode(['nft', '-f', '-'], script, signal),
      wanted,
      flows: new UdpFlows(runInNode, { serviceCidr, nodeAddresses }, log),
      serviceCidr,
      clock,
      log,
    }),
  );
  const ready = programmed(services, rules).then(() => {
    isProgrammed = true;
  });
  ready.catch(() => {});
  const owned = stack.move();
  return {
    dnsFor: (pod) => resolverOf({ pod, clusterDns: network.dnsAddress, clusterDomain, host }),
    serviceVariables: (pod) => variablesOf(services, pod),
    ready,
    agentHost: machineIp,
    openPort: (port, agentPort) => opened.open(port, agentPort),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function variablesOf(services: Services, pod: Pod): readonly EnvVar[] {
  const own = services.inNamespace(pod.metadata.namespace ?? '');
  return serviceVariables(linkedServices(services.inNamespace('default'), own, pod));
}

/** Runs commands in the node's network. */
function inNode(prefix: readonly string[]): RunInNode {
  return (command, input, signal) => {
    const [file = '', ...args] = [...prefix, ...command];
    return run(file, args, { input, timeoutMs: commandMs, maxOutputBytes: maxFlowBytes, signal });
  };
}

/** An address that the agent has, and the node's pods reach. */
async function dnsHostOf({ network, addresses }: Parameters<typeof startNetwork>[0]): Promise<string> {
  const { commandPrefix, dnsListenHost } = network;
  if (dnsListenHost !== undefined) return dnsListenHost;
  const [command, ...prefix] = commandPrefix;
  if (command === undefined) return addresses[0] ?? '';
  const routes = JSON.parse(await run(command, [...prefix, 'ip', '-json', 'route', 'show', 'default'])) as {
    gateway?: string;
  }[];
  const gateway = routes[0]?.gateway;
  if (gateway !== undefined) return gateway;
  throw new GantryError(
    'FailedPrecondition',
    'the network namespace of the node has no default route, so its pods cannot reach DNS',
  );
}

/** Nothing is programmed before all services are known: an agent that restarts must not take working addresses away. */
async function programmed(services: Services, rules: ServiceRules): Promise<void> {
  await services.hasSynced;
  services.onChange(() => rules.changed());
  rules.changed();
  await rules.attempted;
}

/** The cluster's DNS address leads to the agent's own server. */
function dnsAddresses(ip: string, host: string, { port }: DnsServer): ExtraAddress[] {
  return (['UDP', 'TCP'] as const).map((protocol) => ({
    name: `dns/${protocol}`,
    ip,
    port: dnsPort,
    protocol,
    backends: [{ ip: host, port, nodeName: undefined }],
  }));
}

async function hostResolver(): Promise<DnsConfig> {
  return parseResolvConf(await readFile('/etc/resolv.conf', 'utf8').catch(() => ''));
}

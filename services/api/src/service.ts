import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { type Credentials, noCredentials } from '@gantry/client/credentials.ts';
import { type Admit, diagnosticsDoor } from '@gantry/client/guard.ts';
import type { GrpcServer } from '@gantry/client/serve.ts';
import type { EventBus } from '@gantry/events/events.ts';
import type { KeyPair } from '@gantry/pki/authority.ts';
import { parseAddress } from '@gantry/runtime/address.ts';
import type { CertificateSource } from '@gantry/runtime/certificates.ts';
import { type Clock, systemClock } from '@gantry/runtime/clock.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import { createMetrics, type Diagnostics, serveDiagnostics } from '@gantry/runtime/metrics.ts';
import type { OpenStore } from '@gantry/store/store.ts';
import type { Registry } from 'prom-client';
import { outsideAdmission } from './admission/outside.ts';
import { admissionViews } from './admission/plugins.ts';
import { keepTypeChecks } from './admission/policies/type-check-keeper.ts';
import { type Advertiser, advertiserOf } from './advertise/advertise.ts';
import { type Aggregator, aggregatorOf } from './aggregation/start.ts';
import type { Policy } from './audit/policy.ts';
import { auditFor } from './audit/start.ts';
import { type Access, accessControl } from './auth/access.ts';
import {
  type Authenticate,
  anonymous,
  authenticateInOrder,
  clusterToken,
  trustedNetwork,
} from './auth/authentication.ts';
import { bearerTokens } from './auth/bearer.ts';
import { keepDefaultRoles } from './auth/defaults/keeping.ts';
import { type ReadTokenKeys, TokenKeys } from './auth/tokens/keys.ts';
import { memoryKey, type Tokens, tokensOf } from './auth/tokens/tokens.ts';
import { clientCertificate } from './auth/x509.ts';
import { keepRequests } from './certificates/keeper.ts';
import type { ApiConfig } from './config.ts';
import { ResourceApi } from './core/api.ts';
import { createBuiltIns } from './core/built-ins.ts';
import type { CoreDeps } from './core/context.ts';
import { create } from './core/creation.ts';
import { keepDefaultRange } from './core/default-range.ts';
import { ListBudget } from './core/list-budget.ts';
import type { Entropy } from './core/metadata.ts';
import { Turns } from './core/turns.ts';
import type { WriteOptions } from './core/writer.ts';
import { coreOf } from './core-of.ts';
import { customRules } from './custom/rules.ts';
import { serveDefinitions } from './custom/serve.ts';
import { keepDefinitions } from './definitions/keeper.ts';
import { type AtRest, encryptAtRest } from './encryption/at-rest.ts';
import type { EncryptionRules } from './encryption/config.ts';
import { ApiEvents } from './events/recorder.ts';
import { type Flow, flowOf } from './flow/start.ts';
import { accessHandlers } from './grpc/access.ts';
import { nodeHandlers, schedulingHandlers } from './grpc/batches.ts';
import { Calls } from './grpc/calls.ts';
import { metricsHandlers } from './grpc/metrics.ts';
import { placementHandlers } from './grpc/placement.ts';
import { podHandlers } from './grpc/pods.ts';
import { resourceHandlers } from './grpc/resources.ts';
import { listen } from './grpc/server.ts';
import { tokenHandlers } from './grpc/tokens.ts';
import { trafficHandlers } from './grpc/traffic.ts';
import { keepBuiltIns } from './housekeeping/built-ins.ts';
import { keepClientAuthority } from './housekeeping/client-authority.ts';
import { reportDamage } from './housekeeping/damage-report.ts';
import { runHousekeeping } from './housekeeping/housekeeping.ts';
import { reportStoreHealth } from './housekeeping/store-health.ts';
import { type Metrics, metricsOf } from './metrics/sources.ts';
import { createApiMetrics, createRestMetrics } from './metrics.ts';
import { NodeApi } from './nodes/service.ts';
import { ownersBy, ownManager } from './ownership/track.ts';
import { PlacementProxy } from './placement/proxy.ts';
import { AgentConnections } from './pods/agents.ts';
import { PodProxy } from './pods/proxy.ts';
import { createRelayMetrics } from './relay/metrics.ts';
import { runRelay } from './relay/relay.ts';
import { MetricApis } from './rest/metric-apis.ts';
import { type RestDeps, type RestServer, serveRest } from './rest/server.ts';
import { accessReviews } from './rest/virtual/access-reviews.ts';
import { componentStatuses } from './rest/virtual/component-statuses.ts';
import { rulesReview } from './rest/virtual/rules-review.ts';
import { selfSubjectReview } from './rest/virtual/self-subject-review.ts';
import { tokenReview } from './rest/virtual/token-review.ts';
import { usageResources } from './rest/virtual/usage.ts';
import { type RunningApi, running } from './running.ts';
import { CapacityLedger } from './scheduling/ledger.ts';
import { SchedulingApi } from './scheduling/service.ts';
import { TrafficProxy } from './traffic/proxy.ts';
import { WatchHub } from './watch/hub.ts';

/** Dependencies of an api process. */
export interface ApiDeps {
  readonly store: OpenStore;
  readonly bus: EventBus;
  readonly log: Logger;
  readonly clock?: Clock;
  readonly entropy?: Entropy;
  /**
   * Proof that callers must give, and that the api gives to node agents and schedulers. Where absent, callers are nobody unless the
   * configuration trusts the network.
   */
  readonly credentials?: Credentials | undefined;
  /** Requests that the audit log tells of; none without. */
  readonly auditPolicy?: Policy | undefined;
  /** The cluster's authority, which signs certificate requests; without it, somebody else does. */
  readonly signer?: KeyPair;
  /** Keys of service accounts' tokens, the newest first; without them tokens end with this process. */
  readonly tokenKeys?: ReadTokenKeys;
  /** Certificate of the cluster's authority, in PEM, by which pods believe the api; without it pods get no accounts' tokens. */
  readonly rootCertificate?: string;
  /** How objects are encrypted in the store; none are if absent. */
  readonly encryption?: EncryptionRules | undefined;
  /** Certificates of the REST edge and its clients, if they are others than those of the credentials; plain HTTP where there are none. */
  readonly tls?: CertificateSource | undefined;
}

/** Starts an api: gRPC, and the relay and housekeeping that one of all replicas leads. Resolves when it serves. */
export async function startApi(config: ApiConfig, given: ApiDeps): Promise<RunningApi> {
  await using stack = new AsyncDisposableStack();
  const atRest = encryptAtRest(given.store, given.encryption, given);
  const deps = { ...given, store: atRest.store };
  const parts = await startParts(config, deps, stack);
  const edges = await serveEdges(config, deps, parts, stack);
  const stop = new AbortController();
  const background = runLoops(config, deps, { ...parts, ...edges }, atRest, stop.signal);
  const { host } = parseAddress(config.listen);
  deps.log.info({ address: `${host}:${edges.server.port}` }, 'the api serves gRPC');
  return running({ host, ...edges, resources: parts.resources, background, stop, owned: stack.move() });
}

/** The parts of an api that know nothing of how they are reached. */
interface Parts {
  readonly core: CoreDeps;
  readonly tokens: Tokens;
  readonly access: Access;
  readonly ledger: CapacityLedger;
  readonly hub: WatchHub;
  readonly events: ApiEvents;
  readonly resources: ResourceApi;
  readonly pods: PodProxy;
  readonly traffic: TrafficProxy;
  readonly metrics: Metrics;
  readonly flow: Flow;
  readonly aggregation: Aggregator;
  readonly registry: Registry;
  /** Creates those of the objects that every cluster has that are missing, and where it is asked for the default roles and bindings. */
  readonly createMissing: (alsoRoles: boolean) => Promise<void>;
}

/** Longest time in milliseconds that a start waits to see the default roles in the changes of the store. */
const rolesSeenMs = 10_000;

/** Puts the parts together. They have the state of the store, and the built-in objects are there, when this resolves. */
async function startParts(config: ApiConfig, deps: ApiDeps, stack: AsyncDisposableStack): Promise<Parts> {
  const { store, log } = deps;
  const views = admissionViews(store);
  const ledger = new CapacityLedger();
  const keys = new TokenKeys(deps.tokenKeys ?? memoryKey(), deps.clock ?? systemClock);
  const access = accessControl();
  const registry = createMetrics('api');
  const { core, outside } = coreOf(config, deps, access, {
    ...{ views, ledger, keys },
    outside: (base) =>
      stack.use(outsideAdmission({ ...base, metrics: registry, decide: access.decide, pods: () => pods })),
  });
  const { credentials = noCredentials } = deps;
  const agents = stack.use(new AgentConnections(credentials, core.clock));
  const pods = new PodProxy({ ...core, agents, credentials });
  const tokens = tokensOf(core, credentials, keys);
  const flow = flowOf({ ...core, registry, enabled: config.priorityAndFairness });
  const aggregation = stack.use(aggregatorOf(core, pods, registry));
  const traffic = new TrafficProxy({ ...core, credentials: deps.credentials ?? noCredentials });
  const metrics = metricsOf(core, { agents, servers: aggregation, traffic }, config.metrics);
  const definitions = serveDefinitions({ ...core, ...outside, rulesOf: customRules }, stack);
  const state = [
    ...[ledger, ...Object.values(views), tokens.observer, definitions],
    ...[flow.observer, ...aggregation.observers, ...outside.observers],
  ];
  const hub = stack.use(new WatchHub({ ...core, observers: [...access.observers, ...state] }));
  await hub.start();
  const lists = new ListBudget(config.limits.lists, core.clock);
  const resources = new ResourceApi({ ...core, hub, turns: new Turns(), lists });
  const ownWrite = (): WriteOptions => ({
    dryRun: false,
    owners: ownersBy({ manager: ownManager, subresource: '', nowMs: core.clock.now() }),
  });
  const createMissing = async (alsoRoles: boolean): Promise<void> => {
    await createBuiltIns((object) => create(core, core.kinds.kindOfObject(object), object, ownWrite()));
    if (!alsoRoles) return;
    await keepDefaultRoles(core, ownWrite());
    await flow.makeObjects(resources);
    await aggregation.prepare(resources);
    await keepDefaultRange(core, config.serviceCidr, ownWrite());
  };
  await createMissing(true);
  // Whoever asks first is judged by all roles.
  await hub.reached((await store.list({ prefix: '', limit: 1 })).revision, rolesSeenMs);
  const events = stack.use(new ApiEvents({ ...core, maxPending: config.limits.maxPendingEvents }));
  stack.use(reportStoreHealth(store, { registry, events, log }));
  const reached = { pods, traffic, metrics, flow, aggregation };
  return { core, tokens, access, ledger, hub, events, resources, ...reached, registry, createMissing };
}

/** The listeners of an api. */
interface Edges {
  readonly server: GrpcServer;
  readonly rest: RestServer | undefined;
  /** Tells where REST is served; undefined where it is not. */
  readonly advertiser: Advertiser | undefined;
  readonly diagnostics: Diagnostics | undefined;
}

/** Serves gRPC, and REST and diagnostics if they are configured. */
async function serveEdges(config: ApiConfig, deps: ApiDeps, parts: Parts, stack: AsyncDisposableStack): Promise<Edges> {
  const { log, store, credentials = noCredentials } = deps;
  const { core, tokens, access, ledger, hub, events, resources, pods, traffic, metrics, flow, registry } = parts;
  const { maxRequestBytes } = config.limits;
  const authenticators = [
    clientCertificate(core.clock.now),
    clusterToken(credentials),
    bearerTokens(tokens.authenticators),
    ...(config.trustNetwork ? [trustedNetwork] : []),
  ];
  const authenticate = authenticateInOrder(authenticators);
  const calls = new Calls({
    authenticate,
    authorize: core.authorize,
    metrics: createApiMetrics(registry, () => hub.watcherCount),
    log,
    flow: flow.control,
  });
  const scheduling = new SchedulingApi({ ...core, hub, ledger, events });
  const server = await listen(
    {
      ResourceService: resourceHandlers(resources, calls, core.damaged, core.kinds),
      SchedulingService: schedulingHandlers(scheduling, calls),
      NodeService: nodeHandlers(
        new NodeApi({ ...core, ephemeral: store, ledger, hub, restrictNode: access.restrictNode }),
        calls,
      ),
      PodService: podHandlers(pods, calls),
      AccessService: accessHandlers({ ...core, ...access, authenticators: tokens.reviewers }, calls),
      MetricsService: metricsHandlers(metrics.sources, calls),
      PlacementService: placementHandlers(new PlacementProxy({ ...core, credentials }), calls),
      TokenService: tokenHandlers(tokens.requests, calls),
      TrafficService: trafficHandlers(traffic, calls),
    },
    { ...parseAddress(config.listen), maxRequestBytes, credentials, admit: admitNamed(authenticate) },
  );
  stack.use(server);
  const ready = (): boolean => hub.following && store.problem === undefined;
  const rest =
    config.rest &&
    stack.use(
      await serveKubernetes(config.rest, config, deps, {
        ...parts,
        scheduling,
        authenticate: authenticateInOrder([...authenticators, anonymous]),
        audit: auditFor({ log, clock: core.clock, metrics: registry }, deps.auditPolicy, config.auditLog, stack),
      }),
    );
  const diagnostics =
    config.diagnostics &&
    stack.use(
      await serveDiagnostics(
        { ...parseAddress(config.diagnostics), registry, ready },
        diagnosticsDoor(credentials, config.trustNetwork),
      ),
    );
  const advertiser = rest ? await advertiserOf(config, { ...core, api: resources, ephemeral: store }, rest) : undefined;
  return { server, rest: rest || undefined, advertiser, diagnostics: diagnostics || undefined };
}

/** Serves Kubernetes' REST api. */
function serveKubernetes(
  address: string,
  { limits: { maxRequestBytes: maxBodyBytes } }: ApiConfig,
  deps: ApiDeps,
  parts: Parts & Pick<RestDeps, 'scheduling' | 'authenticate' | 'audit'>,
): Promise<RestServer> {
  const { core, tokens, access, hub, resources, registry, scheduling, pods, authenticate } = parts;
  const { store } = deps;
  const observed = createRestMetrics(registry).started;
  return serveRest(
    {
      api: resources,
      scheduling,
      pods,
      tokens: tokens.requests,
      tokenKeys: tokens.keys,
      authenticate,
      kinds: core.kinds,
      virtual: [
        selfSubjectReview(core.clock),
        tokenReview(tokens.reviewers),
        ...accessReviews(access.decide),
        rulesReview(access.rulesOf),
        componentStatuses({ ...core, store }),
        ...usageResources(parts.metrics.usage, core.clock),
      ],
      checks: [
        { name: 'store', of: ['readyz'], problem: () => store.problem },
        { name: 'watch-cache', of: ['readyz'], problem: () => (hub.following ? undefined : 'changes do not arrive') },
      ],
      observed,
      metrics: () => registry.metrics(),
      authorize: core.authorize,
      decide: access.decide,
      audit: parts.audit,
      flow: parts.flow.control,
      aggregation: parts.aggregation,
      metricApis: new MetricApis({ ...parts.metrics.objects, aggregation: parts.aggregation, observed }),
      clock: core.clock,
      random: core.entropy.random,
      log: deps.log,
    },
    { ...parseAddress(address), tls: deps.tls ?? deps.credentials?.certificates, maxBodyBytes },
  );
}

/** Runs what goes on beside the requests, until the signal fires. */
function runLoops(
  config: ApiConfig,
  deps: ApiDeps,
  parts: Parts & Pick<Edges, 'advertiser'>,
  { isEncrypted, rewrite }: AtRest,
  signal: AbortSignal,
): Promise<void> {
  const { store, bus, log } = deps;
  const { core, hub, events, resources, flow, aggregation, registry, createMissing, advertiser } = parts;
  const { frontProxy } = aggregation;
  const { clock } = core;
  const holder = `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`;
  const metrics = createRelayMetrics(registry);
  const authority = deps.credentials?.certificates;
  const alsoLead = async (leading: AbortSignal): Promise<void> => {
    await Promise.all([
      authority && keepClientAuthority({ ...core, api: resources, frontProxy }, authority, leading),
      deps.signer && keepRequests({ ...core, resources }, deps.signer, leading),
      keepDefinitions({ ...core, resources, hub }, leading),
      config.typeChecks && keepTypeChecks({ ...core, store, resources }, leading),
      flow.keep(resources, leading),
      aggregation.keep(resources, leading),
    ]);
  };
  const background = Promise.all([
    runRelay({ store, leases: store, bus, clock, log, metrics, withholds: isEncrypted }, { holder }, signal),
    rewrite(signal),
    keepBuiltIns(core, createMissing, signal),
    reportDamage({ ...core, events, registry }, signal),
    runHousekeeping({ ...core, store, hub, alsoLead }, { holder, retention: config.retention }, signal),
    advertiser?.run(signal),
    flow.control.run(signal),
    aggregation.run(resources, signal),
    parts.metrics.objects.run(signal),
  ]).then(() => undefined);
  // Whoever runs the api looks at `done`; a failure that nobody looks at must not end the process.
  background.catch((error: unknown) => log.error({ error }, 'a background task of the api ended'));
  return background;
}

/** Admits whoever has a name. */
function admitNamed(authenticate: Authenticate): Admit {
  return (caller) => {
    const user = authenticate(caller);
    return user instanceof Promise ? user.then(() => undefined) : undefined;
  };
}

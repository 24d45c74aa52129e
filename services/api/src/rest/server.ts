import { randomUUID } from 'node:crypto';
import { createServer as createPlainServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { apiVersionOf, type Form } from '@gantry/model/registry.ts';
import { virtualKinds } from '@gantry/model/virtual-kinds.ts';
import type { CertificateSource } from '@gantry/runtime/certificates.ts';
import { GantryError, toGantryError } from '@gantry/runtime/errors.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import { Metadata } from '@grpc/grpc-js';
import type { Aggregation } from '../aggregation/start.ts';
import type { RemoteVersion } from '../aggregation/view.ts';
import type { Audit } from '../audit/audit.ts';
import type { Authenticate } from '../auth/authentication.ts';
import type { Attempt, Authorizer } from '../auth/authorization.ts';
import { impersonated } from '../auth/impersonation.ts';
import type { TokenKeys } from '../auth/tokens/keys.ts';
import type { RequestContext } from '../core/context.ts';
import { managerOfAgent } from '../core/field-manager.ts';
import { flowDumpAt } from '../flow/dumps.ts';
import type { FlowControl } from '../flow/flow-control.ts';
import { isPretty, plainJson, type Wanted, wantedBy, wantedWithoutMessages } from './accept.ts';
import { type Outgoing, sendDocument, sendStatus, sendText } from './answer.ts';
import { attemptOf } from './attempt.ts';
import { auditRequest, markAnswer } from './auditing.ts';
import type { Incoming } from './body.ts';
import { certificateOf, secureServer } from './certificates.ts';
import { Connections, connectionOptions, endAfter, hasMoreToCome } from './connections.ts';
import { Documents } from './documents.ts';
import { notAcceptable } from './encoding.ts';
import { enterFlow } from './flow.ts';
import { headersOf } from './headers.ts';
import { Health, type HealthCheck } from './health.ts';
import { isLong, LongRequests } from './in-flight.ts';
import { ByteBudget } from './list-writer.ts';
import type { MetricApis } from './metric-apis.ts';
import { openIdDocumentAt, reachedAt } from './open-id.ts';
import { sendSchemas } from './openapi/answer.ts';
import { fieldValidationOf, namedIn } from './parameters.ts';
import { isRemoteUpgrade, passOn, passUpgradeOn, remoteFor } from './proxying/aggregated.ts';
import type { ResourceDeps, ResourceRequest, Upgrade } from './request.ts';
import { handleResource } from './resources.ts';
import { type ResourceRoute, type Route, routeOf, urlOf } from './route.ts';
import { statusOf } from './status.ts';
import { isStreamUpgrade, refuseUpgrade, serveUpgrade } from './streams/upgrade.ts';
import { handleRead, handleVirtual, type ReadResource, type VirtualResource } from './virtual/virtual.ts';
import { Warnings } from './warnings.ts';

/** Dependencies of the REST edge. */
export interface RestDeps extends Omit<ResourceDeps, 'maxBodyBytes' | 'largeLists' | 'stopping'> {
  readonly authenticate: Authenticate;
  /** The kinds whose objects are calls. */
  readonly virtual: readonly (VirtualResource | ReadResource)[];
  /** Events of requests; none if absent. */
  readonly audit?: Audit | undefined;
  /** Decides when requests begin. */
  readonly flow: FlowControl;
  /** Versions that other api servers serve. */
  readonly aggregation: Aggregation;
  /** Custom and external metrics, unless another server has them. */
  readonly metricApis: MetricApis;
  /** The word of all authorizers, for the events. */
  readonly decide: Authorizer;
  /** Keys that verify service accounts' tokens. */
  readonly tokenKeys: TokenKeys;
  /** Health checks beside those that the process answers and that it does not stop. */
  readonly checks: readonly HealthCheck[];
  /** A request for a resource began; returns what to call with the HTTP status of its answer. */
  readonly observed: (verb: string, resource: string) => (code: number) => void;
  /** The process's metrics as Prometheus' text. */
  readonly metrics: () => Promise<string>;
  readonly log: Logger;
}

export interface RestOptions {
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  /** Certificates of the server, and the authority of its clients'; plain HTTP without, for tests. */
  readonly tls?: CertificateSource | undefined;
  /** Largest body of a request, in bytes. */
  readonly maxBodyBytes: number;
}

/** A listening REST edge. Disposing of it ends all requests, watches too. */
export interface RestServer extends AsyncDisposable {
  readonly port: number;
  /** Listens at a further address; resolves with its port. */
  alsoListen(address: { readonly host: string; readonly port: number }): Promise<number>;
}

/** Watches have a bound of their own in the core; this one is for the requests that carry them. */
const maxLongRequests = 25_000;
/** Bytes of lists that are kept until they are whole, of all requests together. */
const maxLargeListBytes = 256 * 1024 * 1024;

/** Serves Kubernetes' REST api over HTTP/2 and HTTP/1.1. */
export async function serveRest(deps: RestDeps, options: RestOptions): Promise<RestServer> {
  const edge = new RestEdge(deps, options);
  const listeners = [await listenAt(edge, options)];
  return {
    port: listeners[0]!.port,
    alsoListen: async (address) => {
      // Whoever listens at every address does so at this one.
      if (['0.0.0.0', '::'].includes(options.host)) return listeners[0]!.port;
      const listener = await listenAt(edge, { ...options, ...address });
      listeners.push(listener);
      return listener.port;
    },
    [Symbol.asyncDispose]: async () => {
      edge.stop();
      await Promise.all(listeners.map(({ connections }) => connections.close()));
    },
  };
}

/** Listens at one address. */
async function listenAt(
  edge: RestEdge,
  { host, port, tls }: RestOptions,
): Promise<{ readonly port: number; readonly connections: Connections }> {
  const listener = (incoming: Incoming, response: Outgoing): void => void edge.handle(incoming, response);
  const server =
    tls === undefined
      ? createPlainServer(connectionOptions, listener)
      : secureServer(tls, connectionOptions as object, listener as never);
  // A client that offers HTTP/2 without TLS by an upgrade is answered in HTTP/1.1. Servers over TLS take no such option: it is set.
  Object.assign(server, { shouldUpgradeCallback: (incoming: Incoming) => edge.takesUpgrade(incoming) });
  const connections = new Connections(server, tls !== undefined);
  server.on('upgrade', (incoming: Incoming, socket: Duplex, head: Buffer) => {
    connections.upgraded(socket);
    void edge.upgrade(incoming, { socket, head });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return { port: (server.address() as AddressInfo).port, connections };
}

class RestEdge {
  readonly #deps: RestDeps;
  readonly #address: string;
  readonly #documents: Documents;

  readonly #resourceDeps: ResourceDeps & RestDeps;
  readonly #stopping = new AbortController();
  readonly #long = new LongRequests(maxLongRequests);

  readonly #health: Health;

  constructor(deps: RestDeps, options: RestOptions) {
    this.#deps = deps;
    const { maxBodyBytes } = options;
    const largeLists = new ByteBudget(maxLargeListBytes);
    this.#health = new Health(deps.checks, () => this.#stopping.signal.aborted, deps.clock.now());
    this.#resourceDeps = { ...deps, maxBodyBytes, largeLists, stopping: this.#stopping.signal };
    this.#address = `${options.host}:${options.port}`;
    this.#documents = new Documents(() => this.#allForms(), deps.metricApis.served, this.#address);
    deps.kinds.onChange(() => this.#documents.reset());
    for (const { onUpdate } of [deps.aggregation, deps.metricApis]) onUpdate(() => this.#documents.reset());
  }

  /** Answers one request. Never rejects: a failure is the request's alone. */
  async handle(incoming: Incoming, response: Outgoing): Promise<void> {
    const gone = new AbortController();
    response.on('close', () => gone.abort(new GantryError('Cancelled', 'the client is gone')));
    response.on('error', () => gone.abort(new GantryError('Cancelled', 'the connection broke')));
    let wanted = plainJson;
    try {
      const url = urlOf(incoming.url ?? '/');
      wanted = { ...plainJson, pretty: isPretty(url.searchParams, incoming.headers['user-agent']) };
      wanted = { ...wanted, ...onlyEncoding(wantedBy(incoming.headers.accept)) };
      await this.#answer(incoming, url, response, gone.signal);
    } catch (thrown) {
      const error = toGantryError(thrown);
      if (error.reason === 'InternalError') this.#deps.log.error({ error, url: incoming.url }, 'a request failed');
      if (response.headersSent || response.destroyed) response.destroy();
      else {
        // The rest of a body that nobody reads is not waited for.
        if (hasMoreToCome(incoming)) endAfter(response);
        this.#refuse(response, error, wanted);
      }
    }
  }

  /** Never throws: a refusal that cannot be written ends its connection. */
  #refuse(response: Outgoing, refusal: GantryError, wanted: Wanted): void {
    try {
      sendStatus(response, statusOf(refusal), wanted);
    } catch (error) {
      this.#deps.log.error({ error }, 'a refusal could not be written');
      response.destroy();
    }
  }

  /** Ends what would go on for long. */
  stop(): void {
    this.#stopping.abort();
  }

  async #answer(incoming: Incoming, url: URL, response: Outgoing, signal: AbortSignal): Promise<void> {
    const method = incoming.method ?? 'GET';
    const health = this.#health.answerAt(url.pathname, url.searchParams);
    if (health !== undefined) return sendText(response, health.code, health.text, plainText);
    const receivedAtMs = this.#deps.clock.now();
    const id = markAnswer(incoming, response, randomUUID);
    const route = routeOf(method, url);
    const warnings = new Warnings();
    const asked = await this.#context(incoming, signal, url.searchParams, (text) => {
      warnings.add(text);
      warnings.tell(response);
    });
    const attempt = attemptOf(method, route, url.searchParams);
    const context = this.#tellAudit(asked, attempt, { id, receivedAtMs }, incoming, response);
    using place = await enterFlow(this.#deps, context, { route, attempt, query: url.searchParams, incoming }, response);
    if (place === undefined) return;
    // Nobody is told before, not even whether there is such a resource.
    this.#deps.authorize(context.user, attempt);
    const remote = remoteFor(this.#deps.aggregation, route);
    if (remote !== undefined) return this.#passOn(remote, { route, incoming, context, place }, response);
    const { metricApis } = this.#deps;
    const metric = metricApis.routeIn(route);
    if (metric !== undefined) return metricApis.answer(metric, { incoming, url, signal }, response);
    if (route.type === 'path') {
      if (route.path === '/metrics') return sendText(response, 200, await this.#deps.metrics(), plainText);
      if (route.path === '/metrics/slis') return sendText(response, 200, await this.#health.metrics(), plainText);
      const dump = flowDumpAt(route.path, this.#deps.flow);
      if (dump !== undefined) return sendText(response, 200, dump, plainText);
      const openId = await openIdDocumentAt(route.path, this.#deps.tokenKeys, reachedAt(incoming) ?? this.#address);
      if (openId !== undefined) return sendText(response, 200, JSON.stringify(openId.document), openId.mediaType);
      const { accept } = incoming.headers;
      const schemas = method === 'GET' ? await this.#documents.schemaAt(route.path, accept) : undefined;
      if (schemas !== undefined) return sendSchemas(response, schemas, incoming, url.searchParams);
      return this.#document(route.path, method, incoming, response);
    }
    const { form, kind } = this.#typeOf(route);
    const long = isLong(route);
    using _long = long ? this.#long.enter() : undefined;
    const ended = this.#deps.observed(long ? 'watch' : route.verb, form.resource);
    response.once('close', () => ended(response.statusCode));
    const wanted = this.#wantedBy(incoming, url.searchParams, form);
    if (kind.custom?.deprecation !== undefined) context.warn(kind.custom.deprecation);
    const request = { route, form, kind, query: url.searchParams, incoming, context, wanted, place };
    using _watch = route.verb === 'watch' ? this.#deps.flow.watching(attempt) : undefined;
    const deps = this.#resourceDeps;
    const virtual = deps.virtual.find(({ kind }) => kind === request.kind);
    if (virtual === undefined) await handleResource(deps, request, response);
    else if ('list' in virtual) await handleRead(deps, virtual, request, response);
    else await handleVirtual(deps, virtual, request, response);
  }

  /** Passes a request on to another api server. One that goes on for long has no seats here: the work is done there. */
  async #passOn(
    remote: RemoteVersion,
    request: Pick<ResourceRequest, 'incoming' | 'context'> & { readonly route: Route; readonly place: Disposable },
    response: Outgoing,
  ): Promise<void> {
    const { route, place, incoming, context } = request;
    const long = isLong(route);
    if (long) place[Symbol.dispose]();
    using _long = long ? this.#long.enter() : undefined;
    if (route.type === 'resource') {
      const ended = this.#deps.observed(long ? 'watch' : route.verb, `${route.resource}.${route.group}`);
      response.once('close', () => ended(response.statusCode));
    }
    const signal = long ? AbortSignal.any([context.signal, this.#stopping.signal]) : context.signal;
    await passOn(this.#deps.aggregation, remote, { incoming, context: { ...context, signal } }, response);
  }

  /** Gives the context of a request that annotates its events. */
  #tellAudit(
    context: RequestContext,
    attempt: Attempt,
    { id, receivedAtMs }: { readonly id: string; readonly receivedAtMs: number },
    incoming: Incoming,
    response: Outgoing,
  ): RequestContext {
    const { audit, decide, kinds } = this.#deps;
    if (audit === undefined) return context;
    const { user: actsAs, actor: user = actsAs } = context;
    const verdict = decide(actsAs, attempt);
    const facts = { id, receivedAtMs, user, actsAs, attempt, verdict };
    const annotate = auditRequest(audit, kinds, facts, incoming, response);
    return annotate === undefined ? context : { ...context, annotate };
  }

  /** Whether a request to speak another protocol is taken for one. */
  takesUpgrade(incoming: Incoming): boolean {
    return isStreamUpgrade(incoming) || isRemoteUpgrade(this.#deps.aggregation, incoming);
  }

  /** Answers a request to speak another protocol on a connection. Never rejects: a failure is the connection's alone. */
  async upgrade(incoming: Incoming, upgrade: Upgrade): Promise<void> {
    const gone = new AbortController();
    const { socket } = upgrade;
    socket.on('error', () => gone.abort(new GantryError('Cancelled', 'the connection broke')));
    socket.on('close', () => gone.abort(new GantryError('Cancelled', 'the client is gone')));
    try {
      await this.#upgraded(incoming, upgrade, AbortSignal.any([gone.signal, this.#stopping.signal]));
    } catch (thrown) {
      const error = toGantryError(thrown);
      if (error.reason === 'InternalError') this.#deps.log.error({ error, url: incoming.url }, 'an upgrade failed');
      refuseUpgrade(socket, statusOf(error));
    }
  }

  async #upgraded(incoming: Incoming, upgrade: Upgrade, signal: AbortSignal): Promise<void> {
    const url = urlOf(incoming.url ?? '/');
    const route = routeOf(incoming.method ?? 'GET', url);
    const context = await this.#context(incoming, signal, url.searchParams, () => undefined);
    this.#deps.authorize(context.user, attemptOf(incoming.method ?? 'GET', route, url.searchParams));
    const remote = remoteFor(this.#deps.aggregation, route);
    if (remote !== undefined) return passUpgradeOn(this.#deps.aggregation, remote, { incoming, context }, upgrade);
    if (route.type === 'path') throw new GantryError('BadRequest', 'the requested resource has no streams');
    const request = { route, ...this.#typeOf(route), query: url.searchParams, incoming, context, wanted: plainJson };
    await serveUpgrade(this.#deps, request, upgrade);
  }

  /** The form of a resource's answer. Throws NotAcceptable where the client takes none that there is. */
  #wantedBy(incoming: Incoming, query: URLSearchParams, { message }: Form): Wanted {
    const { accept } = incoming.headers;
    const wanted = message === '' ? wantedWithoutMessages(accept) : wantedBy(accept);
    if (wanted === undefined) throw notAcceptable(['json', 'yaml', 'protobuf']);
    const pretty = wanted.pretty || isPretty(query, incoming.headers['user-agent']);
    return pretty ? { ...wanted, pretty } : wanted;
  }

  async #context(
    incoming: Incoming,
    signal: AbortSignal,
    query: URLSearchParams,
    warn: RequestContext['warn'],
  ): Promise<RequestContext> {
    const metadata = new Metadata();
    const { authorization } = incoming.headers;
    if (authorization !== undefined) metadata.set('authorization', authorization);
    const { remoteAddress = '', remotePort = 0 } = incoming.socket;
    const caller = { peer: `${remoteAddress}:${remotePort}`, metadata, certificate: certificateOf(incoming) };
    const user = await this.#deps.authenticate(caller);
    return {
      user: impersonated(user, headersOf(incoming), this.#deps.authorize),
      actor: user,
      signal,
      named: namedIn(query),
      fieldManager: query.get('fieldManager') || managerOfAgent(incoming.headers['user-agent'] ?? ''),
      fieldValidation: fieldValidationOf(query),
      warn,
    };
  }

  #typeOf({ group, version: wanted, resource }: ResourceRoute): Pick<ResourceRequest, 'form' | 'kind'> {
    const apiVersion = apiVersionOf({ group, version: wanted });
    const form = this.#deps.kinds.served(apiVersion, resource) ?? virtualKinds.served(apiVersion, resource);
    if (form === undefined) throw notFound();
    return { form, kind: form.kind };
  }

  #allForms(): Form[] {
    const virtual = new Set(this.#deps.virtual.map(({ kind }) => kind));
    return [...this.#deps.kinds.forms, ...virtualKinds.forms.filter(({ kind }) => virtual.has(kind))];
  }

  #document(path: string, method: string, incoming: Incoming, response: Outgoing): void {
    const wanted = wantedBy(incoming.headers.accept, { encodings: ['json', 'yaml'], discovery: true });
    if (wanted === undefined) throw notAcceptable(['json', 'yaml']);
    const found = this.#documents.at(path, wanted);
    if (found === undefined) {
      sendText(response, 404, '404 page not found\n', plainText);
      return;
    }
    if (method !== 'GET') {
      throw new GantryError('MethodNotAllowed', 'the server does not allow this method on the requested resource');
    }
    const { value, contentType } = found;
    const pretty = isPretty(urlOf(incoming.url ?? '/').searchParams, incoming.headers['user-agent']);
    if (contentType === undefined) sendDocument(response, 200, value, { ...wanted, pretty });
    else sendText(response, 200, JSON.stringify(value), contentType);
  }
}

/** The encoding of a refusal: a Status has no form but its own. */
function onlyEncoding(wanted: Wanted | undefined): Pick<Wanted, 'encoding'> | undefined {
  return wanted && { encoding: wanted.encoding };
}

const plainText = 'text/plain; charset=utf-8';

function notFound(): GantryError {
  return new GantryError('NotFound', 'the server could not find the requested resource');
}

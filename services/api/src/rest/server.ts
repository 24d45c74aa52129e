import { createServer as createPlainServer } from 'node:http';
import { createSecureServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Kind } from '@gantry/model/kind.ts';
import { kubernetesVersion } from '@gantry/model/kubernetes-version.ts';
import { apiVersionOf, type Registry } from '@gantry/model/registry.ts';
import { virtualKinds } from '@gantry/model/virtual-kinds.ts';
import { GantryError, toGantryError } from '@gantry/runtime/errors.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import { Metadata } from '@grpc/grpc-js';
import type { Authenticate } from '../auth/authentication.ts';
import type { Authorize } from '../auth/authorization.ts';
import type { RequestContext } from '../core/context.ts';
import { isPretty, plainJson, type Wanted, wantedBy } from './accept.ts';
import { type Outgoing, sendDocument, sendStatus, sendText } from './answer.ts';
import type { Incoming } from './body.ts';
import { discoveryAt } from './discovery.ts';
import { notAcceptable } from './encoding.ts';
import { ByteBudget } from './list-writer.ts';
import { OpenApi } from './openapi.ts';
import type { ResourceDeps, ResourceRequest, Upgrade } from './request.ts';
import { handleResource } from './resources.ts';
import { type ResourceRoute, routeOf } from './route.ts';
import { statusOf } from './status.ts';
import { isStreamUpgrade, refuseUpgrade, serveUpgrade } from './streams/upgrade.ts';
import { handleVirtual, type VirtualResource } from './virtual/virtual.ts';

/** Dependencies of the REST edge. */
export interface RestDeps extends Omit<ResourceDeps, 'maxBodyBytes' | 'largeLists' | 'stopping'> {
  readonly authenticate: Authenticate;
  /** The kinds whose objects are stored. */
  readonly kinds: Registry;
  /** The kinds whose objects are calls. */
  readonly virtual: readonly VirtualResource[];
  readonly authorize: Authorize;
  /** False while the process cannot do its work. */
  readonly ready: () => boolean;
  readonly log: Logger;
}

export interface RestOptions {
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  /** Certificate chain and key, in PEM; plain HTTP without, for tests and for a proxy that ends TLS on the same machine. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Largest body of a request, in bytes. */
  readonly maxBodyBytes: number;
}

/** A listening REST edge. Disposing of it ends all requests, watches too. */
export interface RestServer extends AsyncDisposable {
  readonly port: number;
}

/** The document of /version. */
const version = { ...kubernetesVersion, gitCommit: '', gitTreeState: 'clean' };

/** Paths that everybody may read. */
const openPaths = ['/healthz', '/livez', '/readyz', '/version'];

/** Bounds of one connection: header bytes, and milliseconds until a request's headers and the whole of it must be here. */
const maxHeaderBytes = 64 * 1024;
const headersTimeoutMs = 30_000;
const requestTimeoutMs = 60_000;

/** Bytes of lists that are kept until they are whole, of all requests together. */
const maxLargeListBytes = 256 * 1024 * 1024;

/** Serves Kubernetes' REST api over HTTP/2 and HTTP/1.1. */
export async function serveRest(deps: RestDeps, options: RestOptions): Promise<RestServer> {
  const edge = new RestEdge(deps, options);
  const listener = (incoming: Incoming, response: Outgoing): void => void edge.handle(incoming, response);
  const bounds = {
    maxHeaderSize: maxHeaderBytes,
    headersTimeout: headersTimeoutMs,
    requestTimeout: requestTimeoutMs,
    // A client that offers HTTP/2 without TLS by an upgrade is answered in HTTP/1.1.
    shouldUpgradeCallback: isStreamUpgrade,
  };
  const server =
    options.tls === undefined
      ? createPlainServer(bounds, listener)
      : createSecureServer({ ...options.tls, ...bounds, allowHTTP1: true }, listener as never);
  server.on('upgrade', (incoming: Incoming, socket: Duplex, head: Buffer) => {
    void edge.upgrade(incoming, { socket, head });
  });
  const sockets = new Set<{ destroy(): void }>();
  server.on(options.tls === undefined ? 'connection' : 'secureConnection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  // Whatever a peer sends that is no HTTP costs its connection alone.
  for (const event of ['clientError', 'sessionError', 'tlsClientError']) server.on(event, () => undefined);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        edge.stop();
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

class RestEdge {
  readonly #deps: RestDeps;
  readonly #options: RestOptions;
  readonly #openApi: OpenApi;

  readonly #resourceDeps: ResourceDeps & RestDeps;
  readonly #stopping = new AbortController();

  constructor(deps: RestDeps, options: RestOptions) {
    this.#deps = deps;
    this.#options = options;
    const { maxBodyBytes } = options;
    const largeLists = new ByteBudget(maxLargeListBytes);
    this.#resourceDeps = { ...deps, maxBodyBytes, largeLists, stopping: this.#stopping.signal };
    this.#openApi = new OpenApi(this.#allKinds());
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
      else sendStatus(response, statusOf(error), wanted);
    }
  }

  /** Ends what would go on for long. */
  stop(): void {
    this.#stopping.abort();
  }

  async #answer(incoming: Incoming, url: URL, response: Outgoing, signal: AbortSignal): Promise<void> {
    const method = incoming.method ?? 'GET';
    const route = routeOf(method, url);
    if (route.type === 'path' && openPaths.some((path) => isAt(route.path, path))) {
      this.#openPath(route.path, response);
      return;
    }
    const context = await this.#context(incoming, signal, url.searchParams);
    if (route.type === 'path') {
      this.#document(route.path, incoming, response);
      return;
    }
    const wanted = this.#wantedBy(incoming, url.searchParams);
    const request = { route, ...this.#typeOf(route), query: url.searchParams, incoming, context, wanted };
    const deps = this.#resourceDeps;
    const virtual = deps.virtual.find(({ kind }) => kind === request.kind);
    if (virtual === undefined) await handleResource(deps, request, response);
    else await handleVirtual(deps, virtual, request, response);
  }

  /** Answers a request to speak another protocol on a connection. Never rejects: a failure is the connection's alone. */
  async upgrade(incoming: Incoming, upgrade: Upgrade): Promise<void> {
    const gone = new AbortController();
    const { socket } = upgrade;
    socket.on('error', () => gone.abort(new GantryError('Cancelled', 'the connection broke')));
    socket.on('close', () => gone.abort(new GantryError('Cancelled', 'the client is gone')));
    try {
      await serveUpgrade(this.#deps, await this.#upgradeRequest(incoming, gone.signal), upgrade);
    } catch (thrown) {
      const error = toGantryError(thrown);
      if (error.reason === 'InternalError') this.#deps.log.error({ error, url: incoming.url }, 'an upgrade failed');
      refuseUpgrade(socket, statusOf(error));
    }
  }

  async #upgradeRequest(incoming: Incoming, signal: AbortSignal): Promise<ResourceRequest> {
    const url = urlOf(incoming.url ?? '/');
    const route = routeOf(incoming.method ?? 'GET', url);
    const context = await this.#context(incoming, signal, url.searchParams);
    if (route.type === 'path') throw new GantryError('BadRequest', 'the requested resource has no streams');
    return { route, ...this.#typeOf(route), query: url.searchParams, incoming, context, wanted: plainJson };
  }

  /** The form of a resource's answer. Throws NotAcceptable where the client takes none that there is. */
  #wantedBy(incoming: Incoming, query: URLSearchParams): Wanted {
    const wanted = wantedBy(incoming.headers.accept);
    if (wanted === undefined) throw notAcceptable(['json', 'yaml', 'protobuf']);
    const pretty = wanted.pretty || isPretty(query, incoming.headers['user-agent']);
    return pretty ? { ...wanted, pretty } : wanted;
  }

  async #context(incoming: Incoming, signal: AbortSignal, query: URLSearchParams): Promise<RequestContext> {
    const metadata = new Metadata();
    const { authorization } = incoming.headers;
    if (authorization !== undefined) metadata.set('authorization', authorization);
    const { remoteAddress = '', remotePort = 0 } = incoming.socket;
    return {
      user: await this.#deps.authenticate({ peer: `${remoteAddress}:${remotePort}`, metadata }),
      signal,
      fieldManager: query.get('fieldManager') || (incoming.headers['user-agent'] ?? '').split('/', 1)[0]!,
      fieldValidation: 'Strict',
      warn: () => undefined,
    };
  }

  #typeOf({ group, version: wanted, resource }: ResourceRoute): Pick<ResourceRequest, 'form' | 'kind'> {
    const apiVersion = apiVersionOf({ group, version: wanted });
    const form = this.#deps.kinds.served(apiVersion, resource) ?? virtualKinds.served(apiVersion, resource);
    if (form === undefined) throw notFound();
    return { form, kind: form.kind };
  }

  #allKinds(): Kind[] {
    return [...this.#deps.kinds.kinds, ...this.#deps.virtual.map(({ kind }) => kind)];
  }

  #openPath(path: string, response: Outgoing): void {
    if (path === '/version') {
      sendDocument(response, 200, {
        ...version,
        goVersion: '',
        compiler: 'node',
        platform: `${process.platform}/${process.arch}`,
      });
      return;
    }
    const isReady = !isAt(path, '/readyz') || this.#deps.ready();
    sendText(response, isReady ? 200 : 500, isReady ? 'ok' : 'not ready', 'text/plain; charset=utf-8');
  }

  #document(path: string, incoming: Incoming, response: Outgoing): void {
    const { accept } = incoming.headers;
    const wanted = wantedBy(accept, { encodings: ['json', 'yaml'], discovery: true });
    if (wanted === undefined) throw notAcceptable(['json', 'yaml']);
    const document =
      discoveryAt(path.replace(/\/$/, ''), this.#allKinds(), wanted, `${this.#options.host}:${this.#options.port}`) ??
      this.#openApi.documentAt(path);
    if (document === undefined) throw notFound();
    if (wanted.form === 'discovery' && 'items' in document) {
      const type = `application/json;g=apidiscovery.k8s.io;v=${wanted.version};as=APIGroupDiscoveryList`;
      sendText(response, 200, JSON.stringify(document), type);
    } else sendDocument(response, 200, document, wanted);
  }
}

/** The encoding of a refusal: a Status has no form but its own. */
function onlyEncoding(wanted: Wanted | undefined): Pick<Wanted, 'encoding'> | undefined {
  return wanted && { encoding: wanted.encoding };
}

function isAt(path: string, root: string): boolean {
  return path === root || path.startsWith(`${root}/`);
}

function urlOf(text: string): URL {
  try {
    return new URL(text, 'http://localhost');
  } catch (cause) {
    throw new GantryError('BadRequest', `the URL ${JSON.stringify(text.slice(0, 200))} cannot be read`, { cause });
  }
}

function notFound(): GantryError {
  return new GantryError('NotFound', 'the server could not find the requested resource');
}

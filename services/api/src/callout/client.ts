import type { ClientRequest, IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { Agent, type RequestOptions, request } from 'node:https';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { type ConnectionOptions, connect, createSecureContext } from 'node:tls';
import type { Clock } from '@gantry/runtime/clock.ts';
import { GantryError, isError } from '@gantry/runtime/errors.ts';
import { brokenOff, refusedWith, unanswered } from './failure.ts';
import type { Endpoint, Routes } from './routes.ts';
import { addressOf, type CalloutTarget, portOf, serverNameOf, textOf } from './target.ts';
import { textIn } from './text.ts';

/** Opens a connection to a port of a pod. */
export type DialPod = (target: NonNullable<Endpoint['pod']>) => Duplex;

/** A certificate that the api shows to those whom it calls, and its key, in PEM. */
export interface CalloutIdentity {
  readonly cert: string;
  readonly key: string;
}

interface Deps {
  readonly routes: Pick<Routes, 'find'>;
  readonly dialPod: DialPod;
  readonly clock: Clock;
  /** Shown to servers that ask for a certificate; none is shown without. */
  readonly identity?: (() => CalloutIdentity | undefined) | undefined;
  /** Connections to one place at a time, 64 if absent: further requests wait. */
  readonly maxSockets?: number | undefined;
}

/** An answer, whatever its status. */
export interface CalloutAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface CallOptions {
  /** Milliseconds from the call to the end of the answer. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Bytes of an answer; longer ones are errors. */
  readonly maxAnswerBytes?: number;
}

/** Kubernetes' words for an answer that is no JSON. */
const noJson =
  'couldn\'t get version/kind; json parse error: json: cannot unmarshal string into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';
/** Places to which connections are kept; the one that was not used for longest is closed. */
const maxAgents = 200;
/** Milliseconds that a connection is kept unused. */
const idleMs = 60_000;
const maxSocketsEach = 64;
const maxFreeSocketsEach = 8;
/** An object with the patch of all its fields, and room for the lists that are converted. */
const defaultMaxAnswerBytes = 16 * 1024 * 1024;
/** Bytes of a question: two states of an object, and what is known of the request. */
const maxQuestionBytes = 32 * 1024 * 1024;
/** A connection that its server closed while it was idle fails before it is used: a further one is tried. */
const maxAttempts = 3;

/**
 * Calls over HTTPS from the api to the outside: webhooks of every kind and aggregated api servers. Connections are kept alive and
 * shared, by address and authority. Redirections are not followed.
 */
export class Callouts implements Disposable {
  readonly #deps: Deps;
  readonly #agents = new Map<string, PodAgent>();

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /**
   * Asks a target in JSON, and takes its answer in JSON, whatever type it says that it is of. Throws a GantryError in Kubernetes' words, to which the caller adds what it
   * called for: ServiceUnavailable where there is no answer, that of the status where it is no success, Timeout after the time.
   */
  async ask(target: CalloutTarget, question: string, options: CallOptions): Promise<unknown> {
    const { status, headers, body } = await this.post(target, question, options);
    const type = headers['content-type'] ?? '';
    if (status < 200 || status > 206) throw refusedWith(status, type, body);
    if (body === '') {
      const text = `0-length response with status code: ${status} and content type: ${type}`;
      throw new GantryError('ServiceUnavailable', text);
    }
    try {
      return JSON.parse(body);
    } catch (cause) {
      throw new GantryError('ServiceUnavailable', noJson, { cause });
    }
  }

  /** Posts JSON. @param question The body. */
  async post(target: CalloutTarget, question: string, options: CallOptions): Promise<CalloutAnswer> {
    const { timeoutMs, signal, maxAnswerBytes = defaultMaxAnswerBytes } = options;
    const address = addressIn(target);
    address.searchParams.set('timeout', `${Math.max(1, Math.ceil(timeoutMs / 1_000))}s`);
    const body = Buffer.from(question);
    if (body.length > maxQuestionBytes) {
      throw new GantryError(
        'RequestEntityTooLarge',
        `the question has ${body.length} bytes, at most ${maxQuestionBytes}`,
      );
    }
    const text = textOf(address, target);
    using deadline = new Deadline(this.#deps.clock, timeoutMs, signal);
    const answer = await this.#answerTo(target, address, body, deadline.signal).catch((error: unknown) => {
      throw unanswered(text, deadline.reasonOr(error));
    });
    try {
      const { statusCode: status = 0, headers } = answer;
      return { status, headers, body: await textIn(answer, maxAnswerBytes) };
    } catch (error) {
      throw brokenOff(deadline.reasonOr(error));
    }
  }

  /**
   * Begins a request to a target. The caller ends its body, takes its `response`, and listens to its `error`. Throws as `Routes.find`.
   * @param path With its query.
   */
  async open(
    target: CalloutTarget,
    wanted: {
      readonly method: string;
      readonly path: string;
      readonly headers: OutgoingHttpHeaders;
      readonly signal: AbortSignal;
    },
  ): Promise<ClientRequest> {
    const address = addressIn(target);
    const { service } = target;
    const endpoint = service && (await this.#deps.routes.find(service));
    wanted.signal.throwIfAborted();
    const host = endpoint?.host ?? address.hostname.replace(/^\[|\]$/g, '');
    const options: RequestOptions & Pick<Endpoint, 'pod'> = {
      ...wanted,
      agent: this.#agentFor(target),
      host,
      port: endpoint?.port ?? portOf(address),
      servername: service ? serverNameOf(service) : isIP(host) ? '' : host,
      ...(endpoint?.pod === undefined ? {} : { pod: endpoint.pod }),
      headers: { host: address.host, ...wanted.headers },
    };
    return request(options);
  }

  [Symbol.dispose](): void {
    for (const agent of this.#agents.values()) agent.destroy();
    this.#agents.clear();
  }

  async #answerTo(target: CalloutTarget, address: URL, body: Buffer, signal: AbortSignal): Promise<IncomingMessage> {
    for (let attempt = 1; ; attempt++) {
      const call = await this.open(target, {
        method: 'POST',
        path: `${address.pathname}${address.search}`,
        headers: { 'content-type': 'application/json', accept: 'application/json', 'content-length': body.length },
        signal,
      });
      try {
        return await answerOf(call, body);
      } catch (error) {
        const isStale = call.reusedSocket && !signal.aborted && wasClosed(error);
        if (!isStale || attempt >= maxAttempts) throw error;
      }
    }
  }

  #agentFor({ service, url, caBundle, insecure = false }: CalloutTarget): PodAgent {
    const place = service ? `${service.namespace}/${service.name}` : addressIn({ url }).host;
    const identity = this.#deps.identity?.();
    const key = JSON.stringify([place, caBundle, insecure, identity?.cert]);
    const known = this.#agents.get(key);
    const agent = known ?? new PodAgent(this.#deps, tlsOf({ caBundle, insecure }, identity));
    // The map's order is that of use.
    this.#agents.delete(key);
    this.#agents.set(key, agent);
    for (const [oldest, unused] of this.#agents) {
      if (this.#agents.size <= maxAgents) break;
      unused.destroy();
      this.#agents.delete(oldest);
    }
    return agent;
  }
}

/** Connections to one target, some of them through the agents of nodes. */
class PodAgent extends Agent {
  readonly #dialPod: DialPod;

  constructor({ dialPod, maxSockets = maxSocketsEach }: Pick<Deps, 'dialPod' | 'maxSockets'>, tls: ConnectionOptions) {
    super({
      keepAlive: true,
      maxSockets,
      maxFreeSockets: maxFreeSocketsEach,
      timeout: idleMs,
      maxCachedSessions: 0,
      ...tls,
    });
    this.#dialPod = dialPod;
  }

  override createConnection(...given: Parameters<Agent['createConnection']>): ReturnType<Agent['createConnection']> {
    const { pod, ...options } = given[0] as ConnectionOptions & Pick<Endpoint, 'pod'>;
    if (pod === undefined) return super.createConnection(...given);
    const socket = this.#dialPod(pod);
    return connect({ ...options, socket } as ConnectionOptions);
  }
}

function tlsOf(
  { caBundle = '', insecure }: Pick<CalloutTarget, 'caBundle' | 'insecure'>,
  identity: CalloutIdentity | undefined,
): ConnectionOptions {
  const ca = Buffer.from(caBundle, 'base64').toString();
  const own = identity === undefined ? {} : { cert: identity.cert, key: identity.key };
  const authorities = ca.trim() === '' ? {} : { ca };
  return {
    secureContext: createSecureContext({ ...authorities, ...own, allowPartialTrustChain: true }),
    rejectUnauthorized: !insecure,
  };
}

function addressIn(target: CalloutTarget): URL {
  try {
    return addressOf(target);
  } catch (cause) {
    throw new GantryError('BadRequest', `Unparsable URL: ${(cause as Error).message}`, { cause });
  }
}

function answerOf(call: ClientRequest, body: Buffer): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  call.once('response', resolve);
  call.on('error', reject);
  call.end(body);
  return promise;
}

function wasClosed(error: unknown): boolean {
  const { code } = error as { readonly code?: string };
  return code === 'ECONNRESET' || code === 'EPIPE';
}

/** The end of a call: its time is over, or nobody wants its answer any more. */
class Deadline implements Disposable {
  readonly #done = new AbortController();
  readonly #over = new AbortController();
  readonly signal: AbortSignal;

  constructor(clock: Clock, timeoutMs: number, signal: AbortSignal) {
    this.signal = AbortSignal.any([signal, this.#over.signal]);
    clock.sleep(timeoutMs, this.#done.signal).then(
      () => this.#over.abort(new GantryError('Timeout', 'context deadline exceeded')),
      () => undefined,
    );
  }

  /** The reason of the end where there was one, else the given error. */
  reasonOr(error: unknown): unknown {
    if (!this.signal.aborted) return error;
    const { reason } = this.signal;
    return isError(reason, 'Timeout') ? reason : new GantryError('Cancelled', 'context canceled', { cause: reason });
  }

  [Symbol.dispose](): void {
    this.#done.abort();
  }
}

import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type {
  ExecInput,
  ExecOutput,
  ExecStart,
  LogsRequest,
  PortForwardChunk,
  PortForwardStart,
} from '@gantry/client/pod-messages.ts';
import { builtIn } from '@gantry/model/built-in.ts';
import type { CertificateSource } from '@gantry/runtime/certificates.ts';
import { systemClock } from '@gantry/runtime/clock.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { WebSocket } from 'ws';
import { builtInPlace } from '../../../aggregation/priorities.ts';
import type { Aggregation } from '../../../aggregation/start.ts';
import type { RequestContext } from '../../../core/context.ts';
import { FlowControl } from '../../../flow/flow-control.ts';
import { FlowView } from '../../../flow/view.ts';
import type { MetricApis } from '../../metric-apis.ts';
import type { ResourceDeps } from '../../request.ts';
import { type RestDeps, type RestServer, serveRest } from '../../server.ts';

/** A command as a test plays it. */
export type Command = (input: AsyncIterable<ExecInput>, signal: AbortSignal) => AsyncGenerator<ExecOutput>;

/** A port of a pod as a test plays it. */
export type Connection = (
  start: PortForwardStart,
  input: AsyncIterable<PortForwardChunk>,
  signal: AbortSignal,
) => AsyncGenerator<PortForwardChunk>;

/** Pods of one REST edge: a command and a port that the test sets, and a record of what was started. */
export class FakePods {
  command: Command = async function* () {};
  connection: Connection = async function* () {};
  /** Pieces of the log of every container. */
  log: readonly string[] = [];
  askedLog: LogsRequest | undefined;
  started: { readonly method: string; readonly start: ExecStart } | undefined;

  readonly proxy: ResourceDeps['pods'] = {
    admitProxy: async () => undefined,
    nodeBackend: async (id) => {
      throw new GantryError('NotFound', `nodes "${id}" not found`);
    },
    logs: (_context, request) => this.#logs(request),
    check: async (_context, _resource, { pod, container }) => {
      if (pod !== 'web') throw new GantryError('NotFound', `pods "${pod}" not found`);
      if (container === 'other') throw new GantryError('BadRequest', 'container other is not valid for pod web');
    },
    exec: (context: RequestContext, method, start, input) => {
      this.started = { method, start };
      return this.command(input, context.signal);
    },
    portForward: (context, start, input) => this.connection(start, input, context.signal),
    target: async (_resource, namespace, id) => {
      const [scheme, pod, port = '80'] = id.split(':').length === 3 ? id.split(':') : ['http', ...id.split(':')];
      if (pod !== 'web') throw new GantryError('NotFound', `pods "${pod}" not found`);
      return { namespace, pod, port: Number(port), scheme: scheme as 'http', host: `10.0.0.1:${port}` };
    },
    dial: (context, { namespace, pod, port }, input) =>
      this.connection({ namespace, pod, port }, input, context.signal),
  };

  async *#logs(request: LogsRequest): AsyncGenerator<{ readonly data: Uint8Array }> {
    if (request.ref?.pod !== 'web') throw new GantryError('NotFound', `pods "${request.ref?.pod}" not found`);
    this.askedLog = request;
    for (const piece of this.log) yield { data: Buffer.from(piece) };
  }
}

/** Starts a REST edge that serves nothing but streams of pods, and what a test has of the core. */
export function startEdge(
  pods: Pick<ResourceDeps['pods'], never>,
  parts: {
    readonly api?: Partial<ResourceDeps['api']>;
    readonly tls?: CertificateSource;
    /** Seats of the server. */
    readonly seats?: number;
  } = {},
): Promise<RestServer> {
  const { api, tls, seats = 100 } = parts;
  const deps = {
    pods,
    api: { expectedListChars: () => undefined, ...api },
    aggregation: noAggregation,
    metricApis: noMetrics,
    flow: new FlowControl({ view: new FlowView(), clock: systemClock, seats }),
    clock: systemClock,
    random: () => 0.5,
    kinds: builtIn,
    virtual: [],
    checks: [],
    observed: () => () => undefined,
    log: silentLogger,
    authorize: () => undefined,
    authenticate: ({ metadata }) => {
      if (metadata.get('authorization')[0] !== 'Bearer good') throw new GantryError('Unauthorized', 'Unauthorized');
      return { name: 'admin', groups: [] };
    },
  } satisfies Partial<Record<keyof RestDeps, unknown>> & Pick<RestDeps, 'authenticate'>;
  return serveRest(deps as unknown as RestDeps, { host: '127.0.0.1', port: 0, maxBodyBytes: 1024, tls });
}

/** Nothing is measured. */
const noMetrics: Pick<MetricApis, 'served' | 'routeIn' | 'onUpdate'> = {
  served: { placeOf: builtInPlace, remotes: [] },
  routeIn: () => undefined,
  onUpdate: () => ({ [Symbol.dispose]: () => undefined }),
};

/** No version is another server's. */
const noAggregation: Aggregation = {
  remote: () => undefined,
  served: { placeOf: builtInPlace, remotes: [] },
  callouts: { open: () => Promise.reject(new Error('nobody is called here')) },
  onUpdate: () => ({ [Symbol.dispose]: () => undefined }),
};

type Headers = Readonly<Record<string, string>>;

/** A WebSocket of a client, and every message that arrived on it. */
export class TestClient {
  readonly socket: WebSocket;
  readonly messages: Buffer[] = [];
  readonly closed: Promise<number>;

  constructor(edge: RestServer, path: string, protocols: string[], token = 'good', headers: Headers = {}) {
    const url = `ws://127.0.0.1:${edge.port}/api/v1/namespaces/default/pods/${path}`;
    this.socket = new WebSocket(url, protocols, { headers: { authorization: `Bearer ${token}`, ...headers } });
    this.socket.on('message', (data: Buffer) => this.messages.push(data));
    this.closed = once(this.socket, 'close').then(([code]) => code as number);
    this.closed.catch(() => undefined);
  }

  /** The bytes that arrived on a channel, as text. */
  text(channel: number): string {
    return Buffer.concat(
      this.messages.filter(([first]) => first === channel).map((each) => each.subarray(1)),
    ).toString();
  }

  send(channel: number, data: string | Buffer): void {
    this.socket.send(Buffer.concat([Buffer.of(channel), Buffer.from(data)]));
  }
}

/** The HTTP answer to a WebSocket that is refused. */
export async function refusalOf(
  edge: RestServer,
  path: string,
  protocols: string[],
  token = 'good',
  headers: Headers = {},
): Promise<object> {
  const { socket } = new TestClient(edge, path, protocols, token, headers);
  socket.on('error', () => undefined);
  const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage];
  const chunks = await Array.fromAsync(response as AsyncIterable<Buffer>);
  return JSON.parse(Buffer.concat(chunks).toString());
}

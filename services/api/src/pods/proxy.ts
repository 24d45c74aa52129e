import type { Credentials } from '@gantry/client/credentials.ts';
import type {
  ContainerRef,
  ContainerStats,
  ExecInput,
  ExecOutput,
  ExecStart,
  LogsRequest,
  PortForwardChunk,
  PortForwardStart,
  StatsRequest,
} from '@gantry/client/pod-messages.ts';
import type { DuplexCall } from '@gantry/client/pods.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import { attemptOn } from '../auth/authorization.ts';
import type { CoreDeps, RequestContext } from '../core/context.ts';
import type { AgentConnections } from './agents.ts';
import {
  admitConnection,
  type ConnectOptions,
  execOptions,
  forwardOptions,
  type ProxiedResource,
  proxyOptions,
} from './connect.ts';
import { type Agent, agentOf, containerOf, locatePod } from './locate.ts';
import { type Backend, nodeBackend } from './node-port.ts';
import { type ProxyTarget, podTarget, serviceTarget } from './targets.ts';

export interface ProxyDeps extends CoreDeps {
  readonly agents: AgentConnections;
  /** Proof that nodes ask of the api. */
  readonly credentials: Credentials;
}

/** Nodes that are asked for their figures at one time. */
const maxParallelStats = 32;
const statsTimeoutMs = 5_000;

/** Opens a call of an agent that goes both ways. */
type OpenCall<Input, Output> = (
  pod: Parameters<typeof containerOf>[0],
  agent: Parameters<Parameters<AgentConnections['stream']>[1]>[0],
  signal: AbortSignal,
) => DuplexCall<Input, Output>;

/** A subresource of a pod to which a connection is asked for. */
interface Place {
  readonly resource: `pods/${string}`;
  readonly namespace: string;
  readonly name: string;
  /** Undefined where admission was asked already. */
  readonly options: ConnectOptions | undefined;
}

/** Passes calls about running pods on to the agents of their nodes. */
export class PodProxy {
  readonly #deps: ProxyDeps;
  #streams = 0;

  constructor(deps: ProxyDeps) {
    this.#deps = deps;
  }

  /** Log of a container. */
  async *logs(context: RequestContext, request: LogsRequest): AsyncGenerator<{ readonly data: Uint8Array }> {
    using _open = this.#open();
    const { namespace = '', pod: name = '', container = '' } = request.ref ?? {};
    this.#authorize(context, 'pods/log', namespace, name);
    const { pod, agent } = await locatePod(this.#deps, namespace, name);
    const asked = { ...request, ref: { namespace, pod: name, container: containerOf(pod, container) } };
    for await (const data of this.#deps.agents.stream(agent, (calls) => calls.logs(asked, context.signal))) {
      yield { data };
    }
  }

  /**
   * Throws the refusal that opening a stream to a pod would end with, for an edge that must refuse before it streams.
   * @param options Those of the request as Kubernetes has them, such as PodExecOptions: admission is asked about them here, and no more
   * by a call that says that it is checked.
   */
  async check(
    context: RequestContext,
    resource: 'pods/exec' | 'pods/attach' | 'pods/portforward',
    { namespace, pod: name, container }: ContainerRef,
    options: ConnectOptions,
  ): Promise<void> {
    using _open = this.#open();
    this.#authorize(context, resource, namespace, name);
    await admitConnection(this.#deps, context, resource, { namespace, name, options });
    const { pod } = await locatePod(this.#deps, namespace, name);
    if (resource !== 'pods/portforward') containerOf(pod, container ?? '');
  }

  /** Runs a command in a container (or, without one, connects to the container's own streams). */
  exec(
    context: RequestContext,
    method: 'exec' | 'attach',
    start: ExecStart,
    input: AsyncIterable<ExecInput>,
    isChecked = false,
  ): AsyncGenerator<ExecOutput> {
    const { namespace = '', pod = '' } = start.ref ?? {};
    const options = isChecked ? undefined : execOptions(method, { ...start, stdout: true, stderr: !start.tty });
    const place = { resource: `pods/${method}`, namespace, name: pod, options } as const;
    return this.#duplex(context, place, input, (located, agent, signal) => {
      const container = containerOf(located, start.ref?.container ?? '');
      return agent[method]({ ...start, ref: { namespace, pod, container } }, signal);
    });
  }

  /** One connection to a port of a pod. */
  portForward(
    context: RequestContext,
    start: PortForwardStart,
    input: AsyncIterable<PortForwardChunk>,
    isChecked = false,
  ): AsyncGenerator<PortForwardChunk> {
    const { namespace = '', pod = '', port } = start;
    if (!(port >= 1 && port <= 65_535)) {
      throw new GantryError('BadRequest', `start.port: Invalid value: ${port}: must be between 1 and 65535, inclusive`);
    }
    const options = isChecked ? undefined : forwardOptions([port]);
    const place = { resource: 'pods/portforward', namespace, name: pod, options } as const;
    return this.#duplex(context, place, input, (_, agent, signal) => agent.portForward(start, signal));
  }

  /**
   * The port of a pod that a name in a proxy's path stands for: `name`, `name:port` or `scheme:name:port`. Authorizes nothing.
   * @param resource A service stands for one of its ready pods.
   */
  target(resource: 'pods' | 'services', namespace: string, id: string): Promise<ProxyTarget> {
    return resource === 'pods'
      ? podTarget(this.#deps, namespace, id)
      : serviceTarget(this.#deps, namespace, id, this.#deps.entropy.random);
  }

  /** The port of a node that a name in a proxy's path stands for. Authorizes nothing. */
  nodeBackend(id: string): Promise<Backend> {
    return nodeBackend(this.#deps, id);
  }

  /** Asks admission about a connection through a proxy. */
  admitProxy(
    context: RequestContext,
    resource: ProxiedResource,
    namespace: string,
    id: string,
    path: string,
  ): Promise<void> {
    const options = proxyOptions(resource, path);
    return admitConnection(this.#deps, context, `${resource}/proxy`, { namespace, name: id, options });
  }

  /** One connection to a target, for a caller that has authorized it. */
  async *dial(
    context: RequestContext,
    { namespace, pod, port }: Pick<ProxyTarget, 'namespace' | 'pod' | 'port'>,
    input: AsyncIterable<PortForwardChunk>,
  ): AsyncGenerator<PortForwardChunk> {
    using _open = this.#open();
    yield* this.#passOn(context, namespace, pod, input, (_, agent, signal) =>
      agent.portForward({ namespace, pod, port }, signal),
    );
  }

  /** Current resource usage of running containers. Nodes that do not answer are left out. */
  async stats(context: RequestContext, request: StatsRequest): Promise<readonly ContainerStats[]> {
    const { namespace = '', pod = '' } = request;
    this.#deps.authorize(context.user, attemptOn('get', 'pods/stats', { namespace }));
    if (pod !== '') {
      const { agent } = await locatePod(this.#deps, namespace, pod);
      return this.#statsOf(agent, request, context.signal);
    }
    const agents = await this.#allAgents();
    const found: ContainerStats[] = [];
    for (let start = 0; start < agents.length; start += maxParallelStats) {
      const part = agents.slice(start, start + maxParallelStats);
      const answers = await Promise.allSettled(part.map((agent) => this.#statsOf(agent, request, context.signal)));
      context.signal.throwIfAborted();
      for (const answer of answers) if (answer.status === 'fulfilled') found.push(...answer.value);
    }
    return found;
  }

  async #statsOf(agent: Agent, request: StatsRequest, signal: AbortSignal): Promise<readonly ContainerStats[]> {
    const options = { signal, timeoutMs: statsTimeoutMs };
    return (await this.#deps.agents.call(agent, (calls) => calls.stats(request, options))).containers;
  }

  async #allAgents(): Promise<Agent[]> {
    const { entries } = await this.#deps.store.list({ prefix: 'nodes/' });
    return entries.flatMap((entry) => {
      try {
        return [agentOf(this.#deps.cache.decode(entry).object as never)];
      } catch {
        // A node that has not said where its agent is has nothing to report.
        return [];
      }
    });
  }

  /** Passes messages both ways until either side ends. Each way waits for a slow receiver. */
  async *#duplex<Input, Output>(
    context: RequestContext,
    { resource, namespace, name, options }: Place,
    input: AsyncIterable<Input>,
    open: OpenCall<Input, Output>,
  ): AsyncGenerator<Output> {
    using _open = this.#open();
    this.#authorize(context, resource, namespace, name);
    if (options !== undefined) await admitConnection(this.#deps, context, resource, { namespace, name, options });
    yield* this.#passOn(context, namespace, name, input, open);
  }

  async *#passOn<Input, Output>(
    context: RequestContext,
    namespace: string,
    name: string,
    input: AsyncIterable<Input>,
    open: OpenCall<Input, Output>,
  ): AsyncGenerator<Output> {
    const { pod, agent } = await locatePod(this.#deps, namespace, name);
    yield* this.#deps.agents.stream(agent, async function* (calls) {
      using call = open(pod, calls, context.signal);
      const sending = sendAll(call, input);
      yield* call.output;
      void sending;
    });
  }

  #authorize(context: RequestContext, resource: string, namespace: string, name: string): void {
    const verb = resource === 'pods/log' ? 'get' : 'create';
    this.#deps.authorize(context.user, attemptOn(verb, resource, { namespace, name }));
  }

  #open(): Disposable {
    const most = this.#deps.limits.maxPodStreams;
    if (this.#streams >= most) {
      throw new GantryError('TooManyRequests', `too many logs, commands and forwarded ports are open, at most ${most}`);
    }
    this.#streams++;
    return { [Symbol.dispose]: () => void this.#streams-- };
  }
}

/** Sends the caller's messages on. Throws nothing: a failure of the agent's side shows in the call's output. */
async function sendAll<Input>(call: DuplexCall<Input, unknown>, input: AsyncIterable<Input>): Promise<void> {
  try {
    for await (const message of input) await call.write(message);
    call.end();
  } catch {
    call[Symbol.dispose]();
  }
}

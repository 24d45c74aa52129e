import type { Credentials } from '@gantry/client/credentials.ts';
import { PodCalls } from '@gantry/client/pods.ts';
import { type Clock, systemClock } from '@gantry/runtime/clock.ts';
import { nodeUserName } from '@gantry/runtime/identities.ts';
import { Client as GrpcClient } from '@grpc/grpc-js';
import type { Agent } from './locate.ts';

interface Connection {
  readonly channel: GrpcClient;
  readonly calls: PodCalls;
  /** Calls that use it now. */
  users: number;
  /** End of the last call, by the monotonic clock. */
  usedAtMs: number;
}

/**
 * Connections that are kept for ever; beyond this one closes when it is idle for a minute, the longest idle one first. A connection takes
 * a quarter of a megabyte, and making it eight times the processor time of a question: whoever asks all nodes again and again has them kept.
 */
const maxIdle = 64;
const idleMs = 60_000;
const tidyMs = 15_000;
/** Connections that are kept at most. */
const maxKept = 2_000;
const unaryTimeoutMs = 10_000;

/** Connections to node agents, one an agent, shared by the calls to it. */
export class AgentConnections implements Disposable {
  readonly #byAgent = new Map<string, Connection>();
  readonly #credentials: Credentials;

  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #timer: NodeJS.Timeout;

  /** @param credentials Proof for the agents that the api calls. */
  constructor(credentials: Credentials, clock: Pick<Clock, 'monotonic'> = systemClock) {
    this.#credentials = credentials;
    this.#clock = clock;
    this.#timer = setInterval(() => this.tidy(), tidyMs).unref();
  }

  /** How many connections are open. */
  get size(): number {
    return this.#byAgent.size;
  }

  /** Runs `use` with the agent's calls; the connection stays open until it is done. */
  async *stream<T>(agent: Agent, use: (agent: PodCalls) => AsyncIterable<T>): AsyncGenerator<T> {
    const connection = this.#take(agent);
    try {
      yield* use(connection.calls);
    } finally {
      this.#giveBack(connection);
    }
  }

  /** The same for one answer. */
  async call<T>(agent: Agent, use: (agent: PodCalls) => Promise<T>): Promise<T> {
    const connection = this.#take(agent);
    try {
      return await use(connection.calls);
    } finally {
      this.#giveBack(connection);
    }
  }

  #take(agent: Agent): Connection {
    // A node that took over another's address is another agent, with another certificate.
    const key = `${agent.nodeName} ${agent.address}`;
    const connection = this.#byAgent.get(key) ?? this.#open(agent);
    connection.users++;
    // The map's order is that of use.
    this.#byAgent.delete(key);
    this.#byAgent.set(key, connection);
    return connection;
  }

  #open({ nodeName, address }: Agent): Connection {
    const { transport, options } = this.#credentials.dial(nodeUserName(nodeName));
    const channel = new GrpcClient(address, transport, {
      ...options,
      'grpc.keepalive_time_ms': 20_000,
      'grpc.keepalive_timeout_ms': 10_000,
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 2_000,
      'grpc.use_local_subchannel_pool': 1,
    });
    return {
      channel,
      calls: new PodCalls(channel, { timeoutMs: unaryTimeoutMs, whenAway: 'fail' }),
      users: 0,
      usedAtMs: 0,
    };
  }

  #giveBack(connection: Connection): void {
    connection.users--;
    connection.usedAtMs = this.#clock.monotonic();
    if (this.#byAgent.size > maxKept) this.tidy();
  }

  /** Closes connections that nobody used lately. */
  tidy(): void {
    const now = this.#clock.monotonic();
    for (const [key, { users, usedAtMs, channel }] of this.#byAgent) {
      const { size } = this.#byAgent;
      if (size <= maxIdle) return;
      if (users > 0 || (now - usedAtMs < idleMs && size <= maxKept)) continue;
      this.#byAgent.delete(key);
      channel.close();
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    for (const { channel } of this.#byAgent.values()) channel.close();
    this.#byAgent.clear();
  }
}

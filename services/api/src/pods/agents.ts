import type { Credentials } from '@gantry/client/credentials.ts';
import { PodCalls } from '@gantry/client/pods.ts';
import { Client as GrpcClient } from '@grpc/grpc-js';

interface Connection {
  readonly channel: GrpcClient;
  readonly calls: PodCalls;
  /** Calls that use it now. */
  users: number;
}

/** Connections kept open; beyond this, the least recently used idle one is closed. */
const maxIdle = 64;
const unaryTimeoutMs = 10_000;

/** Connections to node agents, one an address, shared by the calls to it. */
export class AgentConnections implements Disposable {
  readonly #byAddress = new Map<string, Connection>();
  readonly #credentials: Credentials;

  /** @param credentials Proof for the agents that the api calls. */
  constructor(credentials: Credentials) {
    this.#credentials = credentials;
  }

  /** Runs `use` with the agent's calls; the connection stays open until it is done. */
  async *stream<T>(address: string, use: (agent: PodCalls) => AsyncIterable<T>): AsyncGenerator<T> {
    const connection = this.#take(address);
    try {
      yield* use(connection.calls);
    } finally {
      this.#giveBack(connection);
    }
  }

  /** The same for one answer. */
  async call<T>(address: string, use: (agent: PodCalls) => Promise<T>): Promise<T> {
    const connection = this.#take(address);
    try {
      return await use(connection.calls);
    } finally {
      this.#giveBack(connection);
    }
  }

  #take(address: string): Connection {
    const connection = this.#byAddress.get(address) ?? this.#open(address);
    connection.users++;
    // The map's order is that of use.
    this.#byAddress.delete(address);
    this.#byAddress.set(address, connection);
    return connection;
  }

  #open(address: string): Connection {
    const { channel: transport, interceptors } = this.#credentials;
    const channel = new GrpcClient(address, transport, {
      interceptors: [...interceptors],
      'grpc.keepalive_time_ms': 20_000,
      'grpc.keepalive_timeout_ms': 10_000,
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 2_000,
      'grpc.use_local_subchannel_pool': 1,
    });
    return { channel, calls: new PodCalls(channel, { timeoutMs: unaryTimeoutMs, whenAway: 'fail' }), users: 0 };
  }

  #giveBack(connection: Connection): void {
    connection.users--;
    if (this.#byAddress.size <= maxIdle) return;
    for (const [address, oldest] of this.#byAddress) {
      if (oldest.users > 0) continue;
      this.#byAddress.delete(address);
      oldest.channel.close();
      return;
    }
  }

  [Symbol.dispose](): void {
    for (const { channel } of this.#byAddress.values()) channel.close();
    this.#byAddress.clear();
  }
}

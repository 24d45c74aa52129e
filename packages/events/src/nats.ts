import { setTimeout as delay } from 'node:timers/promises';
import { rootCertificates } from 'node:tls';
import { type BackoffPolicy, backoffMs } from '@gantry/runtime/backoff.ts';
import { type CertificateSource, tlsSettings } from '@gantry/runtime/certificates.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import {
  connect,
  InvalidArgumentError,
  type NatsConnection,
  type Subscription as NatsSubscription,
  type TlsOptions,
} from '@nats-io/transport-node';
import type { EventBus, MessageHandler, Subscription } from './events.ts';
import { callHandler } from './handlers.ts';

/** How the bus connects. */
export interface NatsOptions {
  /** Such as nats://user:password@127.0.0.1:4222; several servers of one cluster, separated by commas. */
  readonly url: string;
  /** Name of this client in the server's lists. */
  readonly name?: string | undefined;
  /** Proof of the client's name, and the authority by which servers of `tls://` are known, beside the public ones. */
  readonly certificates?: CertificateSource | undefined;
  /** Waits between attempts to reconnect, which never end. */
  readonly backoff?: BackoffPolicy;
}

const reconnectBackoff: BackoffPolicy = { initialMs: 50, maxMs: 2_000, factor: 2, jitter: 0.5 };

/** The first connection must stand within this; later ones are tried for ever. */
const connectTimeoutMs = 5_000;

/** Publishers wait for the server once this many bytes are under way: bounds memory when they outrun the connection. */
const maxUnflushedBytes = 4 * 1024 * 1024;

/** Closing waits this long for what is pending to be sent; a server that hangs must not hold up the process. */
const drainTimeoutMs = 2_000;

/** Connects to NATS. Rejects with BadRequest for an address that makes no sense, ServiceUnavailable where no server answers. */
export async function openNats(options: NatsOptions): Promise<NatsBus> {
  const { servers, user, pass, secure } = parseServers(options.url);
  const policy = options.backoff ?? reconnectBackoff;
  const attempts = { count: 0 };
  try {
    const connection = await connect({
      servers,
      ...(user === '' ? {} : { user, pass }),
      ...(secure ? { tls: tlsOf(options.certificates) } : {}),
      name: options.name ?? 'gantry',
      timeout: connectTimeoutMs,
      maxReconnectAttempts: -1,
      // A server that hangs, or is behind a network that drops packets, is silent and not closed: it counts as gone after
      // two pings without an answer.
      pingInterval: 2_000,
      maxPingOut: 2,
      noAsyncTraces: true,
      reconnectDelayHandler: () => backoffMs(policy, ++attempts.count),
    });
    return new NatsBus(connection, () => {
      attempts.count = 0;
    });
  } catch (error) {
    throw new GantryError('ServiceUnavailable', `event bus ${servers.join(', ')} cannot be reached: ${text(error)}`, {
      cause: error,
    });
  }
}

/** The servers without what must not be logged, and the user and password of the first that names them. */
function parseServers(addresses: string): { servers: string[]; user: string; pass: string; secure: boolean } {
  const urls = addresses.split(',').map((address, index) => {
    const url = URL.parse(address.trim());
    if (url?.hostname) return url;
    throw new GantryError('BadRequest', `event bus address ${index + 1}: must have the form nats://host:port`);
  });
  const { username = '', password = '' } = urls.find((url) => url.username !== '') ?? {};
  const servers = urls.map((url) => `${url.protocol}//${url.host}`);
  const secure = urls.some(({ protocol }) => protocol === 'tls:');
  return { servers, user: decodeURIComponent(username), pass: decodeURIComponent(password), secure };
}

/** TLS settings, with which a server that speaks no TLS is refused. */
function tlsOf(certificates: CertificateSource | undefined): TlsOptions {
  // The library takes a list of authorities, as Node does, and declares one.
  return certificates === undefined ? {} : (tlsSettings(certificates, rootCertificates) as object);
}

const handedOver = Promise.resolve();

/** The bus over a NATS server or cluster: at most once, in the publisher's order. */
export class NatsBus implements EventBus {
  readonly #connection: NatsConnection;
  readonly #reconnectCallbacks = new Set<() => void>();
  #connected = true;
  #unflushedBytes = 0;
  #flushing: Promise<void> | undefined;

  /** @param onConnected Called each time a connection stands. */
  constructor(connection: NatsConnection, onConnected: () => void) {
    this.#connection = connection;
    void this.#followStatus(onConnected);
    void connection.closed().then(() => {
      this.#connected = false;
    });
  }

  /** Rejects with RequestEntityTooLarge, too, for a payload above the server's limit, 1 MiB by default. */
  publish(subject: string, payload: Uint8Array): Promise<void> {
    if (!this.#connected) return Promise.reject(unavailable());
    try {
      this.#connection.publish(subject, payload);
      this.#unflushedBytes += payload.length + subject.length;
      // One promise for nearly all messages, of which there are tens of thousands a second.
      if (this.#unflushedBytes < maxUnflushedBytes) return handedOver;
      return this.#flush().catch((error: unknown) => Promise.reject(this.#refusal(error)));
    } catch (error) {
      return Promise.reject(this.#refusal(error));
    }
  }

  #refusal(error: unknown): GantryError {
    if (!this.#connected) return unavailable();
    const reason = error instanceof InvalidArgumentError ? 'RequestEntityTooLarge' : 'ServiceUnavailable';
    return new GantryError(reason, `event bus: ${text(error)}`, { cause: error });
  }

  subscribe(pattern: string, handler: MessageHandler): Subscription {
    const subscription = this.#connection.subscribe(pattern, {
      callback: (error, message) => {
        if (error === null) callHandler(handler, message.subject, message.data);
      },
    });
    const ready = this.#known(subscription);
    // Whoever does not wait for it must not be ended by its rejection.
    ready.catch(() => {});
    return {
      ready,
      [Symbol.asyncDispose]: async () => subscription.unsubscribe(),
    };
  }

  onReconnect(callback: () => void): () => void {
    const own = (): void => callback();
    this.#reconnectCallbacks.add(own);
    return () => this.#reconnectCallbacks.delete(own);
  }

  /** Sends what is pending and closes. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#connection.isClosed()) return;
    if (!this.#connected) return this.#connection.close();
    const waited = new AbortController();
    const tooLate = delay(drainTimeoutMs, undefined, { signal: waited.signal }).catch(() => {});
    // A connection lost in the middle of a drain leaves nothing to wait for.
    await Promise.race([this.#connection.drain().catch(() => {}), tooLate]);
    waited.abort();
    await this.#connection.close();
  }

  /** Resolves when the server knows of the subscription; a lost connection makes it wait for the next one. */
  async #known(subscription: NatsSubscription): Promise<void> {
    while (!this.#connection.isClosed() && !subscription.isClosed()) {
      try {
        return await this.#connection.flush();
      } catch {
        await this.#nextConnection();
      }
    }
    throw new GantryError('ServiceUnavailable', 'the event bus was closed before the subscription stood');
  }

  #nextConnection(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        stop();
        resolve();
      };
      const stop = this.onReconnect(done);
      void this.#connection.closed().then(done);
    });
  }

  async #flush(): Promise<void> {
    this.#flushing ??= this.#connection.flush().finally(() => {
      this.#flushing = undefined;
      this.#unflushedBytes = 0;
    });
    await this.#flushing;
  }

  async #followStatus(onConnected: () => void): Promise<void> {
    for await (const status of this.#connection.status()) {
      if (status.type === 'disconnect') this.#connected = false;
      if (status.type === 'reconnect') {
        onConnected();
        await this.#announceReconnect();
      }
    }
  }

  /** Subscriptions were sent again, but the server may not have read them: a round trip later it has. */
  async #announceReconnect(): Promise<void> {
    try {
      await this.#connection.flush();
    } catch {
      return; // Lost again: the next reconnect announces itself.
    }
    this.#connected = true;
    for (const callback of [...this.#reconnectCallbacks]) callback();
  }
}

function unavailable(): GantryError {
  return new GantryError('ServiceUnavailable', 'the event bus has no connection to its server');
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

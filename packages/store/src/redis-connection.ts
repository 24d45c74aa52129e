import { rootCertificates } from 'node:tls';
import { backoffMs } from '@gantry/runtime/backoff.ts';
import { type CertificateSource, tlsSettings } from '@gantry/runtime/certificates.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import { Redis } from 'ioredis';
import { storeClosed } from './problems.ts';
import type { Script } from './redis-scripts.ts';

/** Address of a Redis server. */
export interface RedisAddress {
  /** Path of a Unix socket, in place of host and port. */
  readonly path?: string;
  readonly host: string;
  readonly port: number;
  /** Number of the database; Redis has 16 by default. */
  readonly database: number;
  readonly username?: string;
  readonly password?: string;
  readonly tls?: boolean;
  /** Proof of the client's name over TLS, and the authority by which the server is known, beside the public ones. */
  readonly certificates?: CertificateSource | undefined;
}

/** Waits between attempts to reach the server again. */
const reconnectBackoff = { initialMs: 50, maxMs: 2000, factor: 2, jitter: 0.5 };

/** A script on its way may have run although its answer was lost. */
export class AnswerLost extends Error {
  constructor(cause: unknown) {
    super('the connection to Redis was lost', { cause });
    this.name = 'AnswerLost';
  }
}

/**
 * A connection that is made when it is first needed, and comes back by itself. What was on its way when it broke rejects
 * with AnswerLost and is never sent again.
 */
export class RedisConnection implements AsyncDisposable {
  readonly #client: Redis;
  /** Address in words. */
  readonly #where: string;
  readonly #closing = new AbortController();
  /** Why the connection is not there, in the words of the system or of Redis. */
  #problem: string | undefined;

  /** A server that owes an answer and is silent for `silenceMs` milliseconds is taken for lost. */
  constructor(address: RedisAddress, silenceMs: number) {
    const { path, host, port, database, username, password, tls, certificates } = address;
    this.#where = path ?? `${host}:${port}`;
    this.#client = new Redis({
      ...(path === undefined ? { host, port } : { path }),
      db: database,
      username,
      password,
      ...(tls === true ? { tls: certificates ? tlsSettings(certificates, rootCertificates) : {} } : {}),
      protocol: 2,
      lazyConnect: true,
      // Nothing is queued or sent again behind our back: who sends knows whether sending twice is safe.
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      connectTimeout: silenceMs,
      socketTimeout: silenceMs,
      retryStrategy: (attempt) => backoffMs(reconnectBackoff, attempt),
    });
    this.#client.on('error', (error) => {
      this.#problem = error.message;
    });
    this.#client.on('ready', () => {
      this.#problem = undefined;
    });
    // A listener a call that waits for the connection, and those are bounded where they come from.
    this.#client.setMaxListeners(0);
  }

  /**
   * Resolves when commands can be sent. Rejects with ServiceUnavailable after `timeoutMs`, and when the connection was
   * disposed of.
   */
  async ready(timeoutMs: number): Promise<void> {
    if (this.#closing.signal.aborted) throw storeClosed();
    if (this.#client.status === 'ready') return;
    if (this.#client.status === 'wait') this.#client.connect().catch(() => {});
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const unreachable = (): void => {
      const problem = this.#problem ?? `no answer in ${timeoutMs} ms`;
      const message = `the Redis server at ${this.#where} cannot be reached: ${problem}`;
      reject(new GantryError('ServiceUnavailable', message));
    };
    const closed = (): void => reject(storeClosed());
    const timer = setTimeout(unreachable, timeoutMs);
    this.#client.once('ready', resolve);
    this.#closing.signal.addEventListener('abort', closed, { once: true });
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      this.#client.off('ready', resolve);
      this.#closing.signal.removeEventListener('abort', closed);
    }
  }

  /** Runs a script. Rejects with AnswerLost when the connection breaks, with a GantryError when Redis refuses it. */
  async run(script: Script, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    try {
      return await this.#client.evalsha(script.sha1, keys.length, ...keys, ...args);
    } catch (error) {
      if (!isReply(error, 'NOSCRIPT')) throw translate(error);
    }
    return this.#call('EVAL', script.source, keys.length, ...keys, ...args);
  }

  /** Sends any other command. Rejects as `run` does. */
  command(name: string, ...args: readonly (string | number)[]): Promise<unknown> {
    return this.#call(name, ...args);
  }

  /** Closes the connection; what waits for an answer rejects with AnswerLost. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    const { stream } = this.#client;
    this.#client.disconnect();
    if (stream === undefined || stream.destroyed) return;
    // The client would wait for the server's goodbye, which one that hangs never says.
    const closed = new Promise((resolve) => stream.once('close', resolve));
    stream.destroy();
    await closed;
  }

  async #call(name: string, ...args: readonly (string | number)[]): Promise<unknown> {
    try {
      return await this.#client.call(name, ...args.map(String));
    } catch (error) {
      throw translate(error);
    }
  }
}

/** Refusals that pass when the server's state does. */
const passing = /^(OOM|MISCONF|READONLY|LOADING|BUSY|MASTERDOWN|NOREPLICAS|CLUSTERDOWN|TRYAGAIN)\b/;

function translate(error: unknown): Error {
  if (!isReply(error)) return new AnswerLost(error);
  const reason = passing.test(error.message) ? 'ServiceUnavailable' : 'InternalError';
  return new GantryError(reason, `Redis refused: ${error.message}`, { cause: error });
}

/** Whether this is Redis' own answer (with a code, where one is given), and not the connection's end. */
function isReply(error: unknown, code = ''): error is Error {
  return error instanceof Error && error.name === 'ReplyError' && error.message.startsWith(code);
}

import type { IncomingHttpHeaders } from 'node:http';
import { request } from 'node:http';
import { startTestApi, type TestApi } from '../../testing/harness.ts';

/** An answer of the REST edge. */
export interface Reply {
  readonly code: number;
  /** Parsed, where it is JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into as clients do
  readonly body: any;
  readonly bytes: Buffer;
  readonly headers: IncomingHttpHeaders;
}

/** A REST edge over an api in this process, and its client. */
export class RestClient implements AsyncDisposable {
  readonly running: TestApi;
  readonly port: number;

  private constructor(running: TestApi) {
    this.running = running;
    this.port = running.api.restPort!;
  }

  static async start(
    config: Parameters<typeof startTestApi>[0] = {},
    deps: Parameters<typeof startTestApi>[2] = {},
  ): Promise<RestClient> {
    return new RestClient(await startTestApi({ rest: '127.0.0.1:0', trustNetwork: false, ...config }, undefined, deps));
  }

  /** Sends a request as the administrator. @param body JSON unless it is text or bytes. */
  ask(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Reply> {
    const { promise, resolve, reject } = Promise.withResolvers<Reply>();
    const isReady = body === undefined || typeof body === 'string' || Buffer.isBuffer(body);
    const sent = isReady ? (body ?? '') : JSON.stringify(body);
    // Node gives the length of a body by itself, but not that of a DELETE.
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(sent)) };
    const all = {
      ...length,
      authorization: 'Bearer the-token-of-the-tests',
      'content-type': 'application/json',
      ...headers,
    };
    const call = request({ host: '127.0.0.1', port: this.port, method, path, headers: all }, async (response) => {
      const bytes = Buffer.concat(await Array.fromAsync(response as AsyncIterable<Buffer>));
      const isJson = (response.headers['content-type'] ?? '').includes('json') && bytes.length > 0;
      const isWhole = isJson && !response.headers['content-encoding'] && !path.includes('watch=');
      const parsed = isWhole ? JSON.parse(bytes.toString()) : bytes.toString();
      resolve({ code: response.statusCode ?? 0, body: parsed, bytes, headers: response.headers });
    });
    call.on('error', reject);
    call.end(sent);
    return promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.running[Symbol.asyncDispose]();
  }
}
